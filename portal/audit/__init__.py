"""The append-only record: who did what to what, and when, in one hash chain per tenant."""
