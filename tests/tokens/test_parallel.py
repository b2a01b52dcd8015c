"""The same act at the same moment: one form makes one token, one code is answered once and fetched once."""

from datetime import timedelta

import pytest

from portal.access.roles import Scope
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tokens import devices, operations
from tests.factories import a_licensee
from tests.parallel import at_once
from tests.tokens.scenes import a_token

READ = frozenset({Scope.READ})


@pytest.fixture
def owner():
    return a_licensee(name="Northwind")


def ends_at():
    return clock.now() + timedelta(days=30)


def begun():
    with transaction():
        told = devices.begin("ada@laptop", READ)
        return told.device_code, told.user_code


def test_one_form_sent_at_once_makes_one_token(owner):
    outcomes = at_once(lambda _number: a_token(owner, mark="one form"), 6)

    assert outcomes == {"done": 1, "token_issued_already": 5}


def test_a_code_is_answered_once(owner):
    _device_code, user_code = begun()

    def answer(number: int) -> None:
        request = devices.get(user_code)
        with transaction():
            if number % 2:
                devices.refuse(owner, request)
            else:
                devices.approve(owner, request, name="ada@laptop", scopes=READ, ends_at=ends_at())

    outcomes = at_once(answer, 6)

    assert outcomes == {"done": 1, "device_decided_already": 5}


def test_a_token_is_fetched_once(owner):
    device_code, user_code = begun()
    with transaction():
        devices.approve(owner, devices.get(user_code), name="ada@laptop", scopes=READ, ends_at=ends_at())

    def fetch(_number: int) -> None:
        with transaction():
            fetched = devices.fetch(device_code)
        if fetched.refusal is not None:
            raise fetched.refusal

    outcomes = at_once(fetch, 6)

    assert outcomes == {"done": 1, "invalid_grant": 5}


def test_a_use_is_noted_while_somebody_reads(owner):
    issued = a_token(owner)
    at = clock.now()

    def note(_number: int) -> None:
        token = operations.find(issued.secret, at)
        operations.note_use(token, at)

    outcomes = at_once(note, 6)

    assert outcomes == {"done": 6}
    db.session.rollback()
    assert operations.find(issued.secret, at).last_used_at == at
