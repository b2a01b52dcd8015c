"""Several pairs at once: an intent and a code for each name, and the same intents however often it is asked for."""

import pytest

from portal.access.actor import Actor, through_token
from portal.access.roles import Environment, Scope
from portal.access.rows import Reader, across_tenants
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.keys import batch, commanding, making, operations
from portal.keys.batch import MOST, Batch, read_names
from portal.keys.eligibility import usable_contracts
from portal.keys.errors import CodeRefused, LinesRefused, NoNames, TooManyNames
from portal.keys.models import KeyIntent, KeyPair
from tests.factories import (
    BASE_URL,
    a_command_intent,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    an_integrator,
    for_client,
    public_of,
    sign,
    tenant_of,
)
from tests.tokens.scenes import a_token, end


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


def begin(actor: Actor, *names: str) -> Batch:
    with transaction():
        contract = usable_contracts(actor)[0]
        lines = read_names("\n".join(names))
        return batch.begin(actor, environment=Environment.SANDBOX, contract=contract, lines=lines)


def prove(code: str, number: int) -> KeyPair:
    found, private = commanding.find(code, None), a_private_key(number)
    message = making.message_of(
        found.intent, public_of(private), base_url=BASE_URL, owner=found.owner, holder=found.holder
    )
    with transaction():
        return commanding.prove(code, public=public_of(private), signature=sign(private, message), base_url=BASE_URL)


def intents() -> list[KeyIntent]:
    db.session.rollback()
    return list(db.session.scalars(across_tenants(KeyIntent, reason=Reader.UPKEEP)))


def refused_lines(text: str) -> list[tuple[int, str]]:
    with pytest.raises(LinesRefused) as refused:
        read_names(text)
    return [(number, refusal.code) for number, refusal in refused.value.refused]


def test_each_name_has_an_intent_and_a_code_that_leads_to_it(owner: Actor):
    begun = begin(owner, "One", "Two", "Three")

    assert [name for _code, name in begun.codes] == ["One", "Two", "Three"]
    assert [commanding.find(code, None).intent.name for code, _name in begun.codes] == ["One", "Two", "Three"]
    assert len(intents()) == 3


def test_each_intent_has_one_event(owner: Actor):
    begin(owner, "One", "Two", "Three")

    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event == Event.KEY_CODE_SHOWN.value)
    assert [event.subject_label for event in db.session.scalars(rows.order_by(AuditEvent.seq))] == [
        "One",
        "Two",
        "Three",
    ]
    assert list(audit.verify()) == []


def test_the_same_request_meets_the_same_intents_and_makes_the_codes_before_void(owner: Actor):
    first = begin(owner, "One", "Two")

    second = begin(owner, "One", "Two")

    assert (first.made_void, second.made_void) == (0, 2)
    assert len(intents()) == 2
    assert [commanding.find(code, None).intent.name for code, _name in second.codes] == ["One", "Two"]
    for code, _name in first.codes:
        with pytest.raises(CodeRefused):
            commanding.find(code, None)


def test_an_intent_of_the_page_for_one_pair_is_met_too(owner: Actor):
    a_command_intent(owner, name="One")

    begin(owner, "One", "Two")

    assert len(intents()) == 2


def test_what_was_made_already_is_passed_over(owner: Actor):
    prove(begin(owner, "One", "Two").codes[0][0], 760)

    again = begin(owner, "One", "Two")

    assert (again.made_already, [name for _code, name in again.codes]) == (["One"], ["Two"])


def test_when_all_were_made_there_is_nothing_left(owner: Actor):
    prove(begin(owner, "One").codes[0][0], 760)

    again = begin(owner, "One")

    assert (again.made_already, again.codes) == (["One"], [])


def test_a_name_that_was_made_and_revoked_gets_a_code_again(owner: Actor):
    pair = prove(begin(owner, "One").codes[0][0], 760)
    with transaction():
        operations.revoke(owner, pair)

    assert [name for _code, name in begin(owner, "One").codes] == ["One"]


def test_a_name_that_is_taken_is_refused_with_its_line_and_nothing_is_begun(owner: Actor):
    a_key(owner, name="Taken")
    before = len(intents())

    with pytest.raises(LinesRefused) as refused:
        begin(owner, "One", "", "taken", "Two")

    assert [(number, refusal.code) for number, refusal in refused.value.refused] == [(3, "key_name_taken")]
    assert len(intents()) == before


def test_what_a_colleague_made_is_a_name_that_is_taken(owner: Actor):
    prove(begin(owner, "One").codes[0][0], 760)

    with pytest.raises(LinesRefused):
        begin(a_member(tenant_of(owner)), "One")


def test_each_line_is_refused_for_its_own_reason():
    assert refused_lines("One\n\n  \none\nTwo\x07\n" + "x" * 256) == [
        (4, "name_twice"),
        (5, "name_has_control_characters"),
        (6, "name_too_long"),
    ]


def test_names_are_cleaned_and_empty_lines_passed_over():
    assert [(line.number, line.name) for line in read_names("  One \n\n店鋪\n")] == [(1, "One"), (3, "店鋪")]


def test_no_names_and_too_many_are_refused():
    with pytest.raises(NoNames):
        read_names(" \n \n")
    with pytest.raises(TooManyNames):
        read_names("\n".join(f"Shop {number}" for number in range(MOST + 1)))


def test_codes_that_a_token_asked_for_end_with_the_token(owner: Actor):
    token = a_token(owner, Scope.KEYS).token
    ((code, _name),) = begin(through_token(owner, token.scopes, token.public_id), "Shop 1").codes
    found = commanding.find(code, None).intent.name
    end(owner, token)

    with pytest.raises(CodeRefused):
        commanding.find(code, None)
    assert found == "Shop 1"


def test_a_pair_that_a_token_asked_for_is_met_again_by_its_code_when_the_token_has_ended(owner: Actor):
    token = a_token(owner, Scope.KEYS).token
    ((code, _name),) = begin(through_token(owner, token.scopes, token.public_id), "Shop 1").codes
    made = prove(code, 1)
    end(owner, token)

    assert commanding.find(code, made.spki_sha256).intent.key_pair_id == made.id


def test_codes_that_a_person_asked_for_anew_end_with_no_token(owner: Actor):
    token = a_token(owner, Scope.KEYS).token
    begin(through_token(owner, token.scopes, token.public_id), "Shop 1")
    ((code, _name),) = begin(owner, "Shop 1").codes
    end(owner, token)

    assert commanding.find(code, None).intent.name == "Shop 1"


def test_an_integrator_makes_them_in_its_clients_account(owner: Actor):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))

    pair = prove(begin(acting, "One", "Two").codes[1][0], 760)

    assert (pair.tenant_id, pair.holder_id) == (owner.tenant_id, integrator.home_id)


def test_who_may_not_make_one_makes_none(owner: Actor):
    acting = for_client(
        integrator := an_integrator(), a_delegation(owner, integrator, environments=[Environment.PRODUCTION])
    )

    with pytest.raises(PortalError):
        begin(acting, "One")

    assert intents() == []
