"""All pages of one account, gathered for the application."""

from portal.web.tenants import invitations, members, roles, settings
from portal.web.tenants.blueprint import pages

__all__ = ["invitations", "members", "pages", "roles", "settings"]
