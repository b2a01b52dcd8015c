"""Pages of people: signing in, choosing the account to work in, profile, password, devices, invitations."""
