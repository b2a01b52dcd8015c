"""Who was removed, or lost what they act by, does nothing more: an act under way came before that, or is refused."""

import pytest

from portal.access.actor import Actor, system_actor
from portal.access.errors import RightsChanged
from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.audit import store as record
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.factories import a_delegation, a_licensee, a_member, an_integrator, for_client, membership_of, tenant_of
from tests.parallel import at_once


def act(actor: Actor, name: str = "Another name") -> None:
    """Something that a developer and an integrator do: renaming the only project."""
    with transaction():
        projects.rename_project(actor, project_store.page(actor, place=None).rows[0], name)


def remove(by: Actor, member: Actor) -> None:
    with transaction():
        accounts.remove(by, people.get_membership(by, member.membership_id))


def give(by: Actor, member: Actor, role: Role) -> None:
    with transaction():
        membership = people.get_membership(by, member.membership_id)
        accounts.change_role(by, membership, role, membership.version)


def stand(tenant_of_whom: Actor, standing: Standing) -> None:
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_of(tenant_of_whom), standing)


@pytest.fixture
def owner() -> Actor:
    owner = a_licensee()
    with transaction():
        projects.create(owner, "Shop", contracts.running(owner, clock.now())[0])
    return owner


@pytest.fixture
def developer(owner: Actor) -> Actor:
    return a_member(tenant_of(owner), Role.DEVELOPER)


@pytest.fixture
def integrator() -> Actor:
    return an_integrator()


def test_a_removed_member_who_was_let_in_before_does_nothing(owner: Actor, developer: Actor):
    remove(owner, developer)

    with pytest.raises(RightsChanged):
        act(developer)


def test_a_member_with_another_role_does_nothing_by_the_old_one(owner: Actor, developer: Actor):
    give(owner, developer, Role.VIEWER)

    with pytest.raises(RightsChanged):
        act(developer)


def test_a_disabled_person_does_nothing(developer: Actor):
    with transaction():
        people.get_person(developer.person_id).disabled_at = clock.now()

    with pytest.raises(RightsChanged):
        act(developer)


def test_an_integrator_whose_delegation_ended_does_nothing_at_the_client(owner: Actor, integrator: Actor):
    delegation = a_delegation(owner, integrator)
    there = for_client(integrator, delegation)
    with transaction():
        delegations.end(owner, delegation_store.get_given(owner, delegation.public_id))

    with pytest.raises(RightsChanged):
        act(there)


def test_nor_one_that_was_removed_at_home(owner: Actor, integrator: Actor):
    colleague = a_member(tenant_of(integrator), Role.DEVELOPER)
    there = for_client(colleague, a_delegation(owner, integrator))
    remove(integrator, colleague)

    with pytest.raises(RightsChanged):
        act(there)


def test_nor_one_whose_own_account_is_suspended(owner: Actor, integrator: Actor):
    there = for_client(integrator, a_delegation(owner, integrator))
    stand(integrator, Standing.SUSPENDED)

    with pytest.raises(RightsChanged):
        act(there)


def test_a_member_removes_oneself(owner: Actor):
    other = a_member(tenant_of(owner))

    remove(owner, owner)

    assert [row.id for row in people.members(other).rows] == [other.membership_id]


def test_an_owner_takes_a_lower_role(owner: Actor):
    a_member(tenant_of(owner))

    give(owner, owner, Role.VIEWER)

    assert membership_of(owner).role is Role.VIEWER


@pytest.mark.parametrize("round_", range(3))
def test_acts_at_the_moment_of_the_removal_come_before_it_or_are_refused(round_: int, owner: Actor, developer: Actor):
    def strike(number: int) -> None:
        if number == round_ * 2:
            remove(owner, developer)
        else:
            act(developer, f"Shop {number}")

    outcomes = at_once(strike, 8)

    told = [(row.event, row.actor_id) for row in record.events_of(owner.tenant_id)]
    end = [event for event, _who in told].index("member.removed")
    before = [event for event, who in told[:end] if who == developer.person_id]
    assert not [event for event, who in told[end:] if who == developer.person_id]
    assert len(before) == outcomes["done"] - 1
    assert outcomes["done"] + outcomes["rights_changed"] == 8


def test_acts_at_a_client_at_the_moment_the_delegation_ends_come_before_it_or_are_refused(
    owner: Actor, integrator: Actor
):
    delegation = a_delegation(owner, integrator)
    public_id, there = delegation.public_id, for_client(integrator, delegation)

    def strike(number: int) -> None:
        if number:
            return act(there, f"Shop {number}")
        with transaction():
            return delegations.end(owner, delegation_store.get_given(owner, public_id))

    outcomes = at_once(strike, 8)

    told = [(row.event, row.actor_id) for row in record.events_of(owner.tenant_id)]
    end = [event for event, _who in told].index("delegation.ended")
    assert not [event for event, who in told[end:] if who == integrator.person_id]
    assert outcomes["done"] + outcomes["rights_changed"] == 8


def test_of_two_owners_who_remove_each_other_one_stays(owner: Actor):
    other = a_member(tenant_of(owner))

    outcomes = at_once(lambda number: remove(*((owner, other) if number else (other, owner))), 2)

    stayed = [who for who in (owner, other) if _is_member(who)]
    assert outcomes["done"] == 1
    assert len(stayed) == 1


def test_a_removal_sent_twice_at_once_is_one_event(owner: Actor, developer: Actor):
    outcomes = at_once(lambda _number: remove(owner, developer), 2)

    events = [row.event for row in record.events_of(owner.tenant_id)]
    assert outcomes == {"done": 1, "not_found": 1}
    assert events.count("member.removed") == 1


def _is_member(who: Actor) -> bool:
    try:
        return membership_of(who).ended_at is None
    except PortalError:
        return False
