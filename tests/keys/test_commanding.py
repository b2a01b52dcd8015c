"""Codes at once: whoever comes twice, or two at a time, ends in one pair."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.keys import commanding, making
from portal.keys.errors import MakingOver
from portal.keys.models import KeyPair
from tests.factories import (
    BASE_URL,
    a_code,
    a_command_intent,
    a_licensee,
    a_private_key,
    an_intent,
    public_of,
    sign,
    tenant_of,
)

AT_ONCE = 8


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


def proof(code: str, private) -> dict:
    found = commanding.find(code, None)
    account = tenant_of(found.actor).account_id
    message = making.message_of(found.intent, public_of(private), base_url=BASE_URL, owner=account, holder=account)
    return {"public": public_of(private), "signature": sign(private, message), "base_url": BASE_URL}


def outcome(app: Flask, code: str, given: dict) -> str:
    """The API key, or the code of the refusal."""
    with app.app_context():
        try:
            with transaction():
                return commanding.prove(code, **given).api_key
        except PortalError as refusal:
            return refusal.code


def at_once(app: Flask, code: str, proofs: list[dict]) -> list[str]:
    db.session.rollback()
    with ThreadPoolExecutor(len(proofs)) as pool:
        return list(pool.map(lambda given: Context().run(outcome, app, code, given), proofs))


def pairs() -> list[KeyPair]:
    db.session.rollback()
    return list(db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP)))


def test_the_same_proof_many_times_at_once_ends_in_one_pair(app: Flask, owner: Actor):
    code = a_code(owner)
    given = proof(code, a_private_key(740))

    answers = at_once(app, code, [given] * AT_ONCE)

    assert answers == [pairs()[0].api_key] * AT_ONCE
    assert len(pairs()) == 1


def test_of_many_keys_at_once_one_uses_the_code(app: Flask, owner: Actor):
    code = a_code(owner)

    answers = at_once(app, code, [proof(code, a_private_key(740 + number)) for number in range(AT_ONCE)])

    assert answers.count("code_refused") == AT_ONCE - 1
    assert len(pairs()) == 1


def test_only_an_intent_for_the_command_line_has_a_code(owner: Actor):
    intent = an_intent(owner)

    with pytest.raises(MakingOver), transaction():
        commanding.show_code(owner, intent)


def test_a_finished_intent_has_no_new_code(owner: Actor):
    intent = a_command_intent(owner)
    code = a_code(owner, intent)
    given = proof(code, a_private_key(740))
    with transaction():
        commanding.prove(code, **given)

    with pytest.raises(MakingOver), transaction():
        commanding.show_code(owner, intent)
