"""Pages of one account: its name and request code, its members and invitations, and what each role may do."""
