"""Owners with endpoints, things that happen to them, and workers that tell of it."""

from collections.abc import Callable

import pytest

from portal.access.actor import Actor
from portal.audit import store as audit
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tenants import operations as tenants
from portal.webhooks import operations, posting, store
from portal.webhooks.delivering import Deliverer
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal.webhooks.operations import Shown
from tests.factories import a_licensee

HERE = "https://hooks.example.com/portal"


def an_endpoint(
    owner: Actor, url: str = HERE, *, events: list[str] | None = None, name: str = "Ticket system"
) -> Shown:
    """An endpoint that is told of what happens from now on; its own addition is behind it."""
    with transaction():
        shown = operations.add(owner, url, name, events)
    with transaction():
        endpoint = store.get(owner, shown.endpoint.public_id)
        endpoint.read_seq += 1
        return Shown(endpoint, shown.secret)


def happens(owner: Actor, times: int = 1) -> None:
    """So many events about one subject: new request codes of the tenant."""
    for _ in range(times):
        with transaction():
            tenants.make_request_code(owner)


def deliver() -> int:
    """How many were delivered by a worker that did what was due."""
    return Deliverer(threads=8).run_until_done()


def again(owner: Actor, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint as it is now."""
    db.session.rollback()
    return store.get(owner, endpoint.public_id)


def all_of(owner: Actor, endpoint: WebhookEndpoint) -> list[WebhookDelivery]:
    """Its deliveries, the oldest first."""
    db.session.rollback()
    return list(reversed(store.deliveries(owner, endpoint).rows))


def posted() -> int:
    """How many deliveries are made of what happened."""
    with transaction():
        return posting.post_new(clock.now())


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


@pytest.fixture
def events_of() -> Callable[[Actor], list[str]]:
    return lambda actor: [row.event for row in audit.page(actor, before_seq=None, limit=100)]
