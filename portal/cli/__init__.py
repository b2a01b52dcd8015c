"""The command line: starting an instance, keeping it, checking it, and the worker."""
