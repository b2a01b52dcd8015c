"""The moves of a key pair: design 2.2 written out once more, and that nothing else can be stored."""

import pytest

from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.states import IllegalMove
from portal.keys import liveness, making, operations, store
from portal.keys.models import KeyState
from portal.keys.states import KEY_PAIR
from portal.keys.status import LIVE, status_of
from tests.factories import a_key, a_licensee, a_private_key, an_intent, public_of
from tests.verifier.records import verifies

ALLOWED = {
    ("pending", "active"),
    ("pending", "lapsed"),
    ("active", "retiring"),
    ("active", "revoked"),
    ("active", "compromised"),
    ("retiring", "active"),
    ("retiring", "retired"),
    ("retiring", "revoked"),
    ("retiring", "compromised"),
}


@pytest.mark.no_database
@pytest.mark.parametrize("before", KeyState)
@pytest.mark.parametrize("after", KeyState)
def test_the_table_is_that_of_the_design(before: KeyState, after: KeyState):
    assert KEY_PAIR.is_allowed(before, after) == (before is after or (before.value, after.value) in ALLOWED)


@pytest.mark.no_database
def test_lapsed_retired_revoked_and_compromised_are_final():
    assert set(KEY_PAIR.finals) == {KeyState.LAPSED, KeyState.RETIRED, KeyState.REVOKED, KeyState.COMPROMISED}


def test_what_is_revoked_cannot_be_written_as_active_again():
    owner = a_licensee()
    pair = a_key(owner)
    with transaction():
        operations.revoke(owner, pair)

    with pytest.raises(IllegalMove), transaction():
        store.get(owner, pair.api_key).state = KeyState.ACTIVE

    assert store.get(owner, pair.api_key).state is KeyState.REVOKED


def test_no_pair_begins_as_retired():
    owner = a_licensee()
    pair = a_key(owner)
    copied = {column.key: getattr(pair, column.key) for column in pair.__table__.columns}
    twin = type(pair)(**copied | {"id": None, "api_key": "0" * 32, "spki_sha256": bytes(32), "state": KeyState.RETIRED})

    with pytest.raises(IllegalMove):
        store.add(twin)
    db.session.rollback()


def test_revoking_a_pair_that_waits_to_be_confirmed_lets_it_lapse():
    owner = a_licensee()
    intent = an_intent(owner)
    with transaction():
        pair = making.issue(owner, intent, public_of(a_private_key()))

    with transaction():
        operations.revoke(owner, pair)

    assert store.get(owner, pair.api_key).state is KeyState.LAPSED


# What a pair hangs on


@pytest.mark.no_database
def test_verifier_and_status_agree_about_every_combination():
    for case, pair in liveness.cases():
        is_live = status_of(pair, liveness.AT) in LIVE
        assert verifies(pair, liveness.AT) == is_live, case


@pytest.mark.no_database
def test_put_together_the_rows_still_say_the_same_of_every_combination():
    found = liveness.statuses()
    rows = liveness.merged(found)

    for case, status in found.items():
        said = [row for parts, row in rows if all(name in part for name, part in zip(case, parts, strict=True))]
        assert said == [status], case


def test_a_pair_in_use_is_active_for_the_table_too():
    owner = a_licensee()

    assert status_of(a_key(owner), clock.now()) is liveness.statuses()["active", "running", *REST]


REST = ("none: its owner holds it", "good", "good")
