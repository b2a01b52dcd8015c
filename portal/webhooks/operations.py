"""What an owner does with webhooks. Secrets are in what `add` and `rotate` return, and are never told again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.audit.models import AuditEvent
from portal.foundation import clock, ids, outgoing
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.outgoing import Problem
from portal.foundation.sealing import Sealer
from portal.foundation.words import clean_name
from portal.tenants import store as tenants
from portal.webhooks import messages, store
from portal.webhooks.errors import (
    AddedAlready,
    AddressNotOpen,
    EventUnknown,
    NoEventChosen,
    NotActive,
    NothingToSend,
    OverlapOutOfRange,
    RangeOutOfBounds,
    RangeTooLong,
    TooManyEndpoints,
    UrlNotUsable,
)
from portal.webhooks.models import OFFERED, WebhookDelivery, WebhookEndpoint, WebhookSecret, facts_of
from portal.webhooks.states import DeliveryState, EndpointState, Pause

MOST = 10  # endpoints of one tenant
KEPT = timedelta(days=30)  # what was sent is on record, and can be sent again, for so long
MOST_RESENT = 1000
# How long the old secret goes on beside its successor: the choices, the usual one, and the longest.
AT_ONCE, HOUR, DAY, WEEK = timedelta(), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
OVERLAPS, USUAL, LONGEST = (AT_ONCE, HOUR, DAY, WEEK), DAY, WEEK


@dataclass(frozen=True)
class Setup:
    """What the room is told once, at the start: who seals, and whether this very machine may be called."""

    sealer: Sealer
    loopback: bool


_setup: Setup | None = None


def configure(sealer: Sealer, *, loopback: bool = False) -> None:
    """Seal secrets with this sealer from now on. loopback: endpoints may be on this machine, without TLS."""
    global _setup
    _setup = Setup(sealer, loopback)


def setup() -> Setup:
    """What `configure` was told."""
    if _setup is None:
        raise RuntimeError("webhooks.operations.configure() was not called")
    return _setup


@dataclass(frozen=True)
class Shown:
    """An endpoint with its new secret, which is told once and never again."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


def add(actor: Actor, url: str, description: str, events: Sequence[str] | None, *, mark: str | None = None) -> Shown:
    """An endpoint that is told of these events, by name, or with None of all, from now on.

    mark: of the form that asks, so that sending it twice adds one. Raises: NotAllowed, AddedAlready, TooManyEndpoints,
    UrlNotUsable, AddressNotOpen, EventUnknown, NoEventChosen, and what a name is refused for.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    _require_url(url)
    description, events = clean_name(description), _known(events)
    lock(tenants.get(actor.tenant_id))  # so that two who add the last one wait for each other
    _require_first(actor, mark)
    if store.count(actor) >= MOST:
        raise TooManyEndpoints(most=MOST)
    row = WebhookEndpoint(
        tenant_id=actor.tenant_id,
        url=url,
        description=description,
        events=events,
        state=EndpointState.ACTIVE,
        created_by_id=actor.person_id,
    )
    shown = _with_secret(store.add(row), mark)
    audit.record(actor, Event.WEBHOOK_ADDED, row, host=_host(url), events=_told(events))
    return shown


def change(
    actor: Actor, endpoint: WebhookEndpoint, url: str, description: str, events: Sequence[str] | None, version: int
) -> None:
    """Another address, description or choice of events; the same ones change nothing. What waits goes to the new one.

    version: as a form was loaded. Raises: as `add`, NotFound, Changed.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    _require_url(url)
    description, events = clean_name(description), _known(events)
    found = store.lock_again(actor, endpoint)
    before = (found.url, found.description, found.events)
    if before == (url, description, events):
        return
    if found.version != version:
        raise Changed(versions=[(N_("Address"), url, found.url), (N_("Description"), description, found.description)])
    found.url, found.description, found.events = url, description, events
    audit.record(actor, Event.WEBHOOK_CHANGED, found, host=_host(url), events=_told(events))


def rotate(actor: Actor, endpoint: WebhookEndpoint, overlap: timedelta = USUAL, *, mark: str | None = None) -> Shown:
    """A new secret; the one before goes on beside it for `overlap`, 0 to 7 days, and those before it end at once.

    Meanwhile what is sent carries both signatures. Raises: NotAllowed, NotFound, AddedAlready, OverlapOutOfRange.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    found = store.lock_again(actor, endpoint)
    _require_first(actor, mark)
    if not AT_ONCE <= overlap <= LONGEST:
        raise OverlapOutOfRange()
    now, before = clock.now(), found.secrets[0]
    store.forget_secrets(found, but=before.id)
    before.ends_at = now + overlap
    shown = _with_secret(found, mark)
    audit.record(actor, Event.WEBHOOK_SECRET_ROTATED, found, until=f"{before.ends_at:%Y-%m-%d %H:%M} UTC")
    return shown


def pause(actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Send nothing until it is resumed; paused already, nothing changes. Raises: NotAllowed, NotFound."""
    require(actor, Permission.SETTINGS_MANAGE)
    found = store.lock_again(actor, endpoint)
    if found.is_active:
        stop(actor, found, Pause.BY_PERSON)


def stop(actor: Actor, endpoint: WebhookEndpoint, because: Pause) -> None:
    """Pause an active endpoint, whose row is locked, for this reason."""
    endpoint.state, endpoint.paused_because = EndpointState.PAUSED, because
    store.hold_back(endpoint)
    event = Event.WEBHOOK_PAUSED if because is Pause.BY_PERSON else Event.WEBHOOK_STOPPED
    audit.record(actor, event, endpoint, tenant_id=endpoint.tenant_id, because=because.value)


def resume(actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Send what happened meanwhile, up to 30 days ago, and go on; active already, nothing changes.

    Raises: NotAllowed, NotFound.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    found = store.lock_again(actor, endpoint)
    if found.is_active:
        return
    found.state, found.paused_because = EndpointState.ACTIVE, None
    store.forget_failing(found)
    store.let_go(found, clock.now())
    audit.record(actor, Event.WEBHOOK_RESUMED, found)


def remove(actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Send nothing any more, and forget the secrets; what waits is dropped. Raises: NotAllowed, NotFound."""
    require(actor, Permission.SETTINGS_MANAGE)
    found, now = store.lock_again(actor, endpoint), clock.now()
    found.state, found.paused_because, found.removed_at = EndpointState.REMOVED, None, now
    store.drop(found, now)
    store.forget_secrets(found)
    audit.record(actor, Event.WEBHOOK_REMOVED, found, host=_host(found.url))


def test(actor: Actor, endpoint: WebhookEndpoint) -> None:
    """Have a message of the type `webhook.test` on its way; where one still waits, nothing changes.

    Raises: NotAllowed, NotFound, NotActive.
    """
    found = _active(actor, endpoint)
    if any(message.startswith(messages.TEST_PREFIX) for message in store.waiting_messages(found)):
        return
    message = messages.new_test_id()
    row = {"endpoint_id": found.id, "message": message, "seq": None, "event": messages.TEST, "subject": message}
    _post(found, [row])
    audit.record(actor, Event.WEBHOOK_TESTED, found)


def resend(actor: Actor, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
    """Have the same message on its way once more, under the same id; where it still waits, nothing changes.

    Raises: NotAllowed, NotFound, NotActive.
    """
    found = _active(actor, endpoint)
    again = store.get_delivery(actor, found, delivery.public_id)
    if again.message in store.waiting_messages(found):
        return
    _post(found, [facts_of(again)])
    audit.record(actor, Event.WEBHOOK_RESENT, found, count=1)


def resend_range(actor: Actor, endpoint: WebhookEndpoint, since: datetime, until: datetime) -> int:
    """How many messages are on their way: all events in this time that it is told of; those that wait wait on.

    since, until: aware UTC, both included; events from before the endpoint was added count, too.
    Raises: NotAllowed, NotFound, NotActive, RangeOutOfBounds, RangeTooLong, NothingToSend.
    """
    found = _active(actor, endpoint)
    if not clock.now() - KEPT <= since < until:
        raise RangeOutOfBounds()
    events = store.events_between(found, since, until, MOST_RESENT + 1)
    if len(events) > MOST_RESENT:
        raise RangeTooLong(most=MOST_RESENT)
    if not events:
        raise NothingToSend()
    waiting = store.waiting_messages(found)
    rows = [row_of(found, event) for event in events if messages.id_of(event) not in waiting]
    if rows:
        _post(found, rows)
        audit.record(actor, Event.WEBHOOK_RESENT, found, count=len(rows))
    return len(events)


def row_of(endpoint: WebhookEndpoint, event: AuditEvent) -> dict[str, object]:
    """What a delivery of this event to this endpoint begins with."""
    return {
        "endpoint_id": endpoint.id,
        "message": messages.id_of(event),
        "seq": event.seq,
        "event": event.event,
        "subject": messages.subject_of(event),
    }


def _active(actor: Actor, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    require(actor, Permission.SETTINGS_MANAGE)
    found = store.lock_again(actor, endpoint)
    if not found.is_active:
        raise NotActive(name=found.description)
    return found


def _post(endpoint: WebhookEndpoint, rows: Sequence[dict[str, object]]) -> None:
    store.add_deliveries(numbered(endpoint, rows))


def numbered(endpoint: WebhookEndpoint, rows: Sequence[dict[str, object]]) -> list[WebhookDelivery]:
    """New deliveries, due now, in this order behind all others of the endpoint."""
    first, now = store.take_numbers(endpoint, len(rows)), clock.now()
    return [
        WebhookDelivery(
            tenant_id=endpoint.tenant_id,
            id=ids.uuid7(),
            public_id=ids.new("whd"),
            number=number,
            state=DeliveryState.WAITING,
            attempts=0,
            due_at=now,
            created_at=now,
            **row,
        )
        for number, row in enumerate(rows, start=first)
    ]


def _require_url(url: str) -> None:
    try:
        outgoing.target_of(url, loopback=setup().loopback)
    except outgoing.Failed as failure:
        raise (AddressNotOpen() if failure.problem is Problem.ADDRESS else UrlNotUsable()) from failure


def _host(url: str) -> str:
    # For the record, which all members read: the rest of an address is often as good as a password.
    return outgoing.target_of(url, loopback=setup().loopback).authority


def _known(events: Sequence[str] | None) -> list[str] | None:
    if events is None:
        return None
    offered = {event.value for event in OFFERED}
    for name in events:
        if name not in offered:
            raise EventUnknown(name=name)
    if not events:
        raise NoEventChosen()
    return sorted(set(events))


def _told(events: list[str] | None) -> list[str] | str:
    return "all" if events is None else events


def _require_first(actor: Actor, mark: str | None) -> None:
    if mark and store.find_asked_as(actor, mark) is not None:
        raise AddedAlready()


def _with_secret(endpoint: WebhookEndpoint, mark: str | None) -> Shown:
    secret = messages.new_secret()
    row = WebhookSecret(tenant_id=endpoint.tenant_id, id=ids.uuid7(), endpoint_id=endpoint.id, asked_as=mark)
    row.created_at = clock.now()
    row.sealed = setup().sealer.seal(secret.encode(), row.place)
    store.add_secret(row)
    return Shown(endpoint, secret)


def secret_of(row: WebhookSecret) -> str:
    """A stored secret, opened. Raises: CannotUnseal."""
    return setup().sealer.unseal(row.sealed, row.place).decode()
