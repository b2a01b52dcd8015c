from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from portal.access.actor import Reach
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed, NotFound
from portal.foundation.words import NameHasControls
from portal.projects import installations, operations, store
from portal.projects.errors import (
    AddressNotWeb,
    InstallationDetached,
    SideOutsideReach,
    SpaceOccupied,
    TypedNameDiffers,
)
from portal.projects.models import Installation
from tests.factories import a_licensee, a_member, tenant_of

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION


def a_project(actor, name="Storefront"):
    with transaction():
        project = operations.create(actor, name, contracts.all_of(actor)[0])
    return store.get(actor, project.public_id)


def attach(actor, space, name="Main shop", address="https://shop.example.com", side=SANDBOX):
    with transaction():
        return installations.attach(actor, space, name, address, side)


def change(actor, installation, name="Main shop", address="https://shop.example.com", side=SANDBOX, version=None):
    version = version or installation.version
    with transaction():
        installations.change_installation(actor, installation, name, address, side, version)


def detach(actor, installation, typed="Main shop", version=None):
    version = version or installation.version
    with transaction():
        installations.detach(actor, installation, typed, version)


def for_side(actor, *sides):
    return replace(actor, reach=Reach(environments=frozenset(sides)))


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_s13_each_installation_has_its_own_data_space():
    licensee = a_licensee()
    project = a_project(licensee)
    _production, first, second = project.data_spaces

    attach(licensee, first, "Main shop")
    attach(licensee, second, "Outlet", "https://outlet.example.com")

    spaces = store.get(licensee, project.public_id).data_spaces
    assert [space.installation and space.installation.name for space in spaces] == [None, "Main shop", "Outlet"]


def test_s13_a_second_installation_on_one_data_space_is_refused_by_the_name_of_the_first():
    licensee = a_licensee()
    space = a_project(licensee).data_spaces[1]
    attach(licensee, space, "Main shop")

    with pytest.raises(SpaceOccupied) as refusal:
        attach(licensee, space, "Outlet")

    assert refusal.value.facts == {"installation": "Main shop"}


def test_s13_the_database_itself_holds_one_installation_a_data_space():
    licensee = a_licensee()
    space = a_project(licensee).data_spaces[1]
    first = attach(licensee, space)

    with pytest.raises(IntegrityError), transaction():
        db.session.add(
            Installation(
                tenant_id=first.tenant_id,
                project_id=first.project_id,
                data_space_id=first.data_space_id,
                name="Outlet",
                address="outlet.example.com",
                side=SANDBOX,
            )
        )


def test_attaching_the_same_twice_has_one_effect():
    licensee = a_licensee()
    space = a_project(licensee).data_spaces[1]

    assert attach(licensee, space).id == attach(licensee, space).id
    assert events_of(licensee).count("installation.attached") == 1


def test_an_address_is_stored_in_one_spelling():
    licensee = a_licensee()

    installation = attach(licensee, a_project(licensee).data_spaces[1], address=" HTTPS://Shop.Example.com:443/ ")

    assert installation.address == "https://shop.example.com"


@pytest.mark.parametrize(
    ("content", "refusal"), [({"name": "a\x00b"}, NameHasControls), ({"address": "ftp://shop"}, AddressNotWeb)]
)
def test_unfit_content_is_refused(content, refusal):
    licensee = a_licensee()
    space = a_project(licensee).data_spaces[1]

    with pytest.raises(refusal):
        attach(licensee, space, **content)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_a_role_without_the_right_touches_no_installation(role):
    licensee = a_licensee()
    member = a_member(tenant_of(licensee), role)
    _production, used, free = a_project(licensee).data_spaces
    installation = attach(licensee, used)

    with pytest.raises(NotAllowed):
        attach(member, free)
    with pytest.raises(NotAllowed):
        change(member, installation, "Outlet")
    with pytest.raises(NotAllowed):
        detach(member, installation)


def test_a_delegation_for_one_side_attaches_no_shop_of_the_other():
    licensee = a_licensee("magento-open-source")
    space, limited = a_project(licensee).data_spaces[0], for_side(licensee, SANDBOX)

    with pytest.raises(SideOutsideReach):
        attach(limited, space, side=PRODUCTION)


def test_a_delegation_for_one_side_leaves_the_others_shop_alone():
    licensee = a_licensee("magento-open-source")
    installation = attach(licensee, a_project(licensee).data_spaces[0], side=PRODUCTION)
    limited = for_side(licensee, SANDBOX)

    with pytest.raises(SideOutsideReach):
        change(limited, installation, side=SANDBOX)
    with pytest.raises(SideOutsideReach):
        detach(limited, installation)


def test_a_delegation_for_one_side_uses_the_data_space_that_serves_both():
    licensee = a_licensee("magento-open-source")
    space, limited = a_project(licensee).data_spaces[0], for_side(licensee, SANDBOX)

    assert attach(limited, space).side is SANDBOX


def test_an_installation_in_a_data_space_out_of_reach_does_not_exist():
    licensee = a_licensee()
    project = a_project(licensee)
    installation = attach(licensee, project.data_spaces[0], side=PRODUCTION)
    other = a_project(licensee, "Outlet")

    for limited in (
        for_side(licensee, SANDBOX),
        replace(licensee, reach=Reach(project_ids=frozenset({other.id}))),
        a_licensee(),
    ):
        with pytest.raises(NotFound):
            store.get_installation(limited, installation.public_id)


def test_changing_an_installation_is_one_event():
    licensee = a_licensee()
    installation = attach(licensee, a_project(licensee).data_spaces[1])

    change(licensee, installation, "Outlet", "https://outlet.example.com")
    change(licensee, installation, "Outlet", "https://outlet.example.com", version=1)

    assert installation.name == "Outlet"
    assert events_of(licensee).count("installation.changed") == 1


def test_an_old_version_is_refused_with_both_versions():
    licensee = a_licensee()
    installation = attach(licensee, a_project(licensee).data_spaces[1])
    change(licensee, installation, "Outlet")

    with pytest.raises(Changed) as refusal:
        change(licensee, installation, "Bazaar", side=PRODUCTION, version=installation.version - 1)

    assert refusal.value.versions == [
        ("Name", "Bazaar", "Outlet"),
        ("Address", "https://shop.example.com", "https://shop.example.com"),
        ("Side in use", "Production", "Sandbox"),
    ]


def test_a_detached_installation_is_not_changed():
    licensee = a_licensee()
    installation = attach(licensee, a_project(licensee).data_spaces[1])
    detach(licensee, installation)

    with pytest.raises(InstallationDetached):
        change(licensee, installation, "Outlet")


def test_detaching_leaves_the_data_space_as_it_is():
    licensee = a_licensee()
    project = a_project(licensee)
    before = [(space.public_id, space.name, space.version) for space in project.data_spaces]

    detach(licensee, attach(licensee, project.data_spaces[1]))

    spaces = store.get(licensee, project.public_id).data_spaces
    assert [(space.public_id, space.name, space.version) for space in spaces] == before
    assert spaces[1].installation is None


def test_a_data_space_takes_another_installation_after_the_first_is_detached():
    licensee = a_licensee()
    space = a_project(licensee).data_spaces[1]
    detach(licensee, attach(licensee, space))

    assert attach(licensee, space, "Outlet").name == "Outlet"


def test_detaching_twice_is_one_event():
    licensee = a_licensee()
    installation = attach(licensee, a_project(licensee).data_spaces[1])

    detach(licensee, installation, version=1)
    detach(licensee, installation, version=1)

    assert events_of(licensee).count("installation.detached") == 1


@pytest.mark.parametrize("typed", ["", "main shop", "Main shop 2", "Main\x00shop"])
def test_detaching_asks_for_the_name_as_it_stands(typed):
    licensee = a_licensee()
    installation = attach(licensee, a_project(licensee).data_spaces[1])

    with pytest.raises(TypedNameDiffers):
        detach(licensee, installation, typed)


def test_what_changed_meanwhile_is_not_detached():
    licensee = a_licensee()
    installation = attach(licensee, a_project(licensee).data_spaces[1])
    change(licensee, installation, address="https://new.example.com")

    with pytest.raises(Changed):
        detach(licensee, installation, version=installation.version - 1)


def test_the_events_name_the_data_space():
    licensee = a_licensee()

    detach(licensee, attach(licensee, a_project(licensee).data_spaces[1]))

    newest = audit.page(licensee, before_seq=None, limit=2)
    assert [row.facts for row in newest] == [{"space": "Testing 1"}] * 2
