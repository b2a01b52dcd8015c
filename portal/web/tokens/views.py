"""All pages of personal tokens, gathered for the application."""

from portal.web.tokens import devices, index
from portal.web.tokens.blueprint import pages

__all__ = ["devices", "index", "pages"]
