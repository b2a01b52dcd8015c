"""Whether the key-encryption keys in use are here, and sealing every value anew under the present one.

`create_app` calls `configure(sealer)` once.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Column, RowMapping

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation.database import transaction
from portal.foundation.sealed import key_of, place_in, sealed_columns
from portal.foundation.sealing import CannotUnseal, Sealer, key_id_in
from portal.kek import store
from portal.kek.errors import KekMissing

PORTION = 100  # values of one transaction: some 10 ms, for which SQLite lets nobody else write
PASSES = 20
BETWEEN_PASSES_SECONDS = 0.25
SHORTEST_REST_SECONDS = 0.005


@dataclass(frozen=True)
class Setup:
    """What the room is told once, at the start: the ring of KEKs, and the ids of those that are lost for good."""

    sealer: Sealer
    lost: frozenset[str]


_setup: Setup | None = None


def configure(sealer: Sealer, lost: frozenset[str] = frozenset()) -> None:
    """This ring of KEKs from now on. lost: ids of KEKs whose values stay closed, and keep nobody from starting."""
    global _setup
    _setup = Setup(sealer, lost)


def setup() -> Setup:
    """What `configure` was told."""
    if _setup is None:
        raise RuntimeError("kek.operations.configure() was not called")
    return _setup


@dataclass(frozen=True)
class Use:
    """How many values of a column (`table.column`) are sealed under the KEK with this id."""

    column: str
    key_id: str
    values: int


def in_use() -> list[Use]:
    """Which KEKs are in use, by column and id."""
    return [
        Use(str(column), key_id, values)
        for column in sealed_columns()
        for key_id, values in sorted(store.count_by_key_id(column).items())
    ]


def open_newest(column: Column[str]) -> None:
    """Nothing, when the column's newest value opens, or there is none. Raises: CannotUnseal."""
    row = store.newest(column)
    if row is not None and key_id_in(row[column.name]) not in setup().lost:
        setup().sealer.unseal(row[column.name], place_in(column, row))


def is_missing(key_id: str) -> bool:
    """Whether values under this KEK should open and cannot."""
    return key_id not in setup().sealer.key_ids | setup().lost


def require_here() -> None:
    """Nothing, when each KEK in use is in the ring, or known to be lost. Raises: KekMissing.

    What is asked is the values themselves, not a note beside them, which a restored backup might bring along.
    """
    missing = [use for use in in_use() if is_missing(use.key_id)]
    if missing:
        raise KekMissing(
            key_id=setup().sealer.key_id,
            values=sum(use.values for use in missing),
            missing=sorted({use.key_id for use in missing}),
        )


@dataclass(frozen=True)
class Closed:
    """A value that did not open: the key of its row, and why."""

    row: str
    why: str


@dataclass
class Tally:
    """What became of one column (`table.column`): how many values had to be sealed anew at first, how many were."""

    column: str
    found: int
    anew: int = 0
    closed: dict[store.Key, Closed] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kek:
    key_id: str

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "kek", self.key_id, self.key_id


class Rotation:
    """Seals all values anew that are not under the present KEK, in portions, while everybody else reads and writes.

    It keeps no state outside the values: what was done is under the present KEK and is not looked at again, so after a
    kill the next one goes on where this one was, and two at once share the work. A value is replaced only while it is
    the one that was read.
    """

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._sealer, lost = setup().sealer, setup().lost
        self._settled = lost | {self._sealer.key_id}
        self._begun = False
        self.is_finished = False
        self.columns = sealed_columns()
        self.tallies = [Tally(str(column), self._count(column)) for column in self.columns]

    def run(self) -> Iterator[Tally]:
        """Do it; tells a column's tally after each portion. Opens transactions of its own, and records itself.

        Portions are followed by a rest as long as they took. It is over when a pass through all columns finds nothing
        to do. `is_finished` stays False when after 20 passes others still seal under another KEK.
        """
        for _ in range(PASSES):
            busy = False
            for column, tally in zip(self.columns, self.tallies, strict=True):
                for _portion in self._pass(column, tally):
                    busy = True
                    yield tally
            if not busy:
                self.is_finished = True
                break
            time.sleep(BETWEEN_PASSES_SECONDS)
        if self._begun:
            with transaction():
                self._record(Event.KEK_ROTATED, sum(tally.anew for tally in self.tallies))

    def _pass(self, column: Column[str], tally: Tally) -> Iterator[None]:
        last = store.last_beside(column, self._settled)  # what comes meanwhile is for the next pass
        done: store.Key | None = None
        while last is not None and (keys := store.keys_beside(column, self._settled, done, last, PORTION)):
            done = keys[-1]
            if open_ones := [key for key in keys if key not in tally.closed]:
                began = time.monotonic()
                with transaction():
                    self._portion(column, tally, open_ones)
                yield
                time.sleep(max(SHORTEST_REST_SECONDS, time.monotonic() - began))

    def _portion(self, column: Column[str], tally: Tally, keys: list[store.Key]) -> None:
        changes: list[tuple[RowMapping, str]] = []
        for row in store.hold(column, keys):
            sealed = row[column.name]
            if sealed is None or key_id_in(sealed) in self._settled:
                continue  # meanwhile another one did it
            try:
                changes.append((row, self._sealer.seal_anew(sealed, place_in(column, row))))
            except CannotUnseal as error:
                key = tuple(row[own.name] for own in key_of(column))
                tally.closed[key] = Closed("/".join(map(str, key)), str(error))
        if not changes:
            return
        tally.anew += store.replace(column, changes)
        if not self._begun:
            # With the first change, so that none is without an event, however this ends.
            self._begun = True
            self._record(Event.KEK_ROTATION_BEGUN, sum(each.found for each in self.tallies))

    def _record(self, event: Event, values: int) -> None:
        audit.record(self._actor, event, _Kek(self._sealer.key_id), values=values)

    def _count(self, column: Column[str]) -> int:
        counted = store.count_by_key_id(column)
        return sum(values for key_id, values in counted.items() if key_id not in self._settled)
