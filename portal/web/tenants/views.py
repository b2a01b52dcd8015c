"""All pages of one account, gathered for the application."""

from portal.web.tenants import invitations, look_ins, members, roles, settings
from portal.web.tenants.blueprint import pages

__all__ = ["invitations", "look_ins", "members", "pages", "roles", "settings"]
