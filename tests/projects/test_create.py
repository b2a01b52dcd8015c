from dataclasses import replace
from datetime import timedelta

import pytest

from portal.access.actor import Reach, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Permission, Role
from portal.audit import store as audit
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.words import NameEmpty, NameHasType
from portal.projects import allotments, granting, operations, store
from portal.projects.errors import (
    AllotmentUsedUp,
    ContractWithoutProjects,
    NoContractWithProjects,
    NotAllProjects,
    ProjectNameTaken,
)
from portal.projects.models import DataSpaceType
from portal.tenants import operations as tenants
from portal.tenants.errors import AccountSuspended
from portal.tenants.models import Standing
from tests.factories import a_contract, a_licensee, a_member, a_partner, a_tenant, a_vendor, an_integrator, tenant_of


def create(actor, name="Storefront", contract=None):
    with transaction():
        return operations.create(actor, name, contract or contracts.all_of(actor)[0])


def spaces_of(actor, project):
    return store.get(actor, project.public_id).data_spaces


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_s14_adobe_commerce_gives_one_production_and_two_testing_data_spaces():
    licensee = a_licensee("adobe-commerce")

    spaces = spaces_of(licensee, create(licensee))

    assert [(space.name, space.type) for space in spaces] == [
        ("Production", DataSpaceType.PRODUCTION),
        ("Testing 1", DataSpaceType.TESTING),
        ("Testing 2", DataSpaceType.TESTING),
    ]


def test_s14_magento_open_source_gives_one_production_data_space_and_no_testing_ones():
    licensee = a_licensee("magento-open-source")

    (space,) = spaces_of(licensee, create(licensee))

    assert (space.name, space.type) == ("Production", DataSpaceType.PRODUCTION)


def test_a_data_space_lies_on_the_side_of_its_type():
    licensee = a_licensee()

    spaces = spaces_of(licensee, create(licensee))

    assert [space.environment for space in spaces] == [Environment.PRODUCTION, Environment.SANDBOX, Environment.SANDBOX]


@pytest.mark.parametrize(("edition", "expected"), [("adobe-commerce", {False}), ("magento-open-source", {True})])
def test_a_data_space_serves_both_sides_where_the_edition_has_no_testing_ones(edition, expected):
    licensee = a_licensee(edition)

    assert {space.serves_both_sides for space in spaces_of(licensee, create(licensee))} == expected


def test_creating_a_project_is_one_event_that_counts_its_data_spaces():
    licensee = a_licensee()

    create(licensee)

    newest = audit.page(licensee, before_seq=None, limit=1)[0]
    assert (newest.event, newest.facts) == ("project.created", {"spaces": 3})


def test_a_partner_creates_projects_by_role_not_by_signature():
    signer = a_partner()

    assert create(a_member(tenant_of(signer), Role.DEVELOPER)).public_id
    with pytest.raises(NotAllowed):
        create(signer)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_a_role_without_the_right_creates_nothing(role):
    member = a_member(tenant_of(a_licensee()), role)

    with pytest.raises(NotAllowed):
        create(member)


def test_an_integrator_agreement_alone_creates_nothing():
    integrator = an_integrator()

    with pytest.raises(ContractWithoutProjects):
        create(integrator)


def test_an_ended_contract_creates_nothing():
    licensee = a_licensee()
    with transaction():
        contract_operations.end(system_actor("tests"), contracts.all_of(licensee)[0])

    with pytest.raises(ContractNotRunning):
        create(licensee)


def test_a_tenant_that_is_past_due_still_creates_projects():
    assert create(a_licensee(standing=Standing.PAST_DUE)).public_id


def test_a_suspended_tenant_creates_nothing():
    licensee = a_licensee()
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_of(licensee), Standing.SUSPENDED)

    with pytest.raises(AccountSuspended):
        create(licensee)


def test_the_allotment_ends_at_the_editions_number():
    licensee = a_licensee("magento-open-source")
    create(licensee)

    with pytest.raises(AllotmentUsedUp) as refusal:
        create(licensee, "Another")

    assert refusal.value.facts == {"edition": "Magento Open Source", "granted": 1, "used": 1}


def test_each_contract_has_an_allotment_of_its_own():
    licensee = a_licensee("magento-open-source")
    create(licensee)
    a_contract(tenant_of(licensee), "adobe-commerce")
    commerce = next(row for row in contracts.all_of(licensee) if row.edition_code == "adobe-commerce")

    assert create(licensee, "Another", commerce).contract_id == commerce.id


def test_an_approved_request_makes_room():
    licensee = a_licensee("magento-open-source")
    create(licensee)
    admin = a_vendor()
    with transaction():
        contract = contracts.all_of(licensee)[0]
        request = asking.request_more(licensee, contract, Wish.PROJECT, 1, "a second shop")
        granting.approve(admin, request, 1)

    assert create(licensee, "Another").public_id


def test_a_delegation_for_certain_projects_creates_none():
    licensee = a_licensee()
    limited = replace(licensee, reach=Reach(project_ids=frozenset({create(licensee).id})))

    with pytest.raises(NotAllProjects):
        create(limited, "Another")


def test_a_delegation_for_one_side_and_all_projects_creates_and_finds_the_data_spaces_of_its_side():
    licensee = a_licensee()
    limited = replace(licensee, reach=Reach(environments=frozenset({Environment.SANDBOX})))

    assert [space.name for space in spaces_of(limited, create(limited))] == ["Testing 1", "Testing 2"]


def test_the_same_wish_within_a_minute_finds_what_it_made():
    licensee = a_licensee()

    assert create(licensee).id == create(licensee).id
    assert events_of(licensee).count("project.created") == 1


def test_the_same_wish_finds_what_it_made_even_when_that_took_the_last_place():
    licensee = a_licensee("magento-open-source")

    assert create(licensee).id == create(licensee).id


def test_the_same_name_a_minute_later_is_taken():
    licensee = a_licensee()
    project = create(licensee)
    with transaction():
        project.created_at = clock.now() - timedelta(minutes=1)

    with pytest.raises(ProjectNameTaken):
        create(licensee)


def test_the_same_name_from_somebody_else_is_taken():
    licensee = a_licensee()
    create(licensee)

    with pytest.raises(ProjectNameTaken):
        create(a_member(tenant_of(licensee)))


def test_a_name_that_differs_by_case_only_is_taken():
    licensee = a_licensee()
    create(licensee, "Storefront")

    with pytest.raises(ProjectNameTaken):
        create(licensee, "STOREFRONT")


def test_two_tenants_may_use_one_name():
    assert create(a_licensee()).id != create(a_licensee()).id


@pytest.mark.parametrize(("name", "refusal"), [("  ", NameEmpty), ("Shop [Type: x]", NameHasType)])
def test_an_unfit_name_is_refused(name, refusal):
    licensee = a_licensee()

    with pytest.raises(refusal):
        create(licensee, name)


@pytest.mark.parametrize("name", ["\U0001f6d2" * 255, "\ufdfa" * 255, "ŉ" * 255, "商店 🛒"])
def test_the_longest_and_strangest_names_are_stored_whole(name):
    licensee = a_licensee()

    assert store.get(licensee, create(licensee, name).public_id).name == name


def test_nothing_is_left_of_a_project_that_was_refused():
    licensee = a_licensee()
    create(licensee)
    before = events_of(licensee)

    with pytest.raises(ProjectNameTaken):
        create(licensee, "storefront")

    assert len(store.page(licensee, place=None).rows) == 1
    assert events_of(licensee) == before


def test_why_not_create_says_nothing_while_there_is_room():
    licensee = a_licensee()

    assert allotments.why_not_create(licensee, allotments.of(licensee)) is None


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        (lambda: a_member(tenant_of(a_licensee()), Role.VIEWER), NotAllowed),
        (lambda: a_member(a_tenant()), NoContractWithProjects),
        (an_integrator, NoContractWithProjects),
        (lambda: replace(a_licensee(), reach=Reach(project_ids=frozenset())), NotAllProjects),
    ],
)
def test_why_not_create_says_what_is_missing(actor, refusal):
    who = actor()

    assert isinstance(allotments.why_not_create(who, allotments.of(who)), refusal)


def test_why_not_create_says_when_the_allotment_is_used_up():
    licensee = a_licensee("magento-open-source")
    create(licensee)

    assert isinstance(allotments.why_not_create(licensee, allotments.of(licensee)), AllotmentUsedUp)


def test_the_integrators_own_chain_gets_a_copy_of_what_it_did_for_a_client():
    licensee, integrator = a_licensee(), an_integrator()
    acting = replace(
        integrator, tenant_id=licensee.tenant_id, permissions=frozenset({Permission.PROJECT_CHANGE, Permission.SEE})
    )

    create(acting)

    (copy,) = [row for row in audit.page(integrator, before_seq=None, limit=100) if row.event == "project.created"]
    assert copy.copy_of is not None
