"""The blueprint that the pages of contracts share, and who asks for them."""

from flask import Blueprint

from portal.access.actor import Actor
from portal.foundation.errors import NotFound
from portal.web.guards import current_actor

pages = Blueprint("contracts", __name__)


def member() -> Actor:
    """The actor in its own tenant: a delegation reaches keys and projects, not the client's contracts (rule 20)."""
    actor = current_actor()
    if actor.acts_for_client:
        raise NotFound()
    return actor
