"""Rights over keys need a second factor where an account says so: whom it concerns, until when, and what it stops."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.access.actor import Actor, require
from portal.access.errors import NotAllowed, SecondFactorNeeded
from portal.access.roles import KEY_RIGHTS, PERMISSIONS, Permission, Right, Role
from portal.accounts import members, second_factors
from portal.contracts import store as contracts
from portal.delegations import people
from portal.delegations import store as delegation_store
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import factor_policy
from portal.keys import eligibility
from portal.outbox.models import OutboxMessage
from tests.accounts.factors import DEVICE, a_session, an_app, password_of
from tests.accounts.record import last_event
from tests.factories import (
    a_delegation,
    a_deputy,
    a_licensee,
    a_member,
    a_partner,
    a_vendor,
    an_integrator,
    membership_of,
    tenant_of,
)

GRACE = timedelta(days=8)


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


def switch_on(actor: Actor) -> None:
    with transaction():
        factor_policy.ask(actor)


def later(days: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(days=days), tick=False)


def now_acting(member: Actor) -> Actor:
    """What a door makes of the member now."""
    db.session.rollback()
    membership = membership_of(member)
    return people.as_member(membership, contracts.powers_of(membership, clock.now()))


def at_client(integrator: Actor, owner: Actor) -> Actor:
    db.session.rollback()
    running = delegation_store.running_for(tenant_of(owner).account_id, [integrator.home_id])
    return people.as_integrator(membership_of(integrator), running[0])


def test_nobody_is_asked_before_it_is_switched_on(owner):
    acting = now_acting(owner)

    assert (acting.factor_due, acting.held_back) == (None, frozenset())


def test_who_switches_it_on_has_eight_days_too(owner):
    switch_on(owner)
    switched_at = tenant_of(owner).factor_asked_at

    with later(7.99):
        acting = now_acting(owner)

    assert acting.may(Permission.KEY_MAKE)
    assert (acting.factor_due.tenant, acting.factor_due.at) == ("Aurora", switched_at + GRACE)


def test_after_eight_days_rights_over_keys_rest_and_all_others_stay(owner):
    before = now_acting(owner).permissions
    switch_on(owner)

    with later(8):
        acting = now_acting(owner)

    assert acting.permissions == before - KEY_RIGHTS
    assert acting.may(Permission.SEE)
    assert acting.may(Permission.MEMBERS_MANAGE)


@pytest.mark.parametrize("permission", sorted(KEY_RIGHTS & PERMISSIONS[Role.OWNER]))
def test_what_rests_is_refused_by_its_own_reason_that_names_the_account(owner, permission):
    switch_on(owner)

    with later(9), pytest.raises(SecondFactorNeeded) as refused:
        require(now_acting(owner), permission)

    assert refused.value.code == "second_factor_needed"
    assert "Aurora" in refused.value.in_english()
    assert "mend it yourself" in refused.value.in_english()


def test_no_contract_is_usable_for_a_new_pair_without_the_factor(owner):
    switch_on(owner)

    with later(9), pytest.raises(SecondFactorNeeded):
        eligibility.usable_contracts(now_acting(owner))


def test_a_factor_restores_the_rights_at_once(owner):
    switch_on(owner)
    with later(9):
        assert not now_acting(owner).may(Permission.KEY_MAKE)

        an_app(membership_of(owner).person)
        acting = now_acting(owner)

    assert acting.may(Permission.KEY_MAKE)
    assert acting.factor_due is None


def test_removing_the_last_factor_takes_them_at_once(owner):
    app = an_app(membership_of(owner).person)
    switch_on(owner)
    with later(9):
        assert now_acting(owner).may(Permission.KEY_MAKE)

        proof = password_of(app.person)
        with transaction():
            second_factors.remove(app.session, app.factor.id, proof, DEVICE)

        assert not now_acting(owner).may(Permission.KEY_MAKE)


def test_a_factor_that_is_being_set_up_counts_for_nothing(owner):
    switch_on(owner)
    with later(9):
        session = a_session(membership_of(owner).person)
        with transaction():
            second_factors.intend_app(session, "Phone")

        assert not now_acting(owner).may(Permission.KEY_MAKE)


def test_who_joins_later_has_eight_days_from_then(owner):
    switch_on(owner)
    with later(20):
        member = a_member(tenant_of(owner), Role.KEY_MANAGER)
        joined_at = clock.now()
        due = now_acting(member).factor_due
    with later(29):
        acting = now_acting(member)

    assert due.at == joined_at + GRACE
    assert acting.held_back


def test_who_gains_a_role_with_keys_has_eight_days_from_then(owner):
    member = a_member(tenant_of(owner), Role.VIEWER)
    switch_on(owner)
    with later(20):
        give(owner, member, Role.KEY_MANAGER)
        given_at = clock.now()
        due = now_acting(member).factor_due

    assert due.at == given_at + GRACE


def test_another_role_with_keys_gives_no_days_anew(owner):
    member = a_member(tenant_of(owner), Role.OWNER)
    switch_on(owner)
    with later(9):
        give(owner, member, Role.KEY_MANAGER)
        acting = now_acting(member)

    assert acting.held_back


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_who_has_no_rights_over_keys_is_asked_nothing(owner, role):
    member = a_member(tenant_of(owner), role)
    switch_on(owner)

    with later(9):
        acting = now_acting(member)

    assert acting.factor_due is None


def test_a_signer_without_a_role_for_keys_is_asked_and_signs_nothing_without():
    signer = a_partner()
    switch_on(a_member(tenant_of(signer), Role.OWNER))
    within = now_acting(signer)

    with later(9):
        acting = now_acting(signer)
        with pytest.raises(SecondFactorNeeded):
            eligibility.usable_contracts(acting)

    assert within.factor_due is not None
    assert within.signs
    assert not acting.signs


def test_a_deputy_has_eight_days_from_when_it_may_sign():
    signer = a_partner()
    switch_on(a_member(tenant_of(signer), Role.OWNER))
    with later(20):
        deputy = a_deputy(signer)
        named_at = clock.now()
        due = now_acting(deputy).factor_due

    assert due.at == named_at + GRACE


def test_an_integrator_is_held_to_its_clients_policy(owner):
    integrator = an_integrator()
    a_delegation(owner, integrator)
    switch_on(owner)

    with later(9):
        acting = at_client(integrator, owner)
        at_home = now_acting(integrator)

    assert not acting.may(Permission.KEY_MAKE)
    assert acting.may(Permission.PROJECT_CHANGE)
    assert acting.factor_due.tenant == "Aurora"
    assert at_home.factor_due is None


def test_an_integrator_is_held_to_its_own_policy_at_a_client(owner):
    integrator = an_integrator(name="Borealis")
    a_delegation(owner, integrator)
    switch_on(integrator)

    with later(9):
        acting = at_client(integrator, owner)

    assert not acting.may(Permission.KEY_MAKE)
    assert acting.factor_due.tenant == "Borealis"


def test_an_integrator_has_eight_days_from_when_its_delegation_began(owner):
    integrator = an_integrator()
    switch_on(owner)
    with later(20):
        begun_at = clock.now()
        a_delegation(owner, integrator)
        due = at_client(integrator, owner).factor_due

    assert due.at == begun_at + GRACE


def test_a_factor_of_the_integrators_person_counts_at_the_client(owner):
    integrator = an_integrator()
    an_app(membership_of(integrator).person)
    a_delegation(owner, integrator)
    switch_on(owner)

    with later(9):
        acting = at_client(integrator, owner)

    assert acting.may(Permission.KEY_MAKE)


@pytest.mark.parametrize("role", [Role.PARTNER_ADMIN, Role.OPERATOR])
def test_the_vendors_staff_is_held_to_the_vendors_policy(role):
    staff = a_vendor(role)
    switch_on(staff)

    with later(9):
        acting = now_acting(staff)

    assert acting.held_back == KEY_RIGHTS & PERMISSIONS[role]
    assert acting.may(Permission.CONSOLE_SEE)


def test_it_says_before_whom_it_concerns(owner):
    an_app(membership_of(a_member(tenant_of(owner), Role.KEY_MANAGER)).person)
    manager = a_member(tenant_of(owner), Role.KEY_MANAGER, name="Kim")
    a_member(tenant_of(owner), Role.VIEWER)
    keys, nothing = an_integrator(), an_integrator()
    a_delegation(owner, keys)
    a_delegation(owner, nothing, rights=[Right.VIEW, Right.PROJECTS])

    found = factor_policy.concerned(owner)

    assert {row.person_id for row in found.members} == {owner.person_id, manager.person_id}
    assert [row.person_id for row in found.of_integrators] == [keys.person_id]


def test_signers_and_deputies_are_among_them():
    signer = a_partner()
    deputy = a_deputy(signer)
    owner = a_member(tenant_of(signer), Role.OWNER)

    found = factor_policy.concerned(owner)

    assert {row.person_id for row in found.members} == {signer.person_id, deputy.person_id, owner.person_id}


def test_each_of_them_gets_a_mail_and_it_is_one_event(owner):
    integrator = an_integrator()
    a_delegation(owner, integrator)

    switch_on(owner)
    switch_on(owner)

    assert mails("factor_asked") == 2
    event = last_event(owner.tenant_id)
    assert (event.event, event.facts["people"]) == ("tenant.factor_asked", 2)


def test_switching_off_gives_everything_back_and_is_told(owner):
    other = a_member(tenant_of(owner), Role.OWNER)
    an_app(membership_of(owner).person)
    switch_on(owner)
    with later(9):
        switch_off(now_acting(owner))
        switch_off(now_acting(owner))
        acting = now_acting(other)

    assert acting.may(Permission.KEY_MAKE)
    assert acting.factor_due is None
    assert mails("factor_asked_no_more") == 2
    assert last_event(owner.tenant_id).event == "tenant.factor_asked_no_more"


def test_who_falls_short_of_it_does_not_switch_it_off(owner):
    switch_on(owner)

    with later(9), pytest.raises(SecondFactorNeeded):
        switch_off(now_acting(owner))

    assert tenant_of(owner).factor_asked_at is not None


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_an_owner_switches_it(owner, role):
    with pytest.raises(NotAllowed):
        switch_on(a_member(tenant_of(owner), role))


def test_what_a_person_is_asked_is_named_account_by_account(owner):
    integrator = an_integrator(name="Borealis")
    a_delegation(owner, integrator)
    switch_on(owner)
    switch_on(integrator)
    an_app(membership_of(integrator).person)

    asked = factor_policy.asked_of(integrator.person_id)

    assert sorted(one.tenant.name for one in asked) == ["Aurora", "Borealis"]
    assert factor_policy.due_of(integrator.person_id) is None


def give(owner: Actor, member: Actor, role: Role) -> None:
    row = membership_of(member)
    with transaction():
        members.change_role(owner, row, role, row.version)


def switch_off(actor: Actor) -> None:
    with transaction():
        factor_policy.stop_asking(actor)


def mails(template: str) -> int:
    return len(db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == template)).all())
