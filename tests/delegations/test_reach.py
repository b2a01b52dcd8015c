"""Who finds which delegations: one's own only, whatever one's place in them."""

import pytest

from portal.access.actor import Actor
from portal.access.rows import owned_by
from portal.delegations import operations, store
from portal.delegations.models import Delegation, DelegationProject, DelegationProposal, ProposalProject
from portal.foundation.database import db
from portal.foundation.errors import NotFound
from tests.delegations.scenes import BOTH, SANDBOX, a_project, account_of, do, terms_of
from tests.factories import a_delegation, a_licensee, an_integrator, for_client
from tests.statements import counted


@pytest.fixture
def running(owner: Actor, integrator: Actor) -> Delegation:
    return a_delegation(owner, integrator)


def test_another_tenant_does_not_find_it(running: Delegation) -> None:
    stranger = a_licensee()

    for get in (store.get_given, store.get_taken):
        with pytest.raises(NotFound):
            get(stranger, running.public_id)


def test_the_integrator_does_not_find_it_among_those_it_gives(integrator: Actor, running: Delegation) -> None:
    with pytest.raises(NotFound):
        store.get_given(integrator, running.public_id)


def test_the_owner_does_not_find_it_among_those_it_takes(owner: Actor, running: Delegation) -> None:
    with pytest.raises(NotFound):
        store.get_taken(owner, running.public_id)


def test_a_missing_one_is_not_found(owner: Actor) -> None:
    with pytest.raises(NotFound):
        store.get_given(owner, "dlg_missing")


def test_an_integrator_in_its_clients_account_finds_its_own_delegation_there(
    integrator: Actor, running: Delegation
) -> None:
    acting = for_client(integrator, running)

    assert store.get_given(acting, running.public_id).id == running.id


def test_an_integrator_in_its_clients_account_finds_no_other_integrators_delegation(
    owner: Actor, integrator: Actor, running: Delegation
) -> None:
    project = a_project(owner, "One")
    other = an_integrator()
    theirs = a_delegation(owner, other, environments=SANDBOX, project_ids=frozenset({project}))
    do(operations.propose_widening, owner, theirs, **terms_of(theirs, environments=BOTH))
    acting = for_client(integrator, running)

    with pytest.raises(NotFound):
        store.get_given(acting, theirs.public_id)
    for model in (DelegationProject, DelegationProposal, ProposalProject):
        assert db.session.scalars(owned_by(acting, model)).all() == []
        assert db.session.scalars(owned_by(owner, model)).all() != []


def test_an_integrator_in_its_clients_account_does_not_find_its_other_clients_there(
    integrator: Actor, running: Delegation
) -> None:
    with pytest.raises(NotFound):
        store.taken_by(for_client(integrator, running))


def test_an_integrator_finds_the_delegations_of_all_its_clients(owner: Actor, integrator: Actor) -> None:
    rows = {a_delegation(client, integrator).public_id for client in (owner, a_licensee())}

    page = store.page(store.taken_by(integrator), past=False, place=None)

    assert {row.public_id for row in page.rows} == rows


def test_the_lists_part_what_is_open_from_what_is_over(owner: Actor, running: Delegation) -> None:
    past = a_delegation(owner, an_integrator())
    do(operations.end, owner, past)

    found = [store.page(store.given_by(owner), past=over, place=None).rows for over in (False, True)]

    assert [[row.public_id for row in rows] for rows in found] == [[running.public_id], [past.public_id]]


def test_a_list_costs_the_same_number_of_statements_whatever_its_length(owner: Actor, running: Delegation) -> None:
    def cost() -> int:
        with counted() as sent:
            for row in store.page(store.given_by(owner), past=False, place=None).rows:
                assert row.integrator.name
                assert row.project_ids is None
        return len(sent)

    one = cost()
    for _more in range(3):
        a_delegation(owner, an_integrator())
    db.session.rollback()

    assert cost() == one


def test_signing_in_to_a_client_takes_two_statements_at_most(owner: Actor, integrator: Actor) -> None:
    a_delegation(owner, integrator, project_ids=frozenset({a_project(owner, "One")}))
    account_id = account_of(owner)
    db.session.rollback()

    with counted() as sent:
        (row,) = store.running_for(account_id, [integrator.tenant_id])
        assert row.owner.account_id == account_id
        assert len(row.project_ids) == 1

    assert len(sent) == 2


def test_no_integrator_runs_nothing(owner: Actor, running: Delegation) -> None:
    assert store.running_for(account_of(owner), []) == []


def test_a_delegation_of_another_owner_does_not_open_this_one(integrator: Actor, running: Delegation) -> None:
    assert store.running_for(account_of(a_licensee()), [integrator.tenant_id]) == []
