"""What is known, by deltas: new, changed in place, gone; never half of one, whoever reads meanwhile."""

import sys
import threading
import uuid
from collections.abc import Iterator

import pytest

from portal.verifier import records
from portal.verifier.records import GrantsRow, SpaceRow
from portal.verifier.tables import Delta, Incomplete, Tables
from tests.verifier.world import (
    CONTRACT,
    DELEGATED,
    OWN,
    OWNER,
    SANDBOX_SPACE,
    World,
    a_grant,
    a_key_row,
)

pytestmark = pytest.mark.no_database

NOBODY = uuid.UUID(int=1000)


@pytest.fixture
def tables() -> Tables:
    return World().tables


def everything(tables: Tables) -> dict[str, object]:
    """All that the tables say, as text that shows each change."""
    kinds = ("tenants", "contracts", "delegations", "keys", "spaces", "services", "version")
    return {kind: repr(getattr(tables, kind)) for kind in kinds}


def test_a_whole_load_is_a_delta_on_nothing(tables: Tables):
    assert (len(tables.tenants), len(tables.contracts), len(tables.delegations)) == (3, 1, 1)
    assert (len(tables.keys), len(tables.spaces), tables.version) == (3, 5, 1)


def test_records_refer_to_each_other(tables: Tables):
    key = tables.keys[DELEGATED]

    assert key.owner is tables.tenants[OWNER]
    assert key.contract is tables.contracts[CONTRACT]
    assert key.owner.grants["search"][0].contract is key.contract


def test_rows_may_come_in_any_order_within_a_delta():
    whole = World().delta
    tables = Tables()

    tables.apply(
        Delta(keys=whole.keys, tenants=whole.tenants, delegations=whole.delegations, contracts=whole.contracts), 1
    )

    assert tables.keys.keys() == {row.api_key for row in whole.keys}


CHANGES = {
    "a tenant": Delta(tenants=[World().owner._replace(standing=records.SUSPENDED)]),
    "a contract": Delta(contracts=[World().contract._replace(ended_at=0.0)]),
    "a delegation": Delta(delegations=[World().delegation._replace(rights=())]),
    "a key": Delta(keys=[World().delegated._replace(state=records.REVOKED)]),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_record_that_a_key_has_is_changed_in_place(kind: str, tables: Tables):
    key = tables.keys[DELEGATED]
    before = repr(key)

    tables.apply(CHANGES[kind], 2)

    assert tables.keys[DELEGATED] is key
    assert repr(key) != before


def test_a_key_moves_to_another_contract(tables: Tables):
    renewed = World().contract._replace(id=uuid.uuid4())

    tables.apply(Delta(contracts=[renewed], keys=[World().own._replace(contract_id=renewed.id)]), 2)

    assert tables.keys[OWN].contract is tables.contracts[renewed.id]


def test_grants_come_whole(tables: Tables):
    tables.apply(Delta(grants=[GrantsRow(OWNER, (a_grant("payments"), a_grant("payments")))]), 2)

    assert {service: len(grants) for service, grants in tables.tenants[OWNER].grants.items()} == {"payments": 2}


def test_a_tenant_that_changes_keeps_its_grants(tables: Tables):
    tables.apply(CHANGES["a tenant"], 2)

    assert list(tables.tenants[OWNER].grants) == ["search"]


def test_a_data_space_changes(tables: Tables):
    tables.apply(Delta(spaces=[SpaceRow(SANDBOX_SPACE, OWNER, NOBODY, records.SANDBOX, True)]), 2)

    assert (tables.spaces[SANDBOX_SPACE].project_id, tables.spaces[SANDBOX_SPACE].serves_both_sides) == (NOBODY, True)


def test_what_is_gone_is_not_known_any_more(tables: Tables):
    tables.apply(Delta(gone_keys=[OWN], gone_spaces=[SANDBOX_SPACE]), 2)

    assert OWN not in tables.keys
    assert SANDBOX_SPACE not in tables.spaces


def test_what_was_never_there_may_be_gone(tables: Tables):
    before = everything(tables)

    tables.apply(Delta(gone_keys=["none"], gone_spaces=["none"]), 1)

    assert everything(tables) == before


@pytest.mark.parametrize(("services", "known"), [(None, True), (frozenset({"sorcery"}), False)])
def test_the_catalogue_is_as_before_unless_it_comes(services: frozenset[str] | None, known: bool, tables: Tables):
    tables.apply(Delta(services=services), 2)

    assert ("search" in tables.services) is known


def test_a_delta_without_rows_brings_a_version(tables: Tables):
    tables.apply(Delta(), 7)

    assert (tables.version, len(Delta())) == (7, 0)


def test_a_delta_counts_its_rows():
    assert len(World().delta) == 3 + 1 + 2 + 1 + 3 + 5


# What is not whole

A_TENANT = World().stranger._replace(id=uuid.UUID(int=1001))
HALVES = {
    "a key's owner": Delta(keys=[a_key_row(OWN, NOBODY, OWNER)]),
    "a key's holder": Delta(keys=[World().own._replace(holder_id=NOBODY)]),
    "a key's contract": Delta(keys=[World().own._replace(contract_id=NOBODY)]),
    "a key's delegation": Delta(keys=[World().delegated._replace(delegation_id=NOBODY)]),
    "a data space's owner": Delta(spaces=[SpaceRow("new", NOBODY, NOBODY, records.SANDBOX, False)]),
    "the tenant of grants": Delta(grants=[GrantsRow(NOBODY, ())]),
    "the contract of a grant": Delta(grants=[GrantsRow(OWNER, (a_grant("search", NOBODY),))]),
}


@pytest.mark.parametrize("half", HALVES)
def test_a_delta_that_is_not_whole_changes_nothing(half: str, tables: Tables):
    before = everything(tables)
    delta = HALVES[half]
    delta.tenants = [A_TENANT, World().owner._replace(standing=records.SUSPENDED)]
    delta.gone_spaces, delta.services = [SANDBOX_SPACE], frozenset()

    with pytest.raises(Incomplete):
        tables.apply(delta, 2)

    assert everything(tables) == before


def test_after_half_a_delta_the_whole_one_goes(tables: Tables):
    with pytest.raises(Incomplete):
        tables.apply(HALVES["a key's contract"], 2)

    tables.apply(World().but(own={"state": records.REVOKED}).delta, 2)

    assert tables.keys[OWN].state == records.REVOKED


# Readers meanwhile

DELTAS = 10_000
STANDINGS = (records.GOOD, records.SUSPENDED)


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def steps(world: World) -> Iterator[Delta]:
    """Deltas that change several records, all to the same number; every second one brings a key and a data space."""
    for number in range(1, DELTAS + 1):
        mark, changed = (
            float(number),
            world.but(
                owner={"name": str(number), "standing": STANDINGS[number % 2]},
                integrator={"name": str(number), "standing": STANDINGS[number % 2]},
                contract={"ends_at": number},
                delegation={"ends_at": number},
            ),
        )
        facts = {"expires_at": mark}
        delta = Delta(
            tenants=[changed.owner, changed.integrator],
            contracts=[changed.contract],
            delegations=[changed.delegation],
            grants=[GrantsRow(OWNER, (a_grant()._replace(ends_at=mark),))],
            keys=[world.own._replace(**facts), world.delegated._replace(**facts)],
        )
        key = world.own._replace(api_key="new", **facts)
        space = SpaceRow("new", OWNER, NOBODY, records.SANDBOX, True)
        if number % 2:
            delta.keys.append(key)
            delta.spaces.append(space)
        else:
            delta.gone_keys.append("new")
            delta.gone_spaces.append("new")
        yield delta


def seen(tables: Tables) -> tuple[set[object], set[object]]:
    """The numbers that the records carry, and the standings: one of each, unless they are of two states."""
    own, delegated = tables.keys[OWN], tables.keys[DELEGATED]
    numbers = [own.expires_at, own.contract.ends_at, float(own.owner.name)]
    numbers += [delegated.expires_at, delegated.contract.ends_at, float(delegated.holder.name)]
    numbers += [delegated.delegation.ends_at if delegated.delegation else None]
    numbers += [own.owner.grants["search"][0].ends_at, float(tables.version)]
    there = {int(numbers[0] or 0) % 2 == 1, "new" in tables.keys, "new" in tables.spaces}
    return set(numbers), {own.owner.standing, delegated.holder.standing, *([] if len(there) == 1 else ["half"])}


@pytest.mark.usefixtures("hurried")
def test_no_reader_sees_half_of_a_delta():
    tables, world = World().tables, World()
    deltas = list(steps(world))
    tables.apply(deltas[0], 1)
    ended, halves, reads = threading.Event(), [], [0, 0, 0]

    def read(reader: int) -> None:
        while not ended.is_set():
            found = tables.read(lambda: seen(tables))
            reads[reader] += 1
            if any(len(part) != 1 for part in found):
                halves.append(found)

    readers = [threading.Thread(target=read, args=(reader,)) for reader in range(3)]
    for reader in readers:
        reader.start()
    for number, delta in enumerate(deltas[1:], 2):
        tables.apply(delta, number)
    ended.set()
    for reader in readers:
        reader.join()

    assert halves == []
    assert min(reads) > 100, "the readers slept"


@pytest.mark.usefixtures("hurried")
def test_without_read_halves_are_seen():
    """That the test above can fail."""
    tables, world, halves, ended = World().tables, World(), [], threading.Event()
    deltas = list(steps(world))
    tables.apply(deltas[0], 1)

    def read() -> None:
        while not ended.is_set() and not halves:
            found = seen(tables)
            halves.extend(part for part in found if len(part) != 1)

    reader = threading.Thread(target=read)
    reader.start()
    for number, delta in enumerate(deltas[1:] * 3, 2):
        tables.apply(delta, number)
        if halves:
            break
    ended.set()
    reader.join()

    assert halves


def test_what_a_reader_raises_of_one_state_is_raised(tables: Tables):
    with pytest.raises(ZeroDivisionError):
        tables.read(lambda: 1 // 0)


def test_what_a_reader_stumbles_over_between_two_states_is_asked_anew(tables: Tables):
    asked = []

    def ask() -> int:
        asked.append(len(tables.keys))
        if len(asked) == 1:
            tables.apply(Delta(gone_keys=[OWN]), 2)
            raise RuntimeError("dictionary changed size during iteration")
        return len(tables.keys)

    assert tables.read(ask) == 2
