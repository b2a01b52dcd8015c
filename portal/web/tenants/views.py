"""All pages of one account, gathered for the application."""

from portal.web.tenants import (
    domains,
    factor_policy,
    invitations,
    look_ins,
    members,
    provider,
    recoveries,
    roles,
    settings,
)
from portal.web.tenants.blueprint import pages

__all__ = [
    "domains",
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
