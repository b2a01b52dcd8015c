"""Pages of key pairs: the list, making one, showing one, renaming and revoking."""
