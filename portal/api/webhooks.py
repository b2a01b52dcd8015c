"""Calls about webhooks: where an account is told what happens, what was sent there, and sending it again."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.calls import Calls
from portal.api.home import own
from portal.api.shapes import Body, Given, Listed, Moment, Paged, Shown, ShownOnce, Text, Version, all_of, listed
from portal.foundation.database import version_of
from portal.foundation.errors import Invalid
from portal.foundation.marking import N_
from portal.foundation.words import same_name
from portal.webhooks import operations, store
from portal.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from portal.webhooks.operations import LONGEST, USUAL
from portal.webhooks.states import DeliveryState, EndpointState, Pause

calls = Calls("webhooks", "Webhooks")

NEEDS = Permission.SETTINGS_MANAGE
HOUR = timedelta(hours=1)
Url = Annotated[Text, Field(description="Begins with https:// and can be reached from the open internet.")]
Events = Annotated[
    list[Text] | None, Field(description="Names of events, such as `key.activated`; null: all, also later ones.")
]


class DescriptionNotTyped(Invalid):
    code = "typed_name_wrong"
    sentence = N_("“typed_name” is not the description of this endpoint: “%(name)s”.")


class EndpointShown(Shown):
    """An endpoint. `version` is its ETag."""

    id: str
    url: str
    description: str
    events: list[str] | None
    state: EndpointState
    paused_because: Pause | None
    created_at: Moment
    failing_since: Moment | None
    version: int


class EndpointWithSecret(EndpointShown):
    """An endpoint with its new secret, which is shown once."""

    secret: ShownOnce


class DeliveryShown(Shown):
    """A message to one endpoint; `message` is the `webhook-id` under which it is sent, each time."""

    id: str
    message: str
    event: str
    state: DeliveryState
    attempts: int
    due_at: Moment | None
    created_at: Moment


class AttemptShown(Shown):
    """One try: what was answered, or why nothing was, and how long it took."""

    at: Moment
    milliseconds: int
    status: int | None
    problem: str | None
    answer: str | None


class DeliveryWhole(DeliveryShown):
    """A message with its tries, the last one first."""

    tries: list[AttemptShown]


class Wanted(Paged):
    """Which deliveries."""

    state: Annotated[
        Literal["waiting", "delivered", "dead", "dropped"] | None, Field(description="Only those in this state.")
    ] = None


class NewEndpoint(Body):
    """Where, and what of."""

    url: Url
    description: Text
    events: Events = None


class SecretRotation(Body):
    """How long the secret before goes on beside the new one; what is sent then carries both signatures."""

    overlap_hours: Annotated[int, Field(ge=0, le=LONGEST // HOUR)] = USUAL // HOUR


class Removal(Body):
    """The description of the endpoint, so that a script that was given another id removes nothing."""

    typed_name: Text


class Range(Body):
    """From when until when; of the last 30 days, and at most 1000 messages."""

    since: Given
    until: Given


class DeliveriesResent(Shown):
    """How many messages are on their way once more."""

    count: int


@calls.reads("/<account>/webhooks", NEEDS)
def index(actor: Actor) -> Listed[EndpointShown]:
    """List the account's endpoints."""
    return Listed[EndpointShown](**all_of(store.endpoints(own(actor)), _shown))


@calls.reads("/<account>/webhooks/<endpoint_id>", NEEDS)
def show(actor: Actor, endpoint_id: str) -> EndpointShown:
    """Show an endpoint."""
    return _shown(_get(actor, endpoint_id))


@calls.writes("/<account>/webhooks", NEEDS, makes=True)
def new(actor: Actor, body: NewEndpoint) -> EndpointWithSecret:
    """Add an endpoint, and get the secret to check signatures with.

    Send it with an Idempotency-Key: each call without one adds another endpoint.
    """
    added = operations.add(own(actor), body.url, body.description, body.events)
    return EndpointWithSecret(**_members(added.endpoint), secret=added.secret)


@calls.writes("/<account>/webhooks/<endpoint_id>/change", NEEDS)
def change(actor: Actor, endpoint_id: str, version: Version, body: NewEndpoint) -> EndpointShown:
    """Give an endpoint another address, description or choice of events."""
    endpoint = _get(actor, endpoint_id)
    operations.change(actor, endpoint, body.url, body.description, body.events, version)
    return _shown(endpoint)


@calls.writes("/<account>/webhooks/<endpoint_id>/rotate", NEEDS)
def rotate(actor: Actor, endpoint_id: str, body: SecretRotation) -> EndpointWithSecret:
    """Get a new secret; the one before goes on beside it for a while."""
    rotated = operations.rotate(actor, _get(actor, endpoint_id), timedelta(hours=body.overlap_hours))
    return EndpointWithSecret(**_members(rotated.endpoint), secret=rotated.secret)


@calls.writes("/<account>/webhooks/<endpoint_id>/pause", NEEDS)
def pause(actor: Actor, endpoint_id: str) -> EndpointShown:
    """Send nothing to an endpoint until it is resumed; what happens meanwhile is kept for 30 days."""
    endpoint = _get(actor, endpoint_id)
    operations.pause(actor, endpoint)
    return _shown(endpoint)


@calls.writes("/<account>/webhooks/<endpoint_id>/resume", NEEDS)
def resume(actor: Actor, endpoint_id: str) -> EndpointShown:
    """Go on sending to an endpoint, with what happened meanwhile."""
    endpoint = _get(actor, endpoint_id)
    operations.resume(actor, endpoint)
    return _shown(endpoint)


@calls.writes("/<account>/webhooks/<endpoint_id>/remove", NEEDS)
def remove(actor: Actor, endpoint_id: str, body: Removal) -> EndpointShown:
    """Remove an endpoint for good; what waits for it is dropped."""
    endpoint = _get(actor, endpoint_id)
    if same_name(body.typed_name) != same_name(endpoint.description):
        raise DescriptionNotTyped(name=endpoint.description)
    operations.remove(actor, endpoint)
    return _shown(endpoint)


@calls.writes("/<account>/webhooks/<endpoint_id>/test", NEEDS)
def test(actor: Actor, endpoint_id: str) -> EndpointShown:
    """Have a message of the type `webhook.test` sent."""
    endpoint = _get(actor, endpoint_id)
    operations.test(actor, endpoint)
    return _shown(endpoint)


@calls.reads("/<account>/webhooks/<endpoint_id>/deliveries", NEEDS)
def deliveries(actor: Actor, endpoint_id: str, query: Wanted) -> Listed[DeliveryShown]:
    """List what was sent to an endpoint in the last 30 days, and what waits; the newest first."""
    state = DeliveryState(query.state) if query.state else None
    page = store.deliveries(actor, _get(actor, endpoint_id), state, query.after)
    return Listed[DeliveryShown](**listed(page, lambda row: DeliveryShown(**_delivery_members(row))))


@calls.reads("/<account>/webhooks/<endpoint_id>/deliveries/<delivery_id>", NEEDS)
def delivery(actor: Actor, endpoint_id: str, delivery_id: str) -> DeliveryWhole:
    """Show a message, and each try to deliver it."""
    row = store.get_delivery(actor, _get(actor, endpoint_id), delivery_id)
    return DeliveryWhole(**_delivery_members(row), tries=[_attempt_shown(one) for one in store.attempts(actor, row)])


@calls.writes("/<account>/webhooks/<endpoint_id>/deliveries/<delivery_id>/again", NEEDS)
def again(actor: Actor, endpoint_id: str, delivery_id: str) -> DeliveryShown:
    """Have the same message sent once more, under the same id."""
    endpoint = _get(actor, endpoint_id)
    row = store.get_delivery(actor, endpoint, delivery_id)
    operations.resend(actor, endpoint, row)
    return DeliveryShown(**_delivery_members(row))


@calls.writes("/<account>/webhooks/<endpoint_id>/resend", NEEDS)
def resend(actor: Actor, endpoint_id: str, body: Range) -> DeliveriesResent:
    """Have all messages of a time sent once more, under the same ids."""
    return DeliveriesResent(count=operations.resend_range(actor, _get(actor, endpoint_id), body.since, body.until))


def _get(actor: Actor, endpoint_id: str) -> WebhookEndpoint:
    return store.get(own(actor), endpoint_id)


def _shown(endpoint: WebhookEndpoint) -> EndpointShown:
    return EndpointShown(**_members(endpoint))


def _members(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {
        "id": endpoint.public_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "state": endpoint.state,
        "paused_because": endpoint.paused_because,
        "created_at": endpoint.created_at,
        "failing_since": endpoint.failing_since,
        "version": version_of(endpoint),
    }


def _delivery_members(row: WebhookDelivery) -> dict[str, object]:
    return {
        "id": row.public_id,
        "message": row.message,
        "event": row.event,
        "state": row.state,
        "attempts": row.attempts,
        "due_at": row.due_at,
        "created_at": row.created_at,
    }


def _attempt_shown(row: WebhookAttempt) -> AttemptShown:
    return AttemptShown(
        at=row.at, milliseconds=row.took_ms, status=row.status, problem=row.problem, answer=row.answer or None
    )
