"""Pages of personal tokens."""
