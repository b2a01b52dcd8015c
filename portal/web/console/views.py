"""All pages of the console, gathered for the application."""

from portal.web.console import (
    amending,
    contracts,
    credentials,
    exporting,
    finding,
    gateway,
    imports,
    lists,
    look_ins,
    people,
    recoveries,
    requests,
    signers,
    tenants,
)
from portal.web.console.blueprint import pages

__all__ = [
    "amending", "contracts", "credentials", "exporting", "finding", "gateway", "imports", "lists", "look_ins",
    "pages", "people", "recoveries", "requests", "signers", "tenants",
]  # fmt: skip
