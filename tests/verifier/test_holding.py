"""What a library knows after bundle upon bundle: what the portal knows, or nothing has changed."""

import random
from dataclasses import replace

import pytest

from portal.verifier.bundle import Bundle, Refused, State
from portal.verifier.decision import Policy
from portal.verifier.holding import Expected, Held, after, check_time
from portal.verifier.rows import changes_by
from portal.verifier.tables import Delta
from tests.verifier.offline import (
    DELEGATED,
    NOON,
    OWN,
    PRODUCTION,
    SANDBOX,
    Worker,
    a_key,
    a_random_change,
    revoked,
    rows_of,
    some_tables,
)

pytestmark = pytest.mark.no_database


@pytest.fixture
def worker() -> Worker:
    return Worker()


def bundle_of(worker: Worker, since: State | None = None) -> Bundle:
    return worker.read(worker.issue(since=since))


def refusal_of(held: Held | None, bundle: Bundle) -> str:
    with pytest.raises(Refused) as refused:
        after(held, bundle)
    return refused.value.code


def test_a_full_bundle_is_what_the_portal_knows(worker: Worker):
    held = after(None, bundle_of(worker))

    assert rows_of(held.tables, SANDBOX) == rows_of(worker.tables, SANDBOX)
    assert held.tables.version == 1


def test_a_delta_brings_it_up_to_date(worker: Worker):
    held = after(None, bundle_of(worker))
    worker.change(revoked())

    held = after(held, bundle_of(worker, held.state))

    assert held.tables.keys[OWN].state == "revoked"
    assert held.tables.version == 2


def test_an_empty_delta_moves_the_time_and_nothing_else(worker: Worker):
    held = after(None, bundle_of(worker))
    worker.as_of += 120

    delta = bundle_of(worker, held.state)
    held = after(held, delta)

    assert len(delta.rows) == 0
    assert held.next_update == NOON + 120 + 300


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("environment", [SANDBOX, PRODUCTION])
def test_deltas_over_random_changes_lead_to_what_a_full_bundle_says(seed: int, environment: str):
    chance, worker = random.Random(seed), Worker()  # noqa: S311
    held = after(None, worker.read(worker.issue(environment)))

    for _step in range(60):
        for _change in range(chance.randrange(1, 4)):
            worker.change(a_random_change(chance, worker.tables))
        held = after(held, worker.read(worker.issue(environment, held.state)))
        worker.as_of += 20

    whole = after(None, Worker.read(worker, _anew(worker).issue(environment)))
    assert rows_of(held.tables, environment) == rows_of(worker.tables, environment)
    assert rows_of(whole.tables, environment) == rows_of(worker.tables, environment)
    assert held.state == whole.state
    assert held.tables.services == whole.tables.services


def test_most_of_these_are_deltas():
    chance, worker, deltas = random.Random(1), Worker(), 0  # noqa: S311
    for _number in range(30):
        worker.change(a_random_change(chance, worker.tables))
    held = after(None, bundle_of(worker))

    for _step in range(30):
        worker.change(a_random_change(chance, worker.tables))
        bundle = bundle_of(worker, held.state)
        deltas += bundle.previous is not None
        held = after(held, bundle)

    assert deltas == 30


def test_another_worker_goes_on_where_one_left_off(worker: Worker):
    """Both know the same; neither ever issued a bundle of the version that the other one is asked about."""
    other = _anew(worker)
    bundle_of(other)
    worker.change(revoked())
    other.change(revoked())
    held = after(None, bundle_of(worker))
    for each in (worker, other):
        each.change(revoked(DELEGATED))

    bundle = bundle_of(other, held.state)

    assert bundle.previous == held.state
    assert after(held, bundle).tables.keys[DELEGATED].state == "revoked"


def test_a_worker_that_does_not_know_what_changed_says_everything(worker: Worker):
    held = after(None, bundle_of(worker))
    worker.change(revoked())
    worker.restart()

    bundle = bundle_of(worker, held.state)

    assert bundle.previous is None
    assert after(held, bundle).state.version == 2


def test_who_has_another_state_of_the_same_version_gets_everything(worker: Worker):
    held = after(None, bundle_of(worker))

    assert bundle_of(worker, State(held.state.version, "0" * 64)).previous is None


def test_a_delta_from_a_state_that_was_another_one_is_noticed(worker: Worker):
    """The portal believes who says what it has; the digest that it leads to tells the difference."""
    bundle_of(worker)
    held = after(None, bundle_of(worker))
    worker.change(revoked())

    delta = bundle_of(worker, State(1, "0" * 64))

    assert refusal_of(held, delta) == "does_not_fit"
    assert refusal_of(held, replace(delta, previous=held.state, state=State(2, "1" * 64))) == "does_not_fit"


def test_a_delta_fits_onto_nothing_but_its_predecessor(worker: Worker):
    first = after(None, bundle_of(worker))
    before = first.state
    worker.change(revoked())
    first = after(first, bundle_of(worker, before))
    worker.change(revoked(DELEGATED))
    later = bundle_of(worker, first.state)

    assert refusal_of(None, later) == "does_not_fit"
    assert refusal_of(after(None, worker.read(_older(worker))), later) == "does_not_fit"


def test_what_is_older_than_what_is_known_is_refused(worker: Worker):
    old = bundle_of(worker)
    worker.change(revoked())
    worker.as_of += 61
    held = after(None, bundle_of(worker))

    assert refusal_of(held, old) == "older"
    assert held.tables.keys[OWN].state == "revoked"


def test_the_same_version_signed_earlier_is_refused_too(worker: Worker):
    old = bundle_of(worker)
    worker.as_of += 61
    held = after(None, bundle_of(worker))

    assert refusal_of(held, old) == "older"


def test_a_bundle_that_does_not_bring_what_it_names_changes_nothing(worker: Worker):
    held = after(None, bundle_of(worker))
    stray = a_key("d" * 32)._replace(contract_id=a_key(OWN).id)
    other = _anew(worker)
    rows = Delta(keys=[stray], services=frozenset())
    state = State(2, _digest_with(held, rows))

    bundle = replace(bundle_of(other), previous=held.state, rows=rows, gone={}, state=state)

    assert refusal_of(held, bundle) == "incomplete"
    assert held.digest.hex == held.state.digest
    assert "d" * 32 not in held.tables.keys


def test_the_policy_comes_along(worker: Worker):
    held = after(None, bundle_of(worker))
    worker.tables.policy = Policy.MATCHED
    worker.change(revoked())

    assert after(held, bundle_of(worker, held.state)).tables.policy is Policy.MATCHED


@pytest.mark.parametrize(("now", "code"), [(NOON + 300, "expired"), (NOON + 9e9, "expired"), (NOON - 61, "not_yet")])
def test_a_bundle_has_its_time(worker: Worker, now: float, code: str):
    with pytest.raises(Refused) as refused:
        check_time(bundle_of(worker), now)

    assert refused.value.code.startswith(code)


@pytest.mark.parametrize("now", [NOON - 60, NOON, NOON + 299.9])
def test_within_its_time_it_is_good(worker: Worker, now: float):
    check_time(bundle_of(worker), now)


@pytest.mark.parametrize(
    ("portal", "environment", "code"),
    [("https://other.example.com", "sandbox", "wrong_portal"), (None, "production", "wrong_environment")],
)
def test_anothers_bundles_are_refused(worker: Worker, portal: str | None, environment: str, code: str):
    with pytest.raises(Refused) as refused:
        Expected(portal or worker.url, environment).check(bundle_of(worker))

    assert refused.value.code == code


def _anew(worker: Worker) -> Worker:
    """Another worker of the same portal, which knows as much."""
    other = Worker(some_tables(), worker.keys, worker.as_of)
    if worker.tables.version > 1:
        other.tables = worker.tables
    return other


def _older(worker: Worker) -> bytes:
    return Worker(keys=worker.keys).issue()


def _digest_with(held: Held, rows: Delta) -> str:
    return held.digest.after(changes_by(rows, {}))
