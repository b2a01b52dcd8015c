"""The overview of a tenant: what needs attention, what is ready, who works here."""
