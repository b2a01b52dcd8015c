"""The key-encryption key (KEK): whether those in use are here, and sealing all values anew under another one."""
