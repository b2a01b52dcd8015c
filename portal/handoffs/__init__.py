"""A key, or the right to make one, passed once."""
