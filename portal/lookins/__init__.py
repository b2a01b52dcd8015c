"""Look-ins: the vendor's staff reads a tenant's own pages for a while, with a reason, and the tenant is told."""
