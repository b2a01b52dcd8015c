"""All calls of the console, gathered for the door."""

from portal.api import (
    console_contracts,
    console_credentials,
    console_editions,
    console_finding,
    console_gateway,
    console_imports,
    console_lists,
    console_requests,
    console_signers,
    console_tenants,
    console_tree,
)
from portal.api.console import calls

__all__ = [
    "calls", "console_contracts", "console_credentials", "console_editions", "console_finding", "console_gateway",
    "console_imports", "console_lists", "console_requests", "console_signers", "console_tenants", "console_tree",
]  # fmt: skip
