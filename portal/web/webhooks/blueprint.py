"""The blueprint that these pages register with; a module of its own, so that each of them can import it."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.access.actor import Actor
from portal.foundation.errors import NotFound
from portal.web.guards import current_actor
from portal.webhooks import store
from portal.webhooks.models import WebhookEndpoint

pages = Blueprint("webhooks", __name__)


def keeper() -> Actor:
    """Who acts, in their own account. Raises: NotFound for an integrator: a client's webhooks are not its business."""
    actor = current_actor()
    if actor.acts_for_client:
        raise NotFound()
    return actor


def asked_for(endpoint_id: str) -> tuple[Actor, WebhookEndpoint]:
    """Who acts, and the endpoint in the address. Raises: NotFound."""
    actor = keeper()
    return actor, store.get(actor, endpoint_id)


def to_endpoint(account: str, endpoint_id: str) -> ResponseReturnValue:
    """Back to the endpoint's page."""
    return redirect(url_for(".show", account=account, endpoint_id=endpoint_id), code=303)
