"""What a page says, and where things are."""

from typing import Any

from bs4 import BeautifulSoup

from portal.access.actor import Actor
from tests.factories import tenant_of


def words(answer: Any) -> str:
    """The words of the page."""
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def home(actor: Actor) -> str:
    """The address of the actor's own account."""
    return f"/{tenant_of(actor).account_id}"
