"""Who gets what from each call of scripts: the access table of this door. A call without a row fails."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.accounts import members
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.marking import GUARD
from portal.handoffs.models import EnvelopeKey, HandOff, Purpose
from portal.keys.models import KeyPair
from tests.api.calling import facts_of, proof_of, revocation_of
from tests.api.conftest import Call
from tests.api.passing import a_code_for, a_passing
from tests.factories import (
    a_code,
    a_command_intent,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    membership_of,
    tenant_of,
)

#   liv  a code just shown              lef  one of a member who has left
#   str  a code of nobody               pur  one that is for something else
#   usd  one that was used              own  the private key of the pair
#   old  one of 31 minutes ago          oth  another account's private key, with that account's own pair alive
#   rep  one that another one replaced  unk  an API key of nobody's
TABLE = """
                              liv str usd old rep lef pur own oth unk
keys/making                   200 403 403 403 403 403 403   -   -   -
keys/making/proof             200 403 403 403 403 403 403   -   -   -
keys/revocation/challenge       -   -   -   -   -   -   - 200 200 200
keys/revocation                 -   -   -   -   -   -   - 200 403 403
hand-offs/enrolling           200 403 200 403   - 403 403   -   -   -
hand-offs/envelope-key        200 403 200 403   - 403 403   -   -   -
hand-offs/sealing             200 403 200 403   - 403 403   -   -   -
hand-offs/sealing/envelope    200 403 200 403   - 403 403   -   -   -
hand-offs/opening             200 403 200 403   - 403 403   -   -   -
hand-offs/opening/proof       200 403 200 403   - 403 403   -   -   -
"""
CALLERS, *LINES = [line.split() for line in TABLE.strip().splitlines()]
ROWS = {path: dict(zip(CALLERS, answers, strict=True)) for path, *answers in LINES}
CELLS = [(path, name, int(answer)) for path, row in ROWS.items() for name, answer in row.items() if answer != "-"]
# Calls that anybody may make, and that tell nothing: tests/api/test_leaks.py and test_device.py.
ANYBODYS = ("leaks", "device", "device/token")
STRANGE = "0000-" * 6 + "0000"
each_cell = pytest.mark.parametrize(("path", "name", "status"), CELLS, ids=lambda value: str(value))


def events() -> int:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.copy_of.is_(None))
    return len(db.session.scalars(rows).all())


def states() -> list[str]:
    """Of all key pairs and hand-offs, and the envelope keys that there are."""
    pairs = db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP))
    hand_offs = db.session.scalars(across_tenants(HandOff, reason=Reader.UPKEEP))
    keys = db.session.scalars(across_tenants(EnvelopeKey, reason=Reader.UPKEEP))
    return sorted([row.state.value for row in (*pairs, *hand_offs)] + [row.public.hex() for row in keys])


def a_body(path: str, name: str, call: Call, owner: Actor) -> tuple[dict[str, str], timedelta]:
    """What this caller sends there, and how much later."""
    if path.startswith("keys/making"):
        return _with_code(path, name, call, owner)
    if path.startswith("hand-offs/"):
        return _of_hand_off(path, name, call)
    private = a_private_key(700)
    api_key = "f" * 32 if name == "unk" else a_key(owner, private=private).api_key
    if name == "oth":
        private = a_private_key(701)
        a_key(a_licensee(), private=private)
    return {"api_key": api_key} if path.endswith("challenge") else revocation_of(call, api_key, private), timedelta()


def _with_code(path: str, name: str, call: Call, owner: Actor) -> tuple[dict[str, str], timedelta]:
    colleague = a_member(tenant_of(owner))
    intent = a_command_intent(colleague)
    code, private = a_code(colleague, intent), a_private_key(700)
    facts = facts_of(call, code)
    proof = proof_of(facts, code, private)
    if name == "usd":
        assert call("keys/making/proof", **proof).status_code == 200
        proof = proof_of(facts, code, a_private_key(701))
    if name == "rep":
        a_code(colleague, intent)
    if name == "lef":
        with transaction():
            members.remove(owner, membership_of(colleague))
    if name == "str":
        proof["code"] = STRANGE
    if name == "pur":
        proof["code"] = a_code_for(colleague, Purpose.ENROL)
    body = proof if path.endswith("proof") else {"code": proof["code"]}
    return body, timedelta(minutes=31 if name == "old" else 0)


def _of_hand_off(path: str, name: str, call: Call) -> tuple[dict[str, str], timedelta]:
    passing = a_passing(path)
    if name == "usd":
        assert call(path, **passing.body).status_code == 200
    if name == "pur":
        passing.body["code"] = a_code_for(passing.actor, passing.another_purpose, passing.subject)
    if name == "lef":
        another_owner = a_member(tenant_of(passing.actor))
        with transaction():
            members.remove(another_owner, membership_of(passing.actor))
    if name == "str":
        passing.body["code"] = STRANGE
    return passing.body, timedelta(minutes=31 if name == "old" else 0)


@each_cell
def test_each_caller_is_answered_as_the_table_says(path: str, name: str, status: int, call: Call, owner: Actor):
    body, later = a_body(path, name, call, owner)
    before = (events(), states())

    with clock.travelled_to(clock.now() + later):
        answer = call(path, **body)

    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    if status != 200:
        assert answer.mimetype == "application/problem+json"
        assert (events(), states()) == before


@pytest.mark.parametrize("path", ROWS)
def test_all_who_are_refused_hear_the_same(path: str, call: Call, owner: Actor):
    heard = []
    for name, answer in ROWS[path].items():
        if answer == "403":
            body, later = a_body(path, name, call, a_licensee())
            with clock.travelled_to(clock.now() + later):
                heard.append(call(path, **body).json | {"request_id": ""})

    assert all(one == heard[0] for one in heard)


ACTS = [
    "keys/making/proof",
    "keys/revocation",
    "hand-offs/envelope-key",
    "hand-offs/sealing/envelope",
    "hand-offs/opening/proof",
]


@pytest.mark.parametrize("path", ACTS)
def test_an_act_and_its_repetition_write_one_event_and_answer_alike(path: str, call: Call, owner: Actor):
    body, _later = a_body(path, "own" if "revocation" in path else "liv", call, owner)
    before = events()

    first, again = call(path, **body), call(path, **body)

    assert first.status_code == 200
    assert again.json == first.json
    assert events() == before + 1


@pytest.mark.parametrize("path", ACTS)
def test_an_act_whose_event_cannot_be_written_does_not_happen(
    path: str, call: Call, owner: Actor, monkeypatch: pytest.MonkeyPatch
):
    body, _later = a_body(path, "own" if "revocation" in path else "liv", call, owner)
    before = states()

    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("the record cannot be written")

    monkeypatch.setattr(audit, "_append", broken)
    answer = call(path, **body)

    assert (answer.status_code, answer.json["code"]) == (500, "failed")
    assert states() == before


@pytest.mark.no_database
def test_every_call_has_one_row(app: Flask):
    signed = [
        rule for rule in app.url_map.iter_rules() if getattr(app.view_functions[rule.endpoint], GUARD) == "signed"
    ]

    known = {*ROWS, *ANYBODYS}
    assert sorted(rule.rule for rule in signed) == sorted(f"/api/v1/{path}" for path in known)
    assert {method for rule in signed for method in rule.methods} == {"POST", "OPTIONS"}
