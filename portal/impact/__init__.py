"""Looks across rooms: what an act would stop, what is ready, what needs attention, who holds access."""
