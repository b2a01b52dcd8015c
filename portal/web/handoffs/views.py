"""The hand-offs that a tenant gives and receives."""

from portal.web.handoffs.blueprint import pages

__all__ = ["pages"]
