"""All pages of the console, gathered for the application."""

from portal.web.console import imports, lists
from portal.web.console.blueprint import pages

__all__ = ["imports", "lists", "pages"]
from portal.web.console import lists, look_ins
from portal.web.console.blueprint import pages

__all__ = ["lists", "look_ins", "pages"]
