"""Accounts and contracts from a file: read, checked line by line, and put in all at once or not at all."""
