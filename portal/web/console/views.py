"""All pages of the console, gathered for the application."""

from portal.web.console import lists
from portal.web.console.blueprint import pages

__all__ = ["lists", "pages"]
