"""All pages of the console, gathered for the application."""

from portal.web.console import contracts, exporting, finding, imports, lists, look_ins, signers, tenants
from portal.web.console.blueprint import pages

__all__ = ["contracts", "exporting", "finding", "imports", "lists", "look_ins", "pages", "signers", "tenants"]
from portal.web.console import amending, lists, requests
from portal.web.console.blueprint import pages

__all__ = ["amending", "lists", "pages", "requests"]
