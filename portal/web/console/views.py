"""All pages of the console, gathered for the application."""

from portal.web.console import exporting, finding, imports, lists, look_ins
from portal.web.console.blueprint import pages

__all__ = ["exporting", "finding", "imports", "lists", "look_ins", "pages"]
from portal.web.console import contracts, lists, tenants
from portal.web.console import contracts, lists, signers, tenants
from portal.web.console.blueprint import pages

__all__ = ["contracts", "lists", "pages", "signers", "tenants"]
