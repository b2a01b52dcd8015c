"""The door for stock shops: the registry calls of their connector, signed with a key pair, at the root of the host."""
