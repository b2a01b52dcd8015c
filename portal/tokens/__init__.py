"""Personal tokens: with what a script acts as a person, within scopes, in the accounts of that person's tenant."""
