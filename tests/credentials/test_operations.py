"""Service credentials: issued once, rotated with an overlap, revoked with a reason, and each change on record."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.credentials import operations, store
from portal.credentials.errors import (
    CredentialStopped,
    IssuedAlready,
    LastDayOutOfRange,
    OverlapOutOfRange,
    ReasonNeeded,
    RotatedAlready,
)
from portal.credentials.models import CredentialState
from portal.credentials.operations import AT_ONCE, DAY, HOUR, WEEK
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.foundation.words import HoldsPrivateKey, NameEmpty
from tests.credentials.scenes import a_credential, again, events, revoke, rotated
from tests.factories import a_licensee, a_private_key, a_vendor, pem_of
from tests.parallel import at_once

WORKING, ENDING, ENDED, REVOKED = CredentialState


@pytest.fixture
def admin():
    return a_vendor()


def state(actor, credential, *, after: timedelta = timedelta()) -> CredentialState:
    return again(actor, credential).state(clock.now() + after)


def working() -> list[str]:
    return [one.public_id for one in store.all_working(clock.now())]


def test_a_credential_is_a_prefix_and_256_random_bits(admin):
    tokens = {a_credential(admin).token for _ in range(3)}

    assert len(tokens) == 3
    assert all(re.fullmatch(r"psc_[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_only_the_hash_of_the_whole_credential_is_kept(admin):
    issued = a_credential(admin)

    (found,) = store.all_working(clock.now())

    assert found.digest == hashlib.sha256(issued.token.encode()).digest()
    assert issued.token not in repr(issued)


def test_a_credential_without_a_last_day_works_until_somebody_ends_it(admin):
    credential = a_credential(admin).credential

    assert state(admin, credential, after=timedelta(days=3000)) is WORKING


def test_a_credential_with_a_last_day_stops_by_itself(admin):
    credential = a_credential(admin, expires_at=clock.now() + DAY).credential

    assert state(admin, credential) is ENDING
    assert state(admin, credential, after=DAY) is ENDED


@pytest.mark.parametrize("distance", [timedelta(), -DAY, timedelta(days=3654)])
def test_a_last_day_that_is_over_or_very_far_is_refused(admin, distance):
    with pytest.raises(LastDayOutOfRange):
        a_credential(admin, expires_at=clock.now() + distance)


def test_who_answers_calls_learns_the_service_and_the_end(admin):
    ends_at = (clock.now() + DAY).replace(microsecond=0)
    issued = a_credential(admin, code="live-search", expires_at=ends_at)

    (found,) = store.all_working(clock.now())

    assert found[1:] == (issued.credential.public_id, "live-search", ends_at)
    assert found.ends_at is not None
    assert found.ends_at.tzinfo is UTC


def test_who_answers_calls_learns_nothing_of_what_has_stopped(admin):
    works, over, gone = (a_credential(admin, name) for name in ("Works", "Over", "Gone"))
    revoke(admin, gone.credential)
    successor = rotated(admin, over.credential, AT_ONCE)

    assert sorted(working()) == sorted([works.credential.public_id, successor.credential.public_id])


@pytest.mark.parametrize("overlap", [HOUR, DAY, WEEK])
def test_after_a_rotation_both_work_until_the_overlap_is_over(admin, overlap):
    old = a_credential(admin).credential

    new = rotated(admin, old, overlap).credential

    assert (state(admin, old), state(admin, new)) == (ENDING, WORKING)
    assert (state(admin, old, after=overlap), state(admin, new, after=overlap)) == (ENDED, WORKING)


def test_a_rotation_at_once_stops_the_old_one_on_the_second(admin):
    old = a_credential(admin).credential

    rotated(admin, old, AT_ONCE)

    assert state(admin, old) is ENDED


def test_a_successor_has_the_name_and_the_service_and_another_secret(admin):
    old = a_credential(admin, "Search nodes", "live-search")

    new = rotated(admin, old.credential)

    assert (new.credential.name, new.credential.service_code) == ("Search nodes", "live-search")
    assert new.token != old.token


def test_a_rotation_prolongs_nothing(admin):
    ends_at = clock.now() + HOUR
    old = a_credential(admin, expires_at=ends_at).credential

    rotated(admin, old, WEEK)

    assert again(admin, old).stops_at == ends_at


def test_a_credential_has_one_successor(admin):
    old = a_credential(admin).credential
    rotated(admin, old)

    with pytest.raises(RotatedAlready):
        rotated(admin, old)


@pytest.mark.parametrize("overlap", [timedelta(days=8), timedelta(seconds=-1)])
def test_an_overlap_that_is_not_offered_is_refused(admin, overlap):
    with pytest.raises(OverlapOutOfRange):
        rotated(admin, a_credential(admin).credential, overlap)


def test_a_successor_can_be_rotated_in_its_turn(admin):
    new = rotated(admin, a_credential(admin).credential)

    newer = rotated(admin, new.credential)

    assert state(admin, newer.credential) is WORKING


def test_a_revoked_credential_stops_at_once_and_for_good(admin):
    credential = a_credential(admin).credential

    revoke(admin, credential, "It was left in a log.")

    found = again(admin, credential)
    assert found.state(clock.now()) is REVOKED
    assert (found.revoked_by_id, found.revoked_reason) == (admin.person_id, "It was left in a log.")


def test_revoking_the_old_one_leaves_its_successor(admin):
    old = a_credential(admin).credential
    new = rotated(admin, old).credential

    revoke(admin, old)

    assert working() == [new.public_id]


def test_revoking_twice_is_one_act(admin):
    credential = a_credential(admin).credential
    revoke(admin, credential, "First.")

    revoke(admin, credential, "Second.")

    assert again(admin, credential).revoked_reason == "First."
    assert [event for event, _facts in events()].count("service_credential.revoked") == 1


def test_revoking_needs_a_reason(admin):
    with pytest.raises(ReasonNeeded):
        revoke(admin, a_credential(admin).credential, "  ")


def test_what_has_stopped_is_neither_rotated_nor_revoked(admin):
    credential = a_credential(admin, expires_at=clock.now() + HOUR).credential

    with clock.travelled_to(clock.now() + DAY):
        with pytest.raises(CredentialStopped):
            rotated(admin, credential)
        with pytest.raises(CredentialStopped):
            revoke(admin, credential)


def test_a_form_that_is_sent_twice_issues_one(admin):
    a_credential(admin, mark="frm_1")

    with pytest.raises(IssuedAlready):
        a_credential(admin, mark="frm_1")

    assert len(working()) == 1


def test_a_form_that_is_sent_often_at_once_issues_one(admin):
    outcomes = at_once(lambda _number: a_credential(admin, mark="frm_1"), 6)

    assert outcomes == {"done": 1, "credential_issued_already": 5}


def test_rotations_at_once_make_one_successor(admin):
    public_id = a_credential(admin).credential.public_id

    outcomes = at_once(lambda _number: rotated(admin, store.get(admin, public_id)), 6)

    assert outcomes == {"done": 1, "credential_rotated_already": 5}


@pytest.mark.parametrize(("name", "refusal"), [("  ", NameEmpty), (pem_of(a_private_key(1)), HoldsPrivateKey)])
def test_a_name_is_a_label(admin, name, refusal):
    with pytest.raises(refusal):
        a_credential(admin, name)


def test_each_change_is_one_event_of_the_vendor(admin):
    old = a_credential(admin, "Search nodes", "live-search").credential
    with clock.travelled_to(datetime(2040, 1, 1, tzinfo=UTC)):
        new = rotated(admin, old).credential
    revoke(admin, new, "It was left in a log.")

    assert events() == [
        ("service_credential.issued", {"service": "Live Search", "until": None}),
        ("service_credential.rotated", {"successor": new.public_id, "until": "2040-01-02 00:00 UTC"}),
        ("service_credential.revoked", {"reason": "It was left in a log."}),
    ]


@pytest.mark.parametrize("act", [a_credential, lambda who, one: rotated(who, one), lambda who, one: revoke(who, one)])
def test_an_operator_may_do_none_of_it(admin, act):
    credential = a_credential(admin).credential

    with pytest.raises(NotAllowed):
        act(a_vendor(Role.OPERATOR), credential)


def test_a_tenant_may_do_none_of_it(admin):
    with pytest.raises(NotAllowed):
        a_credential(a_licensee())


def test_another_tenants_credential_does_not_exist(admin):
    credential = a_credential(admin).credential

    with pytest.raises(NotFound):
        store.get(a_licensee(), credential.public_id)


def test_the_last_use_is_the_latest_one(admin):
    credential, now = a_credential(admin).credential, clock.now()
    for moment in (now, now + DAY, now + HOUR):
        with transaction():
            store.note_uses({credential.public_id: moment, "crd_unknown": moment})

    assert again(admin, credential).last_used_at == now + DAY


def test_noting_no_use_asks_nothing(admin):
    with transaction():
        store.note_uses({})

    assert again(admin, a_credential(admin).credential).last_used_at is None


def test_what_is_listed_comes_newest_first(admin):
    names = ["One", "Two", "Three"]
    for name in names:
        a_credential(admin, name)

    assert [row.name for row in store.page(admin).rows] == names[::-1]
    assert [row.name for row in store.everything(admin)] == names


def test_the_choices_of_an_overlap_are_all_accepted(admin):
    for overlap in operations.OVERLAPS:
        rotated(admin, a_credential(admin).credential, overlap)

    assert len(store.everything(admin)) == 2 * len(operations.OVERLAPS)
