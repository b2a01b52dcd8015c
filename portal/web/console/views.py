"""All pages of the console, gathered for the application."""

from portal.web.console import imports, lists, look_ins
from portal.web.console.blueprint import pages

__all__ = ["imports", "lists", "look_ins", "pages"]
from portal.web.console import finding, lists
from portal.web.console import exporting, finding, lists
from portal.web.console.blueprint import pages

__all__ = ["exporting", "finding", "lists", "pages"]
