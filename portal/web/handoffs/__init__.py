"""Sealed copies of private keys: handing over, opening, envelope keys, and what both sides see of it."""
