"""People: sign-in, sessions, memberships with a role, invitations."""
