"""The tenant's audit events, as sentences and as CSV."""
