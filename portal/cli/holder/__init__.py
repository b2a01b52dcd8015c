"""The commands of `portal-key`, one module each. Nothing here loads Flask or the database."""
