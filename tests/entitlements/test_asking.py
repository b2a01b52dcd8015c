import uuid
from dataclasses import replace

import pytest

from portal.access.actor import Reach, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.audit import store as audit
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.contracts.errors import ContractNotRunning
from portal.entitlements import asking, deciding, store
from portal.entitlements.errors import (
    AmountOutOfRange,
    NothingToRaise,
    NotYourRequest,
    ReasonMissing,
    RequestDecided,
    RequestWaiting,
    WishOutsideReach,
)
from portal.entitlements.models import RequestState, Wish
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.foundation.words import TextHasControls, TextTooLong
from portal.projects import operations as projects
from tests.factories import a_delegation, a_licensee, a_member, an_integrator, for_client, tenant_of


def ask(actor, *, wish=Wish.PROJECT, amount=2, reason="Two more shops open in May.", project_id=None):
    with transaction():
        contract = contract_store.all_of(actor)[0]
        return asking.request_more(actor, contract, wish, amount, reason, project_id=project_id)


def a_project(actor):
    with transaction():
        return projects.create(actor, "Storefront", contract_store.all_of(actor)[0])


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_a_request_waits_with_its_reason_until_it_is_decided():
    licensee = a_licensee()

    ask(licensee)

    (request,) = store.requests_for_projects(licensee)
    assert (request.state, request.amount, request.reason) == (RequestState.WAITING, 2, "Two more shops open in May.")


def test_asking_the_same_twice_has_one_effect():
    licensee = a_licensee()

    assert ask(licensee).id == ask(licensee).id
    assert events_of(licensee).count("request.made") == 1


def test_another_number_for_what_is_asked_already_is_refused():
    licensee = a_licensee()
    ask(licensee)

    with pytest.raises(RequestWaiting):
        ask(licensee, amount=5)


def test_what_was_withdrawn_can_be_asked_again():
    licensee = a_licensee()
    first = ask(licensee)
    with transaction():
        asking.withdraw(licensee, first)

    assert ask(licensee).id != first.id


def test_data_spaces_are_asked_for_in_one_project():
    licensee = a_licensee()
    project = a_project(licensee)

    ask(licensee, wish=Wish.TESTING_SPACE, project_id=project.id)

    assert len(store.requests_for_spaces(licensee, project.id)) == 1
    assert not store.requests_for_projects(licensee)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_who_may_not_change_projects_asks_for_none(role):
    member = a_member(tenant_of(a_licensee()), role)

    with pytest.raises(NotAllowed):
        ask(member)


@pytest.mark.parametrize("amount", [-1, 0, 101])
def test_the_amount_is_between_1_and_100(amount):
    licensee = a_licensee()

    with pytest.raises(AmountOutOfRange):
        ask(licensee, amount=amount)


@pytest.mark.parametrize(
    ("reason", "refusal"), [("  \n", ReasonMissing), ("a\x00b", TextHasControls), ("x" * 2001, TextTooLong)]
)
def test_a_request_has_a_fit_reason(reason, refusal):
    licensee = a_licensee()

    with pytest.raises(refusal):
        ask(licensee, reason=reason)


def test_there_is_nothing_to_raise_on_an_integrator_agreement():
    integrator = an_integrator()

    with pytest.raises(NothingToRaise):
        ask(integrator)


def test_nothing_more_is_asked_of_an_ended_contract():
    licensee = a_licensee()
    with transaction():
        contracts.end(system_actor("tests"), contract_store.all_of(licensee)[0])

    with pytest.raises(ContractNotRunning):
        ask(licensee)


def test_a_delegation_for_certain_projects_asks_for_no_more_projects():
    licensee = a_licensee()
    limited = replace(licensee, reach=Reach(project_ids=frozenset({a_project(licensee).id})))

    with pytest.raises(WishOutsideReach):
        ask(limited)


def test_a_delegation_for_one_side_asks_for_data_spaces_of_that_side_only():
    licensee = a_licensee()
    project = a_project(licensee)
    limited = replace(licensee, reach=Reach(environments=frozenset({Environment.SANDBOX})))

    ask(limited, wish=Wish.TESTING_SPACE, project_id=project.id)

    with pytest.raises(WishOutsideReach):
        ask(limited, wish=Wish.PRODUCTION_SPACE, project_id=project.id)


def test_a_request_outside_the_delegation_does_not_exist():
    licensee = a_licensee()
    project = a_project(licensee)
    request = ask(licensee, wish=Wish.PRODUCTION_SPACE, project_id=project.id)
    other_project = replace(licensee, reach=Reach(project_ids=frozenset({uuid.uuid4()})))
    other_side = replace(licensee, reach=Reach(environments=frozenset({Environment.SANDBOX})))

    for limited in (other_project, other_side):
        with pytest.raises(NotFound):
            store.get_request(limited, request.public_id)


def test_another_tenants_request_does_not_exist():
    request = ask(a_licensee())

    with pytest.raises(NotFound):
        store.get_request(a_licensee(), request.public_id)


def test_withdrawing_twice_is_one_event():
    licensee = a_licensee()
    request = ask(licensee)

    for _time in range(2):
        with transaction():
            asking.withdraw(licensee, request)

    assert events_of(licensee).count("request.withdrawn") == 1
    assert request.closed_at is not None


def test_an_integrator_withdraws_nothing_that_its_client_asked_for():
    licensee, integrator = a_licensee(), an_integrator()
    acting = for_client(integrator, a_delegation(licensee, integrator))
    request = ask(licensee)

    assert asking.may_withdraw(licensee, request)
    assert not asking.may_withdraw(acting, request)
    with pytest.raises(NotYourRequest), transaction():
        asking.withdraw(acting, request)


def test_an_integrator_finds_in_its_own_record_what_it_asked_and_withdrew():
    licensee, integrator = a_licensee(), an_integrator()
    request = ask(acting := for_client(integrator, a_delegation(licensee, integrator)))
    with transaction():
        asking.withdraw(acting, request)

    assert events_of(integrator)[:2] == ["request.withdrawn", "request.made"]


def test_a_viewer_withdraws_nothing():
    licensee = a_licensee()
    request, viewer = ask(licensee), a_member(tenant_of(licensee), Role.VIEWER)

    with pytest.raises(NotAllowed), transaction():
        asking.withdraw(viewer, request)


def test_a_decided_request_is_not_withdrawn():
    licensee = a_licensee()
    request = ask(licensee)
    with transaction():
        deciding.refuse(system_actor("tests"), request, "Not this year.")

    with pytest.raises(RequestDecided), transaction():
        asking.withdraw(licensee, request)
