from dataclasses import replace

import pytest

from portal.access.actor import Reach
from portal.access.roles import Environment
from portal.contracts import store as contracts
from portal.foundation.database import db, transaction
from portal.foundation.paging import PAGE_ROWS, BadPlace
from portal.foundation.words import same_name
from portal.projects import allotments, installations, operations, store
from portal.projects.models import Project
from tests.factories import a_licensee, a_member, a_tenant
from tests.statements import counted


def a_project(actor, name="Storefront"):
    with transaction():
        return operations.create(actor, name, contracts.all_of(actor)[0])


def many_projects(actor, count):
    contract_id = contracts.all_of(actor)[0].id
    with transaction():
        for number in range(count):
            name = f"Project {number:04}"
            row = Project(tenant_id=actor.tenant_id, contract_id=contract_id, name=name, name_key=same_name(name))
            db.session.add(row)


def names(page):
    return [project.name for project in page.rows]


def test_projects_are_listed_by_name_whatever_its_case():
    licensee = a_licensee()
    for name in ("banana", "Apple", "cherry"):
        a_project(licensee, name)

    assert names(store.page(licensee, place=None)) == ["Apple", "banana", "cherry"]


def test_a_page_has_100_projects_and_the_next_one_goes_on_after_it():
    licensee = a_licensee()
    many_projects(licensee, PAGE_ROWS + 1)

    first = store.page(licensee, place=None)
    second = store.page(licensee, place=first.next_place)

    assert names(first) == [f"Project {number:04}" for number in range(PAGE_ROWS)]
    assert (names(second), second.next_place) == ([f"Project {PAGE_ROWS:04}"], None)


@pytest.mark.parametrize("place", ["x", "00", "00~00", "zz~zz", "\x00"])
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(BadPlace):
        store.page(a_licensee(), place=place)


def test_a_project_is_found_by_a_part_of_its_name():
    licensee = a_licensee()
    a_project(licensee, "Main Storefront")
    a_project(licensee, "100% Outlet")

    assert names(store.page(licensee, place=None, wanted="STORE")) == ["Main Storefront"]
    assert names(store.page(licensee, place=None, wanted="%")) == ["100% Outlet"]


def test_a_project_is_found_by_its_id_and_by_that_of_a_data_space():
    licensee = a_licensee()
    a_project(licensee, "Outlet")
    project = store.get(licensee, a_project(licensee).public_id)

    for wanted in (project.public_id, project.data_spaces[1].public_id):
        assert names(store.page(licensee, place=None, wanted=wanted)) == ["Storefront"]


def test_a_data_space_out_of_reach_finds_no_project():
    licensee = a_licensee()
    production = store.get(licensee, a_project(licensee).public_id).data_spaces[0].public_id
    limited = replace(licensee, reach=Reach(environments=frozenset({Environment.SANDBOX})))

    assert not store.page(limited, place=None, wanted=production).rows


def test_the_list_has_what_lies_within_reach():
    licensee = a_licensee()
    reached = a_project(licensee)
    a_project(licensee, "Outlet")
    limited = replace(
        licensee, reach=Reach(environments=frozenset({Environment.SANDBOX}), project_ids=frozenset({reached.id}))
    )

    (project,) = store.page(limited, place=None).rows

    assert (project.name, [space.name for space in project.data_spaces]) == ("Storefront", ["Testing 1", "Testing 2"])


def test_another_tenants_projects_are_not_listed():
    a_project(a_licensee())

    assert not store.page(a_member(a_tenant()), place=None).rows


def test_the_list_is_read_in_two_statements_however_long_it_is():
    licensee = a_licensee()
    a_project(licensee)
    with transaction():
        space = store.get(licensee, store.page(licensee, place=None).rows[0].public_id).data_spaces[1]
        installations.attach(licensee, space, "Main shop", "shop.example.com", Environment.SANDBOX)
    many_projects(licensee, 20)
    db.session.rollback()

    with counted() as statements:
        for project in store.page(licensee, place=None).rows:
            assert project.contract.edition.name
            assert all(space.installation is None or space.installation.name for space in project.data_spaces)

    assert len(statements) == 2


def test_an_allotment_counts_what_is_in_use_and_what_is_left():
    licensee = a_licensee()
    a_project(licensee)

    (allotment,) = allotments.of(licensee)

    assert (allotment.granted, allotment.used, allotment.left) == (3, 1, 2)


def test_an_allotment_that_shrank_has_nothing_left_rather_than_less():
    licensee = a_licensee()
    (allotment,) = allotments.of(licensee)

    assert replace(allotment, granted=1, used=3).left == 0
