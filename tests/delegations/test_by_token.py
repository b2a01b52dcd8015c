"""Where a personal token acts: in its own tenant and at that tenant's clients, and never with more than its person."""

import pytest

from portal.access.actor import require, system_actor
from portal.access.errors import ScopeMissing
from portal.access.roles import Permission, Right, Role, Scope
from portal.accounts import members
from portal.delegations import operations as delegations
from portal.delegations.by_token import actor_for
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from portal.tenants import operations as tenants
from portal.tenants.errors import AccountSuspended
from portal.tenants.models import Standing
from portal.tokens import operations as tokens
from tests.factories import a_delegation, a_licensee, a_member, a_partner, membership_of, tenant_of
from tests.tokens.scenes import a_token


def acts(issued, where):
    db.session.rollback()
    token = tokens.find(issued.secret, clock.now())
    return actor_for(token, tenant_of(where).account_id)


def test_a_token_acts_at_home_as_its_person_within_its_scopes(owner):
    issued = a_token(owner, Scope.KEYS)

    actor = acts(issued, owner)

    assert (actor.tenant_id, actor.person_id, actor.label) == (owner.tenant_id, owner.person_id, owner.label)
    assert actor.credential == issued.token.public_id
    assert actor.may(Permission.KEY_MAKE)
    assert not actor.may(Permission.MEMBERS_MANAGE)


def test_a_token_acts_at_a_client_under_the_delegation(owner, integrator):
    delegation = a_delegation(owner, integrator, rights=[Right.VIEW, Right.KEYS])
    issued = a_token(integrator, Scope.PROJECTS, Scope.KEYS)

    actor = acts(issued, owner)

    assert (actor.tenant_id, actor.home_id) == (owner.tenant_id, integrator.tenant_id)
    assert actor.delegation_id == delegation.id
    assert actor.permissions == {
        Permission.SEE, Permission.KEY_MAKE, Permission.KEY_ROTATE, Permission.KEY_RENAME, Permission.KEY_REVOKE
    }  # fmt: skip


def test_what_the_token_lacks_at_a_client_is_told_by_its_scope(owner, integrator):
    a_delegation(owner, integrator)

    with pytest.raises(ScopeMissing):
        require(acts(a_token(integrator), owner), Permission.KEY_MAKE)


def test_another_account_is_not_found(owner, integrator):
    with pytest.raises(NotFound):
        acts(a_token(integrator), owner)


def test_another_account_of_the_same_person_is_not_found(owner):
    other = a_member(tenant_of(a_licensee()), person=membership_of(owner).person)

    with pytest.raises(NotFound):
        acts(a_token(owner), other)


def test_a_client_is_not_found_once_the_delegation_ended(owner, integrator):
    delegation = a_delegation(owner, integrator)
    issued = a_token(integrator)
    with transaction():
        delegations.end(owner, delegation)

    with pytest.raises(NotFound):
        acts(issued, owner)


def test_a_token_of_a_suspended_account_is_refused_as_its_person_is(owner):
    issued = a_token(owner)
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_of(owner), Standing.SUSPENDED)

    with pytest.raises(AccountSuspended):
        acts(issued, owner)


def test_a_token_has_no_more_than_the_role_its_person_has_now(owner):
    manager = a_member(tenant_of(owner), Role.KEY_MANAGER)
    issued = a_token(manager, Scope.KEYS)
    with transaction():
        membership = membership_of(manager)
        members.change_role(owner, membership, Role.VIEWER, membership.version)

    assert acts(issued, owner).permissions == {Permission.SEE}


def test_a_signers_token_signs():
    signer = a_partner()

    assert acts(a_token(signer, Scope.KEYS), signer).signs == signer.signs
    assert not acts(a_token(signer), signer).signs
