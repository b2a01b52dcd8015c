"""Approving what tenants ask for: what it grants at once, what hinders it, and two who decide at the same time."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Reach, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import members
from portal.audit import store as audit
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning, EditionOfOtherKind
from portal.entitlements import asking, deciding
from portal.entitlements import operations as entitlements
from portal.entitlements import store as requests
from portal.entitlements.errors import (
    AnswerMissing,
    ApprovedMeanwhile,
    EditionAlready,
    NotReopened,
    PartApprovedMeanwhile,
    PartOutOfRange,
    RefusedMeanwhile,
    ReopenedAlready,
    ServiceAlready,
    StandingHinders,
    ThingWaiting,
    WholeOnly,
    WishOutsideReach,
    WithdrawnMeanwhile,
)
from portal.entitlements.models import RequestState, Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.projects import allotments, granting, operations, store
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.factories import (
    a_delegation,
    a_licensee,
    a_member,
    a_partner,
    a_vendor,
    an_integrator,
    for_client,
    membership_of,
    tenant_of,
)

ALL, PART = 2, 1


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def owner():
    return a_licensee()


@pytest.fixture
def project(owner):
    with transaction():
        return operations.create(owner, "Storefront", contracts.all_of(owner)[0])


def ask(actor, wish=Wish.PROJECT, amount=2, *, project=None, reason="A fair in May."):
    with transaction():
        contract = contracts.all_of(actor)[0]
        return asking.request_more(actor, contract, wish, amount, reason, project.id if project else None)


def ask_for_edition(actor, code="magento-open-source", reason="We need less."):
    with transaction():
        return asking.request_edition(actor, contracts.all_of(actor)[0], contracts.edition(code), reason)


def ask_for_service(actor, code="live-search", reason="The shop has a search."):
    with transaction():
        service = next(row for row in contracts.services() if row.code == code)
        return asking.request_service(actor, contracts.all_of(actor)[0], service, reason)


def approve(admin, request, granted=None, answer="", **more):
    with transaction():
        return granting.approve(admin, request, granted or request.amount, answer, **more)


def refuse(admin, request, answer="Not this year."):
    with transaction():
        return deciding.refuse(admin, request, answer)


def reopen(actor, request, reason="The fair was moved up."):
    with transaction():
        return asking.reopen(actor, request, reason)


def names(owner, project):
    return [space.name for space in store.get(owner, project.public_id).data_spaces]


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def mails(template):
    return [mail for mail in outbox.read_all(100) if mail.template == template]


def test_approved_projects_make_room_at_once(owner, admin):
    approve(admin, ask(owner))

    (allotment,) = allotments.of(owner)
    assert allotment.granted == 5


def test_a_part_makes_room_for_the_part(owner, admin):
    approve(admin, ask(owner), PART, "One is enough for a fair.")

    (allotment,) = allotments.of(owner)
    assert allotment.granted == 4


def test_only_what_was_approved_raises_the_allotment(owner, admin):
    refuse(admin, ask(owner))
    ask(owner)

    (allotment,) = allotments.of(owner)
    assert allotment.granted == 3


def test_approved_data_spaces_are_there_at_once_and_named_on(owner, admin, project):
    approve(admin, ask(owner, Wish.TESTING_SPACE, 2, project=project))

    assert names(owner, project) == ["Production", "Testing 1", "Testing 2", "Testing 3", "Testing 4"]


def test_a_new_data_space_passes_over_a_name_that_another_one_was_given(owner, admin, project):
    renamed = store.get(owner, project.public_id).data_spaces[1]
    with transaction():
        operations.rename_data_space(owner, renamed, "testing 3")

    approve(admin, ask(owner, Wish.TESTING_SPACE, 1, project=project))

    assert names(owner, project)[-1] == "Testing 4"


def test_a_second_production_space_has_its_number(owner, admin, project):
    approve(admin, ask(owner, Wish.PRODUCTION_SPACE, 1, project=project))

    assert names(owner, project)[-1] == "Production 2"


def narrowed(owner, code="live-search"):
    """The moment at which the owner's service ends, narrowed to an earlier day than its contract's."""
    ends_at = clock.now() + timedelta(days=1)
    with transaction():
        (row,) = [row for row in requests.all_of(owner) if row.service_code == code]
        entitlements.narrow(system_actor("tests"), row, ends_at)
    return ends_at


def test_a_service_that_was_narrowed_and_ran_out_can_be_asked_for_and_comes_back(owner, admin):
    with time_machine.travel(narrowed(owner), tick=False):
        approve(admin, ask_for_service(owner))

        assert "live-search" in {service.code for service in requests.services_of(owner, clock.now())}
        (row,) = [row for row in requests.all_of(owner) if row.service_code == "live-search"]
        assert row.ends_at == contracts.all_of(owner)[0].ends_at


def test_a_service_that_was_narrowed_is_there_until_it_runs_out(owner):
    with time_machine.travel(narrowed(owner) - timedelta(seconds=1), tick=False), pytest.raises(ServiceAlready):
        ask_for_service(owner)


def test_an_approved_service_may_be_used_until_the_contract_ends(admin):
    owner = a_licensee("magento-open-source")

    approve(admin, ask_for_service(owner))

    contract = contracts.all_of(owner)[0]
    (row,) = [row for row in requests.all_of(owner) if row.service_code == "live-search"]
    assert row.ends_at == contract.ends_at
    assert "live-search" in {service.code for service in requests.services_of(owner, clock.now())}


def test_an_approved_edition_is_the_contracts_from_now_on(owner, admin):
    approve(admin, ask_for_edition(owner))

    assert contracts.all_of(owner)[0].edition_code == "magento-open-source"


def test_an_approval_is_one_event_at_the_tenant(owner, admin, project):
    approve(admin, ask(owner, Wish.TESTING_SPACE, 1, project=project))

    assert events_of(owner)[:2] == ["request.approved", "request.made"]
    assert "request.approved" not in events_of(admin)


@pytest.mark.parametrize("role", [Role.OPERATOR])
def test_an_operator_decides_nothing(owner, role):
    request, operator = ask(owner), a_vendor(role)

    with pytest.raises(NotAllowed):
        approve(operator, request)
    with pytest.raises(NotAllowed):
        refuse(operator, request)


def test_no_owner_approves_the_own_request(owner):
    request = ask(owner)

    with pytest.raises(NotAllowed):
        approve(owner, request)


def test_a_refusal_says_why(owner, admin):
    with pytest.raises(AnswerMissing):
        refuse(admin, ask(owner), "  ")


def test_a_part_says_why(owner, admin):
    with pytest.raises(AnswerMissing):
        approve(admin, ask(owner), PART)


@pytest.mark.parametrize("granted", [-1, 3])
def test_no_more_is_approved_than_was_asked_for(owner, admin, granted):
    with pytest.raises(PartOutOfRange):
        approve(admin, ask(owner), granted, "So it is.")


def test_an_edition_is_approved_as_a_whole(owner, admin):
    with pytest.raises(WholeOnly):
        approve(admin, ask_for_edition(owner), 2, "Twice.")


@pytest.mark.parametrize("standing", [Standing.PAST_DUE, Standing.SUSPENDED])
def test_nothing_is_approved_while_the_standing_is_not_good(owner, admin, standing):
    request = ask(owner)
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_of(owner), standing)

    with pytest.raises(StandingHinders):
        approve(admin, request)
    assert refuse(admin, request).state is RequestState.REFUSED


def test_nothing_is_approved_under_a_contract_that_ended(owner, admin):
    request = ask(owner)
    with transaction():
        contract_operations.end(system_actor("tests"), contracts.all_of(owner)[0])

    with pytest.raises(ContractNotRunning):
        approve(admin, request)


def test_the_same_approval_by_the_same_person_twice_is_one_event_and_one_grant(owner, admin, project):
    request = ask(owner, Wish.TESTING_SPACE, 1, project=project)

    for _time in range(2):
        approve(admin, request)

    assert events_of(owner).count("request.approved") == 1
    assert len(names(owner, project)) == 4


def test_the_same_refusal_by_the_same_person_twice_is_one_event(owner, admin):
    request = ask(owner)

    for _time in range(2):
        refuse(admin, request)

    assert events_of(owner).count("request.refused") == 1


def test_who_decides_second_hears_what_the_first_one_did(owner, admin):
    first, request = a_vendor(), ask(owner)
    refuse(first, request, "Not this year.")

    with pytest.raises(RefusedMeanwhile) as refusal:
        approve(admin, request)

    assert refusal.value.facts["who"] == first.label
    assert refusal.value.facts["answer"] == "Not this year."
    assert refusal.value.facts["at"].endswith("UTC")


@pytest.mark.parametrize(("granted", "said"), [(ALL, ApprovedMeanwhile), (PART, PartApprovedMeanwhile)])
def test_who_refuses_what_was_approved_hears_it(owner, admin, granted, said):
    request = ask(owner)
    approve(a_vendor(), request, granted, "For now.")

    with pytest.raises(said):
        refuse(admin, request)


def test_what_was_withdrawn_is_decided_no_more(owner, admin):
    request = ask(owner)
    with transaction():
        asking.withdraw(owner, request)

    with pytest.raises(WithdrawnMeanwhile):
        approve(admin, request)


def test_a_refused_request_is_asked_again_with_an_answer(owner, admin):
    refused = refuse(admin, ask(owner))

    again = reopen(owner, refused)

    assert (again.state, again.amount, again.reopens_id) == (RequestState.WAITING, 2, refused.id)
    assert [row.id for row in requests.earlier(owner, again)] == [refused.id]
    assert events_of(owner)[0] == "request.reopened"


def test_of_a_part_the_rest_is_asked_again_and_the_part_stays(owner, admin):
    part = approve(admin, ask(owner), PART, "One for now.")

    again = reopen(owner, part)

    (allotment,) = allotments.of(owner)
    assert (again.amount, allotment.granted) == (1, 4)


def test_asking_again_twice_has_one_effect(owner, admin):
    refused = refuse(admin, ask(owner))

    assert reopen(owner, refused).id == reopen(owner, refused).id
    assert events_of(owner).count("request.reopened") == 1


def test_asking_again_with_other_words_is_refused(owner, admin):
    refused = refuse(admin, ask(owner))
    reopen(owner, refused)

    with pytest.raises(ReopenedAlready):
        reopen(owner, refused, "And another thing.")


def test_what_was_approved_in_full_or_waits_is_not_asked_again(owner, admin):
    waiting = ask(owner)
    with pytest.raises(NotReopened):
        reopen(owner, waiting)

    approve(admin, waiting)
    with pytest.raises(NotReopened):
        reopen(owner, waiting)


def test_only_owners_ask_for_an_edition(owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)

    with pytest.raises(NotAllowed):
        ask_for_edition(developer)
    with pytest.raises(NotAllowed):
        ask_for_service(developer)


def test_no_integrator_asks_for_its_clients_edition(owner):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))

    with pytest.raises(NotAllowed):
        ask_for_edition(acting)
    assert not asking.may_wish(acting, Wish.EDITION)


def test_an_integrator_finds_no_request_about_its_clients_edition(owner):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))
    ask_for_edition(owner)

    assert not requests.requests_for_things(acting)


def test_another_kinds_edition_is_not_asked_for(owner):
    with pytest.raises(EditionOfOtherKind):
        ask_for_edition(owner, "solution-partner")


def test_the_edition_that_it_is_already_is_not_asked_for(owner):
    with pytest.raises(EditionAlready):
        ask_for_edition(owner, "adobe-commerce")


def test_a_service_that_the_contract_has_is_not_asked_for(owner):
    with pytest.raises(ServiceAlready):
        ask_for_service(owner)


def test_another_reason_for_what_waits_is_refused(owner):
    ask_for_edition(owner)

    with pytest.raises(ThingWaiting):
        ask_for_edition(owner, reason="Another reason.")


def test_a_wish_outside_the_reach_is_not_asked_again(owner, admin):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))
    refused = refuse(admin, ask(acting))
    narrowed = replace(acting, reach=Reach(project_ids=frozenset({uuid.uuid4()}), holder_id=acting.home_id))

    with pytest.raises(WishOutsideReach):
        reopen(narrowed, refused)


def test_a_partner_asks_and_gets_too(admin):
    signer = a_partner()
    owner = a_member(tenant_of(signer))

    approve(admin, ask(owner))

    (allotment,) = allotments.of(owner)
    assert allotment.granted == 5


def test_partner_admins_and_no_operators_get_mail_when_something_is_asked(owner, admin):
    a_vendor(Role.OPERATOR)

    ask(owner)

    (mail,) = mails("request_made")
    assert (mail.facts["name"], mail.facts["tenant"]) == (admin.label, tenant_of(owner).name)


def test_who_asked_gets_mail_about_the_decision(owner, admin):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)

    refuse(admin, ask(developer))

    (mail,) = mails("request_refused")
    assert (mail.facts["name"], mail.facts["answer"]) == (developer.label, "Not this year.")


def test_the_owners_get_the_mail_of_who_left(owner, admin):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)
    request = ask(developer)
    with transaction():
        members.remove(owner, membership_of(developer))

    approve(admin, request)

    (mail,) = mails("request_approved")
    assert mail.facts["name"] == owner.label
