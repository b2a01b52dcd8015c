"""What a partner admin does with an import: give a file, have it applied, discard it, have it checked again."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from portal.access.actor import Actor, require, require_scope
from portal.access.roles import Permission, Scope
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.errors import Changed, PortalError
from portal.foundation.words import clean_name
from portal.imports import reading, store
from portal.imports.errors import ChangesNothing, HasProblems, ImportMoved
from portal.imports.models import Import, ImportState
from portal.imports.states import IMPORT
from portal.imports.words import STATE_NAMES

WITHOUT_NAME = "import.csv"
KEPT = timedelta(days=30)  # a report that nobody acted upon; what it says is long out of date by then
BATCH = 100


@dataclass(frozen=True)
class GivenFile:
    """A file that can be taken apart: `lines` below its header."""

    name: str
    octets: bytes
    lines: int

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.octets).digest()


def opened(name: str, octets: bytes) -> GivenFile:
    """The file, taken apart once before anything is stored of it. Outside of a transaction: it may take a second.

    Raises: the refusals of a file, HoldsPrivateKey.
    """
    return GivenFile(_file_name(name), octets, len(reading.read(octets)))


def _file_name(name: str) -> str:
    try:
        return clean_name(name.replace("\\", "/").rpartition("/")[2])
    except PortalError:
        return WITHOUT_NAME


def give(actor: Actor, file: GivenFile) -> Import:
    """An import of the file, to be checked by the worker. The same file of the same person again is the one before,
    as long as nobody settled that.

    Raises: NotAllowed.
    """
    require(actor, Permission.IMPORT)
    if actor.tenant_id is not None:
        store.in_turn(actor.tenant_id)
    earlier = store.find_open(actor, file.sha256)
    if earlier is not None:
        return earlier
    row = store.add(
        Import(
            tenant_id=actor.tenant_id,
            state=ImportState.CHECKING,
            file_name=file.name,
            sha256=file.sha256,
            content=file.octets,
            total=file.lines,
            given_by_id=actor.person_id,
        )
    )
    audit.record(actor, Event.IMPORT_GIVEN, row, lines=file.lines)
    return row


def confirm(actor: Actor, row: Import, version: int) -> None:
    """Have the import applied by the worker. The same person again changes nothing and is no event.

    It makes contracts as well as accounts, so a token needs the scope for both. version: as the report was seen.
    Raises: NotAllowed, ScopeMissing, ImportMoved, Changed, HasProblems, ChangesNothing.
    """
    require(actor, Permission.IMPORT)
    require_scope(actor, Scope.CONTRACTS)
    row = _locked(row)
    if row.state in (ImportState.APPLYING, ImportState.APPLIED) and row.settled_by_id == actor.person_id:
        return
    _require(row, ImportState.APPLYING)
    if row.version != version:
        raise Changed(versions=[])
    if refusal := why_not(row):
        raise refusal
    row.state, row.settled_by_id = ImportState.APPLYING, actor.person_id
    row.done, row.attempts, row.leased_until = 0, 0, None
    audit.record(actor, Event.IMPORT_CONFIRMED, row)


def why_not(row: Import) -> PortalError | None:
    """Why a checked import cannot be applied; None when it can."""
    if row.problems:
        return HasProblems(problems=row.problems)
    return None if row.changes else ChangesNothing()


def check_again(actor: Actor, row: Import) -> None:
    """Have the lines checked against what is there now. While they are, nothing changes and is no event.

    Raises: NotAllowed, ImportMoved.
    """
    require(actor, Permission.IMPORT)
    row = _locked(row)
    if row.state is ImportState.CHECKING:
        return
    _require(row, ImportState.CHECKING)
    row.state, row.done, row.attempts, row.leased_until = ImportState.CHECKING, 0, 0, None
    audit.record(actor, Event.IMPORT_CHECKED_AGAIN, row)


def discard(actor: Actor, row: Import) -> None:
    """Forget the file and its report; nothing of it was put in. Discarding again changes nothing and is no event.

    Raises: NotAllowed, ImportMoved.
    """
    require(actor, Permission.IMPORT)
    row = _locked(row)
    if row.state is ImportState.DISCARDED:
        return
    _require(row, ImportState.DISCARDED)
    _discard(actor, row)


def tidy_up(actor: Actor) -> int:
    """Discard what nobody acted upon for 30 days; how many there were, at most 100."""
    forgotten = store.waiting_since(clock.now() - KEPT, BATCH)
    for row in forgotten:
        _discard(actor, row)
    return len(forgotten)


def _discard(actor: Actor, row: Import) -> None:
    row.state, row.content, row.settled_by_id, row.settled_at = (
        ImportState.DISCARDED, None, actor.person_id, clock.now(),
    )  # fmt: skip
    store.forget_lines(row)
    audit.record(actor, Event.IMPORT_DISCARDED, row, tenant_id=row.tenant_id)


def _locked(row: Import) -> Import:
    return store.lock(row.tenant_id, row.id)


def _require(row: Import, after: ImportState) -> None:
    """Nothing, when the import may move to `after`. Raises: ImportMoved, which says who was faster."""
    if row.state is after or not IMPORT.is_allowed(row.state, after):
        person = row.settled_by or row.given_by
        raise ImportMoved(state=STATE_NAMES[row.state], who=person.name if person else "–")
