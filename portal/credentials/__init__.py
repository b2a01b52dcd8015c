"""Service credentials: with what the vendor's own services and gateways ask whether a call may pass."""
