"""Pages of a tenant's contracts, what they entitle to, and the deputies of a partner contract."""
