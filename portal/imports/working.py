"""What the worker does with imports: checks them line by line, and applies what was confirmed, all or nothing.

Whoever dies in between leaves the import to the next one when the lease ends. A check begins anew then. Applying is one
transaction, in which everything is compared with the report once more: it is there with all it did, or not at all.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal.access.actor import Actor, system_actor
from portal.access.roles import PERMISSIONS, Permission
from portal.accounts import store as accounts
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts.many import offers
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.imports import reading, store
from portal.imports.applying import put_in
from portal.imports.errors import NoLongerAllowed, WorkerFailed
from portal.imports.known import gather
from portal.imports.lines import Line, clean, editions_by_name, slashes_in
from portal.imports.models import Import, ImportState, LineKind
from portal.imports.planning import Planned, plan
from portal.tenants import store as tenants

LEASE = timedelta(minutes=2)  # longer than the longest step between two signs of life
MOST_ATTEMPTS = 3
STEP = 1000  # lines between two signs of life
FIRST, TO_READ, OTHERS = 0, 1, 2  # ranks in the report

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Job:
    """An import that is worked on: in which state, and its content."""

    tenant_id: uuid.UUID
    import_id: uuid.UUID
    state: ImportState
    content: bytes


def run() -> int:
    """Check and apply what waits; how many imports were worked on. Opens transactions of its own."""
    done = 0
    while (job := _take()) is not None:
        work(job)
        done += 1
    return done


def work(job: Job, operator: Actor | None = None, tell: Progress = lambda _done: None) -> None:
    """Check the import, or apply it.

    operator: acts in place of the person who confirmed it; tell: hears how many lines were read.
    """
    lines = _lines(job, tell)
    if job.state is ImportState.CHECKING:
        _check(job, lines)
    else:
        _apply(job, lines, operator)


def _take() -> Job | None:
    """The next import that waits, leased to this worker; one that failed too often is closed on the way."""
    with transaction():
        while (row := store.take_due(clock.now())) is not None:
            if row.attempts < MOST_ATTEMPTS:
                return lease(row)
            _fail(row, WorkerFailed.code)
            db.session.flush()
    return None


def lease(row: Import) -> Job:
    """The import as a job of the caller's, for as long as it gives signs of life."""
    row.attempts, row.done, row.leased_until = row.attempts + 1, 0, clock.now() + LEASE
    return Job(row.tenant_id, row.id, row.state, row.content or b"")


def _lines(job: Job, tell: Progress) -> list[Line]:
    """What the lines of the file mean; every thousand of them the row says how far it is."""
    rows = reading.read(job.content)
    editions, slashes = editions_by_name(offers()), slashes_in(rows)
    db.session.rollback()
    lines: list[Line] = []
    for start in range(0, len(rows), STEP):
        lines += [clean(row, editions, slashes) for row in rows[start : start + STEP]]
        with transaction():
            store.note_progress(job.tenant_id, job.import_id, len(lines), clock.now() + LEASE)
        tell(len(lines))
    return lines


def _check(job: Job, lines: Sequence[Line]) -> None:
    planned = plan(lines, gather(lines), clock.now())
    with transaction():
        row = store.lock(job.tenant_id, job.import_id)
        if row.state is ImportState.CHECKING:
            _report(row, planned, changed=set())


def _apply(job: Job, lines: Sequence[Line], operator: Actor | None) -> None:
    with transaction():
        row = store.lock(job.tenant_id, job.import_id)
        if row.state is not ImportState.APPLYING:
            return
        if operator is None and row.settled_by_id is None:
            # Confirmed at a command line that was killed: nobody is left in whose name it could be applied.
            _report(row, plan(lines, gather(lines), clock.now()), changed=set())
            _record(row, Event.IMPORT_CHECKED_AGAIN)
            return
        actor = operator or _who_confirmed(row)
        if actor is None:
            _fail(row, NoLongerAllowed.code)
            return
        store.in_turn(row.tenant_id)
        planned = plan(lines, gather(lines, lock=True), clock.now())
        if changed := _changed(row, planned):
            _report(row, planned, changed)
            _record(row, Event.IMPORT_NOT_APPLIED, changed=len(changed))
            return
        applied = put_in(actor, planned)
        store.note_accounts(row, {line: account for line, account in applied.account_ids.items() if account})
        row.state, row.content, row.settled_at = ImportState.APPLIED, None, clock.now()
        facts: dict[str, Any] = {**applied.counts}
        audit.record(actor, Event.IMPORT_APPLIED, row, tenant_id=row.tenant_id, **facts)


def _who_confirmed(row: Import) -> Actor | None:
    """The person who confirmed it, as the actor they are now; None when they may not import any more."""
    person = row.settled_by
    membership = accounts.find_live_membership(row.tenant_id, person.id) if person and person.is_active else None
    if person is None or membership is None or Permission.IMPORT not in PERMISSIONS[membership.role]:
        return None
    return Actor(
        tenant_id=row.tenant_id,
        home_id=row.tenant_id,
        home_name=tenants.get(row.tenant_id).name,
        label=person.name,
        person_id=person.id,
        membership_id=membership.id,
        role=membership.role,
        permissions=PERMISSIONS[membership.role],
    )


def _changed(row: Import, planned: Sequence[Planned]) -> set[int]:
    """The numbers of the lines that are not any more what the report says of them."""
    told = store.told(row)
    return {one.line.number for one in planned if told.get(one.line.number) != (one.kind, one.details)}


def _report(row: Import, planned: Sequence[Planned], changed: set[int]) -> None:
    store.replace_lines(row, [_line(one, one.line.number in changed) for one in planned])
    row.state, row.checked_at, row.leased_until, row.attempts = ImportState.CHECKED, clock.now(), None, 0
    row.settled_by_id = None
    row.done, row.counts = row.total, dict(Counter(one.kind.value for one in planned))


def _line(one: Planned, changed: bool) -> dict[str, Any]:
    known = one.account.known
    return {
        "line": one.line.number,
        "rank": FIRST if one.kind is LineKind.PROBLEM or changed else TO_READ if one.is_note else OTHERS,
        "kind": one.kind,
        "changed": changed,
        "account": known.account_id if known is not None else one.line.account_id or None,
        "name": one.line.name,
        "edition": one.line.edition.code if one.line.edition is not None else None,
        "details": one.details,
    }


def _fail(row: Import, code: str) -> None:
    row.state, row.content, row.failure, row.settled_at = ImportState.FAILED, None, code, clock.now()
    _record(row, Event.IMPORT_FAILED, reason=code)


def _record(row: Import, event: Event, **facts: Any) -> None:
    audit.record(system_actor("worker", row.tenant_id), event, row, **facts)
