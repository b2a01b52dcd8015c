"""All pages of one account, gathered for the application."""

from portal.web.tenants import factor_policy, invitations, look_ins, members, provider, recoveries, roles, settings
from portal.web.tenants.blueprint import pages

__all__ = [
    "factor_policy",
    "invitations",
    "look_ins",
    "members",
    "pages",
    "provider",
    "recoveries",
    "roles",
    "settings",
]
