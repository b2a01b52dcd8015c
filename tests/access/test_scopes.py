"""A token may do what its scopes give, and never more than its person."""

import uuid

import pytest

from portal.access.actor import Actor, refusal_of, require, require_scope, through_token
from portal.access.errors import OnlyInPerson, ScopeMissing
from portal.access.roles import (
    PERMISSIONS,
    SCOPE_GIVES,
    SCOPE_NAMES,
    SIGNER_PERMISSIONS,
    Permission,
    Role,
    Scope,
    given_by,
    scopes_within,
)

pytestmark = pytest.mark.no_database

TENANT, CONTRACT = uuid.uuid4(), uuid.uuid4()
# Looking into a tenant, what takes somebody's sign-in, and saying how people prove who they are.
IN_PERSON = {Permission.LOOK_IN, Permission.PERSON_KEEP, Permission.POLICY_CHANGE}
KEY_SCOPES = (Scope.KEYS, Scope.PRODUCTION_KEYS)


def a_person(role: Role, **others: object) -> Actor:
    return Actor(
        **{"tenant_id": TENANT, "home_id": TENANT, "label": "Ada", "role": role, "permissions": PERMISSIONS[role]}
        | others
    )


def a_token(role: Role, *scopes: Scope, **others: object) -> Actor:
    return through_token(a_person(role, **others), frozenset(scopes), "tok_1")


@pytest.mark.parametrize("permission", sorted(set(Permission) - IN_PERSON))
def test_every_act_but_those_of_people_is_in_a_scope(permission):
    assert any(permission in given for given in SCOPE_GIVES.values())


def test_what_only_people_do_is_in_no_scope():
    assert not IN_PERSON & given_by(frozenset(Scope))


def test_every_scope_gives_something_and_has_a_sentence():
    assert SCOPE_GIVES.keys() == SCOPE_NAMES.keys() == set(Scope)
    assert all(SCOPE_GIVES.values())


@pytest.mark.parametrize("role", list(Role))
def test_a_token_of_all_scopes_may_no_more_than_its_person(role):
    assert a_token(role, *Scope).permissions == PERMISSIONS[role] - IN_PERSON


@pytest.mark.parametrize("role", list(Role))
def test_every_token_reads(role):
    token = a_token(role)

    assert token.permissions == PERMISSIONS[role] & SCOPE_GIVES[Scope.READ]
    assert token.scopes == {Scope.READ}


def test_what_the_person_may_and_the_token_may_not_is_withheld():
    token = a_token(Role.DEVELOPER, Scope.PROJECTS)

    assert token.withheld == {Permission.INSTALLATION_CHANGE}


def test_a_token_names_itself():
    assert a_token(Role.OWNER).credential == "tok_1"


def test_what_is_withheld_is_refused_by_the_name_of_the_scope():
    with pytest.raises(ScopeMissing) as refused:
        require(a_token(Role.OWNER, Scope.KEYS), Permission.MEMBERS_MANAGE)

    assert refused.value.facts == {"scope": "members"}


def test_what_the_person_may_not_do_either_is_refused_as_ever():
    refusal = refusal_of(a_token(Role.VIEWER, Scope.KEYS), Permission.KEY_MAKE)

    assert refusal.code == "not_allowed"


def test_what_no_scope_gives_is_left_to_people():
    assert isinstance(refusal_of(a_token(Role.OPERATOR, *Scope), Permission.LOOK_IN), OnlyInPerson)


def test_a_scope_is_asked_of_tokens_only():
    require_scope(a_person(Role.OWNER), Scope.PRODUCTION_KEYS)
    require_scope(a_token(Role.OWNER, Scope.PRODUCTION_KEYS), Scope.PRODUCTION_KEYS)

    with pytest.raises(ScopeMissing):
        require_scope(a_token(Role.OWNER, Scope.KEYS), Scope.PRODUCTION_KEYS)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_signs_only_with_a_scope_for_keys(scope):
    signer = a_token(
        Role.DEVELOPER,
        scope,
        signs=frozenset({CONTRACT}),
        permissions=PERMISSIONS[Role.DEVELOPER] | SIGNER_PERMISSIONS,
    )

    assert signer.signs == (frozenset({CONTRACT}) if scope in KEY_SCOPES else frozenset())


def test_a_person_is_offered_the_scopes_it_has_any_use_for():
    assert scopes_within(PERMISSIONS[Role.DEVELOPER]) == {Scope.READ, Scope.PROJECTS, Scope.INSTALLATIONS}
    assert Scope.DELEGATIONS in scopes_within(PERMISSIONS[Role.KEY_MANAGER])
    assert scopes_within(PERMISSIONS[Role.OPERATOR]) == {Scope.READ, Scope.TENANTS, Scope.MEMBERS}
