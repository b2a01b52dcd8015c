"""All pages of people, gathered for the application."""

from portal.web.accounts import (
    by_provider,
    connecting,
    invitations,
    joining,
    lost,
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
    "joining",
    "lost",
    "pages",
    "passkeys",
    "places",
    "profile",
    "resetting",
    "security",
    "signing",
]
