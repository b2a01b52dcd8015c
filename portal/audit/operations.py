"""Recording what happened, and checking that the record is whole."""

import hashlib
import json
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import event as events
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.rows import insert_many
from portal.audit import store
from portal.audit.events import Event
from portal.audit.models import AuditEvent
from portal.foundation import clock, requests
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError

GENESIS = bytes(32)
SYSTEM_CHAIN = uuid.UUID(int=0)
PENDING = "audit_pending"
Values = dict[str, Any]
REFUSALS_PER_MINUTE = 20
# Asked for each actor with what its act was about; told at the start, since people live on a higher step than this.
StillThere = Callable[[Actor, Collection[tuple[str, str]]], None]
_still_there: StillThere = lambda _actor, _subjects: None  # noqa: E731


def configure(still_there: StillThere) -> None:
    """From now on no event is written of an actor for whom `still_there` raises, so its act is not done.

    It is asked while the chains of the actor's own tenant and of those concerned are locked. Whoever takes rights away
    writes into the same chains: of two such acts one comes first, and the other one knows.
    """
    global _still_there
    _still_there = still_there


class Subject(Protocol):
    """What an event is about: `(type, public id, label)`, read when the event is written."""

    @property
    def audit_subject(self) -> tuple[str, str, str]: ...


@dataclass(frozen=True)
class _Entry:
    actor: Actor
    event: Event
    subject: Subject
    tenant_id: uuid.UUID | None
    also_seen_by: frozenset[uuid.UUID]
    facts: dict[str, Any]


def record(
    actor: Actor,
    event: Event,
    subject: Subject,
    *,
    tenant_id: uuid.UUID | None = None,
    also_seen_by: uuid.UUID | Collection[uuid.UUID] | None = None,
    **facts: str | int | bool | list[str] | None,
) -> None:
    """Note that `actor` did `event` to `subject`. The row is written with the transaction, or the change is not made.

    It joins the chain of the actor's tenant, or of `tenant_id` when that is given, or else of the person. The other
    party of a delegation (`also_seen_by`, one or several) gets a linked copy in its own chain. `facts` are plain JSON
    values; none of them is ever a secret. What a token did says so: its public id is the fact `token`.
    """
    if actor.scopes is not None:
        facts = facts | {"token": actor.credential}
    others = [] if also_seen_by is None else [also_seen_by] if isinstance(also_seen_by, uuid.UUID) else also_seen_by
    entry = _Entry(actor, event, subject, tenant_id or actor.tenant_id, frozenset(others), facts)
    db.session.info.setdefault(PENDING, []).append(entry)


def record_refusal(actor: Actor, refusal: PortalError, act: str) -> None:
    """Note, in a transaction of its own, that a signed-in `actor` was refused `act` (such as `POST keys.revoke`).

    At most 20 a minute for one person in one tenant are kept; what comes faster adds nothing.
    """
    with transaction():
        since = clock.now() - timedelta(minutes=1)
        if store.count_refusals(actor, since) < REFUSALS_PER_MINUTE:
            record(actor, Event.REFUSED, _Act(act), reason=refusal.code, status=refusal.status)


@dataclass(frozen=True)
class _Act:
    name: str

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "act", self.name, self.name


@events.listens_for(Session, "before_commit")
def _write_pending(session: Session) -> None:
    entries: list[_Entry] = session.info.pop(PENDING, [])
    if not entries:
        return
    session.flush()  # ids and public ids exist from here on
    # Always in the same order, so that two transactions never wait for each other's chain.
    chains = {chain for entry in entries for chain in (_chain(entry), *entry.also_seen_by)}
    acts = _by_actor(entries)
    homes = {actor.home_id for actor in acts if actor.home_id is not None}
    heads = store.lock_chains(sorted(chains | homes))
    for actor, subjects in acts.items():
        _still_there(actor, subjects)
    rows: list[Values] = []
    for entry in entries:
        original = _append(heads[_chain(entry)], entry, tenant_id=entry.tenant_id, copy_of=None)
        rows.append(original)
        for other in sorted(entry.also_seen_by - {_chain(entry)}):
            link = f"{original['chain_id']}/{original['seq']}"
            rows.append(_append(heads[other], entry, tenant_id=other, copy_of=link))
    session.flush()
    insert_many(AuditEvent, rows)


def _by_actor(entries: Collection[_Entry]) -> dict[Actor, set[tuple[str, str]]]:
    """The members who act, each with type and id of what its acts are about; a refusal is no act."""
    acts: dict[Actor, set[tuple[str, str]]] = {}
    for entry in entries:
        if entry.actor.membership_id is not None and entry.event is not Event.REFUSED:
            acts.setdefault(entry.actor, set()).add(entry.subject.audit_subject[:2])
    return acts


@events.listens_for(Session, "after_rollback")
def _forget_pending(session: Session) -> None:
    session.info.pop(PENDING, None)


def _chain(entry: _Entry) -> uuid.UUID:
    return entry.tenant_id or entry.actor.person_id or SYSTEM_CHAIN


def _append(head: Any, entry: _Entry, *, tenant_id: uuid.UUID | None, copy_of: str | None) -> Values:
    subject_type, subject_id, subject_label = entry.subject.audit_subject
    row: Values = {
        "chain_id": head.id,
        "seq": head.last_seq + 1,
        "tenant_id": tenant_id,
        "at": clock.now(),
        "event": entry.event.value,
        "refused": entry.event is Event.REFUSED,
        "actor_id": entry.actor.person_id,
        "actor_label": entry.actor.label,
        "actor_home_id": entry.actor.home_id,
        "actor_home_name": entry.actor.home_name,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "subject_label": subject_label,
        "facts": entry.facts,
        "request_id": requests.current_id(),
        "copy_of": copy_of,
    }
    row["previous_hash"] = head.last_hash
    row["hash"] = fingerprint(row)
    head.last_seq, head.last_hash = row["seq"], row["hash"]
    return row


def fingerprint(row: Values) -> bytes:
    """SHA-256 over the previous hash and the row as canonical JSON (sorted keys, no spaces, UTF-8)."""
    content = {name: _plain(value) for name, value in row.items() if name not in {"hash", "previous_hash"}}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(row["previous_hash"] + text.encode()).digest()


def _values(row: AuditEvent) -> Values:
    return {column.key: getattr(row, column.key) for column in AuditEvent.__table__.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, uuid.UUID) else value


@dataclass(frozen=True)
class Break:
    """Where a chain is not whole: `seq` is the first place that does not fit."""

    chain_id: uuid.UUID
    seq: int
    what: str


def head_fits() -> bool | None:
    """Whether the last event of the longest chain is what its head says; None: there is no chain yet."""
    head = store.longest_chain()
    if head is None:
        return None
    last = store.find_event(head.id, head.last_seq)  # another one may follow meanwhile
    return last is not None and last.hash == head.last_hash == fingerprint(_values(last))


def verify() -> Iterator[Break]:
    """The first break of each chain that has one: a changed, deleted, inserted or reordered event, or a cut tail."""
    for head in store.chains():
        expected_seq, previous = 0, GENESIS
        found: Break | None = None
        for row in store.events_of(head.id):
            expected_seq += 1
            if row.seq != expected_seq:
                found = Break(head.id, expected_seq, "an event is missing")
            elif row.previous_hash != previous:
                found = Break(head.id, row.seq, "the event does not follow the one before it")
            elif fingerprint(_values(row)) != row.hash:
                found = Break(head.id, row.seq, "the event was changed")
            if found:
                break
            previous = row.hash
        if found is None and (expected_seq != head.last_seq or previous != head.last_hash):
            found = Break(head.id, expected_seq + 1, "events at the end are missing")
        if found:
            yield found
    for chain_id in store.chains_without_head():
        yield Break(chain_id, 1, "the chain has no head")
