"""Webhook endpoints of an account, what was sent to them, and their secrets."""
