"""All pages of people, gathered for the application."""

from portal.web.accounts import (
    by_provider,
    connecting,
    invitations,
    passkeys,
    places,
    profile,
    resetting,
    security,
    signing,
)
from portal.web.accounts.blueprint import pages

__all__ = [
    "by_provider",
    "connecting",
    "invitations",
    "pages",
    "passkeys",
    "places",
    "profile",
    "resetting",
    "security",
    "signing",
]
