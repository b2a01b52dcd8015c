"""A receipt says how many workers refuse since an act, and after how long; it never says too much."""

from datetime import datetime, timedelta

import pytest

from portal.access.actor import Actor
from portal.foundation import changes, clock
from portal.foundation.changes import CALLS, Changed
from portal.foundation.database import db, transaction
from portal.gateways import receipts
from portal.gateways.receipts import Receipt
from portal.keys import operations as keys
from portal.keys.models import KeyPair
from tests.factories import a_key, a_licensee
from tests.gateways.scenes import a_worker

SECOND = timedelta(seconds=1)


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


def revoked(owner: Actor) -> KeyPair:
    pair = a_key(owner)
    with transaction():
        keys.revoke(owner, pair)
    return pair


def row_of(pair: KeyPair) -> Changed:
    return Changed("key_pairs", pair.tenant_id, pair.id)


def receipt_of(pair: KeyPair) -> Receipt | None:
    db.session.rollback()
    return receipts.of_act(row_of(pair), pair.revoked_at)


def version_now() -> int:
    found = changes.version_of(CALLS)
    assert found is not None
    return found[0]


def told(worker: str, version: int, at: datetime, applied_at: datetime, **others: object) -> None:
    a_worker(worker, applied=((version, at, applied_at),), **others)


def test_nobody_has_told_so_there_is_none(owner: Actor):
    assert receipt_of(revoked(owner)) is None


def test_all_workers_refuse_since_the_last_one_does(owner: Actor):
    pair = revoked(owner)
    at = pair.revoked_at
    told("one", version_now(), at, at + 0.2 * SECOND)
    told("two", version_now(), at, at + 0.4 * SECOND)

    receipt = receipt_of(pair)

    assert receipt == Receipt(2, 2, pytest.approx(0.4))
    assert receipt.is_complete


def test_a_worker_that_knows_an_earlier_version_only_does_not_refuse_yet(owner: Actor):
    pair = revoked(owner)
    at = pair.revoked_at
    told("one", version_now(), at, at + 0.2 * SECOND)
    told("two", version_now() - 1, at - SECOND, at)

    receipt = receipt_of(pair)

    assert receipt == Receipt(2, 1, pytest.approx(0.2))
    assert not receipt.is_complete


def test_a_change_committed_in_between_is_not_taken_for_the_act(owner: Actor):
    pair = revoked(owner)
    told("one", version_now() - 1, pair.revoked_at, pair.revoked_at + SECOND)

    assert receipt_of(pair) == Receipt(1, 0, None)


def test_a_worker_that_skipped_the_version_refuses_since_the_one_it_went_to(owner: Actor):
    pair = revoked(owner)
    told("one", version_now() + 5, pair.revoked_at + SECOND, pair.revoked_at + 2 * SECOND)

    assert receipt_of(pair) == Receipt(1, 1, pytest.approx(2.0))


def test_a_worker_that_began_later_never_accepted(owner: Actor):
    pair = revoked(owner)
    told("one", version_now(), pair.revoked_at, pair.revoked_at + SECOND)
    told("new", version_now(), pair.revoked_at, clock.now(), ready_at=clock.now())

    assert receipt_of(pair) == Receipt(1, 1, pytest.approx(1.0))


def test_a_worker_that_said_that_it_ends_is_not_waited_for(owner: Actor):
    pair = revoked(owner)
    told("one", version_now(), pair.revoked_at, pair.revoked_at + SECOND)
    a_worker("ended", ended_at=clock.now())

    assert receipt_of(pair) == Receipt(1, 1, pytest.approx(1.0))


@pytest.mark.parametrize(("unheard_seconds", "workers"), [(200, 2), (309, 2), (361, 1)])
def test_a_silent_worker_is_waited_for_until_it_is_cut_off_for_sure(owner: Actor, unheard_seconds: int, workers: int):
    pair = revoked(owner)
    told("one", version_now(), pair.revoked_at, pair.revoked_at + SECOND)
    a_worker("silent", seen_at=clock.now() - unheard_seconds * SECOND)

    assert receipt_of(pair) == Receipt(workers, 1, pytest.approx(1.0))


def test_when_the_log_was_forgotten_the_moment_tells(owner: Actor):
    pair = revoked(owner)
    at = pair.revoked_at
    told("one", version_now() - 1, at - SECOND, at - SECOND)
    told("one", version_now(), at + 0.01 * SECOND, at + 0.3 * SECOND)

    with clock.travelled_to(at + timedelta(days=20)):
        receipt = receipt_of(pair)

    assert receipt == Receipt(1, 1, pytest.approx(0.3))


def test_a_moment_that_is_a_little_late_needs_leeway(owner: Actor):
    pair = revoked(owner)
    at = pair.revoked_at
    told("one", version_now(), at + 0.01 * SECOND, at + 0.3 * SECOND)

    late = clock.now()

    assert receipts.of_act(row_of(pair), late) is None
    assert receipts.of_act(row_of(pair), late, leeway=60 * SECOND) == Receipt(1, 1, pytest.approx(0, abs=0.3))


def test_with_leeway_the_moment_alone_tells_nothing(owner: Actor):
    pair = revoked(owner)
    told("one", version_now(), pair.revoked_at, pair.revoked_at + SECOND)

    with clock.travelled_to(pair.revoked_at + timedelta(days=2)):
        assert receipts.of_act(row_of(pair), pair.revoked_at, leeway=SECOND) is None


def test_after_35_days_there_is_none(owner: Actor):
    pair = revoked(owner)
    told("one", version_now(), pair.revoked_at, pair.revoked_at + SECOND)

    with clock.travelled_to(pair.revoked_at + timedelta(days=36)):
        assert receipt_of(pair) is None


def test_a_statement_over_all_of_a_tenant_is_an_act_on_each_of_its_rows(owner: Actor):
    pair = revoked(owner)
    since = clock.now()
    with transaction():
        changes._note_changed(db.session(), KeyPair, owner.tenant_id)

    assert changes.version_that_changed(row_of(pair), since) == version_now()
