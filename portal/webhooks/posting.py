"""What happened becomes deliveries, deliveries are claimed, and what came of them is settled.

Each of the functions belongs inside a transaction, and does much at once: on SQLite one writes at a time.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from structlog import get_logger

from portal.access.actor import system_actor
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.foundation import clock, ids
from portal.foundation.sealing import CannotUnseal
from portal.outbox import operations as outbox
from portal.tenants import store as tenants
from portal.webhooks import messages, operations, sending_store, store
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookSecret
from portal.webhooks.operations import KEPT
from portal.webhooks.sending import Outcome, Parcel
from portal.webhooks.sending_store import Most, Taken
from portal.webhooks.states import DeliveryState, Pause

log = get_logger()

# Ten seconds is the longest that a call takes; what is not settled by then, somebody was killed with it.
LEASE = timedelta(minutes=1)
# The wait after each failed attempt; after the ninth the message is a dead letter. Together 41 hours and 17 minutes.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 900, 3600, 14_400, 43_200, 86_400))
JITTER = 0.2  # of a wait, more or less, so that what failed together does not come back together
FAILING_FOR = timedelta(days=3)
# At most so many are under way to one tenant: a quarter of those who send, so that nobody waits for somebody else's
# receivers. To one endpoint fewer, and to one that fails for long only a few: who hangs keeps nobody busy.
OF_TENANT, EACH, EACH_FAILING, FAILING_SLOWS_AFTER = 16, 12, 2, timedelta(minutes=1)


def post_new(now: datetime) -> int:
    """How many deliveries were made of what happened since the endpoints read last, at most a portion for each."""
    return sum(_post_to(endpoint, now) for endpoint in sending_store.lock_behind())


def _post_to(endpoint: WebhookEndpoint, now: datetime) -> int:
    events = sending_store.next_events(endpoint)
    if not events:
        return 0
    rows = [operations.row_of(endpoint, event) for event in events if _is_for(endpoint, event, now)]
    if rows:
        store.add_deliveries(operations.numbered(endpoint, rows))
    sending_store.note_read(endpoint, events[-1].seq)
    return len(rows)


def _is_for(endpoint: WebhookEndpoint, event: Any, now: datetime) -> bool:
    return endpoint.wants(event.event) and event.at >= now - KEPT


def claim(now: datetime, limit: int, taken: Taken | None = None) -> list[Parcel]:
    """At most `limit` parcels that are to be sent at once. taken: what is under way already."""
    most = Most(limit, OF_TENANT, EACH, EACH_FAILING, now - FAILING_SLOWS_AFTER)
    rows = sending_store.claim(now, now + LEASE, most, taken or Taken())
    if not rows:
        return []
    endpoints = sending_store.endpoints_of(rows)
    keys = _keys(sending_store.secrets_of(endpoints.values()), now)
    events, account_ids = sending_store.events_of(rows), sending_store.account_ids(rows)
    found = []
    for row in rows:
        try:
            endpoint = endpoints[row.endpoint_id]
            event = None if row.seq is None else events[row.tenant_id, row.seq]
            body = messages.body_of(row, event, account_ids[row.tenant_id])
        except KeyError as error:  # the rest goes on; this one comes back when its lease ends
            log.error("webhook without what it tells of", delivery=str(row.id), exc_info=error)
        else:
            found.append(_parcel(row, endpoint, body, keys.get(endpoint.id, [])))
    return found


def _keys(secrets: Sequence[WebhookSecret], now: datetime) -> Mapping[uuid.UUID, list[str]]:
    """For each endpoint what it is signed with, the newest first."""
    found: dict[uuid.UUID, list[str]] = {}
    for secret in secrets:
        if secret.works(now):
            try:
                found.setdefault(secret.endpoint_id, []).append(operations.secret_of(secret))
            except CannotUnseal:
                log.error("webhook secret does not open", endpoint=str(secret.endpoint_id))
    return found


def _parcel(row: WebhookDelivery, endpoint: WebhookEndpoint, body: bytes, keys: list[str]) -> Parcel:
    return Parcel(row.tenant_id, row.id, endpoint.id, row.attempts, row.message, endpoint.url, body, keys)


def settle(outcomes: Sequence[Outcome]) -> None:
    """Write down what came of these attempts: delivered, to be tried again later, or a dead letter."""
    if not outcomes:
        return
    now, places = clock.now(), {(one.parcel.tenant_id, one.parcel.endpoint_id) for one in outcomes}
    endpoints = sending_store.lock_endpoints(places)
    sending_store.add_attempts([_attempt(one) for one in outcomes])
    sending_store.settle([_settled(one, endpoints[one.parcel.endpoint_id], now) for one in outcomes])
    for endpoint in endpoints.values():
        _judge(endpoint, [one for one in outcomes if one.parcel.endpoint_id == endpoint.id], now)


def _attempt(outcome: Outcome) -> dict[str, Any]:
    return {
        "tenant_id": outcome.parcel.tenant_id,
        "id": ids.uuid7(),
        "delivery_id": outcome.parcel.id,
        "number": outcome.parcel.attempts,
        "at": outcome.at,
        "took_ms": outcome.took_ms,
        "status": outcome.status,
        "problem": outcome.problem,
        "answer": outcome.answer,
    }


def _settled(outcome: Outcome, endpoint: WebhookEndpoint, now: datetime) -> dict[str, Any]:
    parcel, state = outcome.parcel, _state_after(outcome)
    waits = state is DeliveryState.WAITING
    return {
        "tenant_id": parcel.tenant_id,
        "id": parcel.id,
        "attempts": parcel.attempts,
        "state": state,
        "due_at": now + wait_after(parcel.attempts) if waits and endpoint.is_active else None,
        "settled_at": None if waits else now,
        "last_status": outcome.status,
        "last_problem": outcome.problem,
        "last_ms": outcome.took_ms,
    }


def _state_after(outcome: Outcome) -> DeliveryState:
    if outcome.is_delivered:
        return DeliveryState.DELIVERED
    is_last = outcome.parcel.attempts > len(WAITS) and not outcome.is_gone
    return DeliveryState.DEAD if is_last else DeliveryState.WAITING


def wait_after(attempts: int) -> timedelta:
    """How long it waits after so many attempts."""
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - nothing is kept secret by it


def _judge(endpoint: WebhookEndpoint, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Pause an active endpoint that wants nothing more, or to which nothing could be delivered for 3 days."""
    # What an address answered that was changed meanwhile says nothing about the one it has now.
    outcomes = [one for one in outcomes if one.parcel.url == endpoint.url]
    if not (endpoint.is_active and outcomes):
        return
    since = _failing_since(endpoint, outcomes, now)
    if since != endpoint.failing_since:
        sending_store.note_failing(endpoint, since)
    if any(one.is_gone for one in outcomes):
        _stop(endpoint, Pause.GONE)
    elif since is not None and since <= now - FAILING_FOR:
        _stop(endpoint, Pause.FAILING)


def _failing_since(endpoint: WebhookEndpoint, outcomes: Sequence[Outcome], now: datetime) -> datetime | None:
    """Since when nothing can be delivered to it; None: it works, or nothing is left that could show it."""
    if any(one.is_delivered for one in outcomes):
        return None
    since = endpoint.failing_since or now
    gave_up = any(_state_after(one) is DeliveryState.DEAD for one in outcomes)
    # Or where little happens one bad day would count until the next message, weeks later, and that one's first failure.
    is_over = since > now - FAILING_FOR and gave_up and not sending_store.is_waiting(endpoint)
    return None if is_over else since


def _stop(endpoint: WebhookEndpoint, because: Pause) -> None:
    operations.stop(system_actor("worker", endpoint.tenant_id), endpoint, because)
    account_id = tenants.get(endpoint.tenant_id).account_id
    facts: dict[str, outbox.Fact] = {
        "account": account_id,
        "endpoint": endpoint.public_id,
        "description": endpoint.description,
        "gone": because is Pause.GONE,
    }
    for person in accounts.people_with(endpoint.tenant_id, Permission.SETTINGS_MANAGE):
        told = facts | {"name": person.name}
        outbox.post("webhook_stopped", person.email, person.language.value, told, endpoint.tenant_id)


def tidy_up() -> int:
    """Drop what has waited for 30 days at a paused endpoint, and forget what was settled 30 days ago.

    Says how many deliveries that were. Call it until it says none.
    """
    now = clock.now()
    sending_store.forget_secrets(now)
    gone = sending_store.drop_held_back(now - KEPT, now) + sending_store.forget(now - KEPT)
    if not gone:
        sending_store.forget_removed(now)
    return gone
