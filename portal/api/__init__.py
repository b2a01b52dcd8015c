"""The door for scripts: JSON under /api/v1, one module per room; each call is proved by a code or a key."""
