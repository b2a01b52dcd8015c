"""What stops a key pair: the verifier's reason is the status that pages show, in every combination of states."""

from datetime import timedelta

import pytest

from portal.impact import snapshot
from portal.keys.liveness import AT, cases
from portal.keys.status import KeyStatus, status_of
from portal.tenants.models import Standing
from portal.verifier import liveness
from portal.verifier.reasons import Reason

pytestmark = pytest.mark.no_database

REASONS = {
    KeyStatus.PENDING: {Reason.KEY_PENDING},
    KeyStatus.ACTIVE: {None},
    KeyStatus.RETIRING: {None},
    KeyStatus.HELD_OPEN: {None},
    KeyStatus.LAPSED: {Reason.KEY_PENDING},
    KeyStatus.RETIRED: {Reason.KEY_RETIRED},
    KeyStatus.REVOKED: {Reason.KEY_REVOKED},
    KeyStatus.COMPROMISED: {Reason.KEY_COMPROMISED},
    KeyStatus.EXPIRED: {Reason.KEY_EXPIRED},
    KeyStatus.DELEGATION_PAUSED: {Reason.DELEGATION_PAUSED},
    KeyStatus.DELEGATION_ENDED: {Reason.DELEGATION_ENDED},
    KeyStatus.DELEGATION_NARROWED: {Reason.DELEGATION_NARROWED},
    KeyStatus.CONTRACT_ENDED: {Reason.CONTRACT_ENDED, Reason.CONTRACT_NOT_BEGUN},
    KeyStatus.SUSPENDED: {Reason.OWNER_SUSPENDED, Reason.HOLDER_SUSPENDED},
}


def test_every_status_has_its_reasons():
    assert REASONS.keys() == set(KeyStatus)


def test_the_verifier_says_what_the_status_says_in_every_combination():
    different = [
        (case, status, reason)
        for case, pair in cases()
        for moment in (AT, AT - timedelta(microseconds=1), AT + timedelta(microseconds=1))
        if (reason := liveness.what_stops(snapshot.key_of(pair), moment.timestamp()))
        not in REASONS[status := status_of(pair, moment)]
    ]

    assert different == []


def test_the_account_that_is_suspended_is_the_one_that_is_named():
    named = {
        (pair.owner.standing, pair.holder.standing, liveness.what_stops(snapshot.key_of(pair), AT.timestamp()))
        for case, pair in cases()
        if "suspended" in case[3:] and case[0] == "active"
    }

    assert all((reason is Reason.OWNER_SUSPENDED) == (owner is Standing.SUSPENDED) for owner, _holder, reason in named)
