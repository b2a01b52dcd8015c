"""The vendor's view over all tenants."""
