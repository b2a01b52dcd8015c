"""Webhooks: a tenant's own systems are told what happens in it, each thing at least once and in order."""
