"""What key pairs a person's token may make and rotate."""

import pytest

from portal.access.actor import through_token
from portal.access.errors import ScopeMissing
from portal.access.roles import Environment, Permission, Role, Scope
from portal.contracts import store as contracts
from portal.contracts.deputies import require_signer
from portal.foundation.database import transaction
from portal.keys import commanding, making
from portal.keys.eligibility import has_power, refusal_to_run, usable_contracts
from tests.factories import a_command_intent, a_contract, a_key, a_member, a_partner, a_tenant, tenant_of

KEYS, READ = frozenset({Scope.KEYS}), frozenset({Scope.READ})


def through(actor, scopes):
    return through_token(actor, scopes, "tok_1")


def test_a_token_for_keys_makes_what_its_person_makes():
    owner = a_member(a_tenant())
    a_contract_of(owner)

    assert usable_contracts(through(owner, KEYS))


def test_a_token_without_a_scope_for_keys_makes_none():
    owner = a_member(a_tenant())
    a_contract_of(owner)

    with pytest.raises(ScopeMissing):
        usable_contracts(through(owner, READ))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_a_signers_token_signs_with_a_scope_for_keys_only(role):
    signer = a_partner(signer_role=role)

    assert usable_contracts(through(signer, KEYS))
    with pytest.raises(ScopeMissing):
        usable_contracts(through(signer, READ))


def test_a_token_without_a_scope_for_keys_rotates_and_revokes_none():
    owner = a_member(a_tenant())
    a_contract_of(owner)
    pair = a_key(owner)
    token = through(owner, READ)

    assert not has_power(token, pair, Permission.KEY_REVOKE)
    assert isinstance(refusal_to_run(token, pair), ScopeMissing)
    assert refusal_to_run(through(owner, KEYS), pair) is None


def a_contract_of(owner):
    return a_contract(tenant_of(owner))


def test_a_token_without_the_scope_gives_up_no_key_that_is_being_made_and_gets_no_code_for_it():
    owner = a_member(a_tenant())
    a_contract_of(owner)
    intent = a_command_intent(owner)
    token = through(owner, READ)

    for act in (making.discard, commanding.show_code):
        with pytest.raises(ScopeMissing), transaction():
            act(token, intent)


def test_a_token_for_sandbox_keys_gets_no_code_for_a_production_one():
    owner = a_member(a_tenant())
    a_contract_of(owner)
    intent = a_command_intent(owner, environment=Environment.PRODUCTION)

    with pytest.raises(ScopeMissing), transaction():
        commanding.show_code(through(owner, KEYS), intent)


def test_a_signers_token_names_a_deputy_only_with_the_scope_for_production_keys():
    signer = a_partner()
    contract = contracts.all_with_signers(signer)[0]

    with pytest.raises(ScopeMissing):
        require_signer(through(signer, KEYS), contract)
    require_signer(through(signer, frozenset({Scope.PRODUCTION_KEYS})), contract)
