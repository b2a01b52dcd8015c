"""Organisations with an account: their account id, their standing, their request code."""
