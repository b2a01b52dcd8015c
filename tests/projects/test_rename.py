from dataclasses import replace

import pytest

from portal.access.actor import Reach
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.foundation.database import transaction
from portal.foundation.errors import Changed, NotFound
from portal.foundation.words import NameHasType
from portal.projects import operations, store
from portal.projects.errors import DataSpaceNameTaken, ProjectNameTaken
from tests.factories import a_licensee, a_member, tenant_of


def create(actor, name="Storefront"):
    with transaction():
        project = operations.create(actor, name, contracts.all_of(actor)[0])
    return store.get(actor, project.public_id)


def rename(actor, project, name, version=None):
    version = version or project.version
    with transaction():
        operations.rename_project(actor, project, name, version)


def rename_space(actor, data_space, name, version=None):
    version = version or data_space.version
    with transaction():
        operations.rename_data_space(actor, data_space, name, version)


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_s17_a_project_is_renamed_and_keeps_its_ids():
    licensee = a_licensee()
    project = create(licensee)
    ids = {project.public_id, *(space.public_id for space in project.data_spaces)}

    rename(licensee, project, "Outlet")

    now = store.get(licensee, project.public_id)
    assert now.name == "Outlet"
    assert {now.public_id, *(space.public_id for space in now.data_spaces)} == ids


def test_s17_a_data_space_is_renamed_and_keeps_its_id():
    licensee = a_licensee()
    space = create(licensee).data_spaces[1]

    rename_space(licensee, space, "Staging")

    assert store.get_data_space(licensee, space.public_id).name == "Staging"


@pytest.mark.parametrize("what", ["project", "data_space"])
def test_a_renaming_is_one_event_that_tells_the_name_before(what):
    licensee = a_licensee()
    project = create(licensee)

    rename(licensee, project, "Outlet") if what == "project" else rename_space(licensee, project.data_spaces[0], "Live")

    newest = audit.page(licensee, before_seq=None, limit=1)[0]
    assert (newest.event, newest.facts) == (
        f"{what}.renamed",
        {"before": "Storefront" if what == "project" else "Production"},
    )


def test_renaming_to_the_name_it_has_is_no_event_even_with_an_old_version():
    licensee = a_licensee()
    project = create(licensee)
    rename(licensee, project, "Outlet")

    rename(licensee, project, "Outlet", version=project.version - 1)

    assert events_of(licensee).count("project.renamed") == 1


def test_an_old_version_is_refused_with_both_names():
    licensee = a_licensee()
    project = create(licensee)
    rename(licensee, project, "Outlet")

    with pytest.raises(Changed) as refusal:
        rename(licensee, project, "Bazaar", version=project.version - 1)

    assert refusal.value.versions == [("Name", "Bazaar", "Outlet")]


def test_an_old_version_of_a_data_space_is_refused_with_both_names():
    licensee = a_licensee()
    space = create(licensee).data_spaces[0]
    rename_space(licensee, space, "Live")

    with pytest.raises(Changed):
        rename_space(licensee, space, "Shop", version=space.version - 1)


def test_a_project_cannot_take_another_ones_name():
    licensee = a_licensee()
    create(licensee, "Outlet")
    project = create(licensee)

    with pytest.raises(ProjectNameTaken):
        rename(licensee, project, "OUTLET")


def test_a_data_space_cannot_take_its_neighbours_name():
    licensee = a_licensee()
    space = create(licensee).data_spaces[0]

    with pytest.raises(DataSpaceNameTaken):
        rename_space(licensee, space, "testing 1")


def test_data_spaces_of_two_projects_may_use_one_name():
    licensee = a_licensee()
    create(licensee, "Outlet")

    assert create(licensee).data_spaces[0].name == "Production"


def test_the_case_of_a_name_can_be_mended():
    licensee = a_licensee()
    project = create(licensee)

    rename(licensee, project, "STOREFRONT")

    assert store.get(licensee, project.public_id).name == "STOREFRONT"


def test_a_name_that_the_shop_would_misread_is_refused():
    licensee = a_licensee()
    project = create(licensee)
    space = project.data_spaces[0]

    with pytest.raises(NameHasType):
        rename(licensee, project, "Shop [type: Production]")
    with pytest.raises(NameHasType):
        rename_space(licensee, space, "[Type:")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_a_role_without_the_right_renames_nothing(role):
    licensee = a_licensee()
    project, member = create(licensee), a_member(tenant_of(licensee), role)

    with pytest.raises(NotAllowed):
        rename(member, project, "Outlet")
    with pytest.raises(NotAllowed):
        rename_space(member, store.get(licensee, project.public_id).data_spaces[0], "Live")


def test_the_other_side_does_not_exist_for_a_delegation_of_one_side():
    licensee = a_licensee()
    project = create(licensee)
    limited = replace(licensee, reach=Reach(environments=frozenset({Environment.SANDBOX})))

    with pytest.raises(NotFound):
        store.get_data_space(limited, project.data_spaces[0].public_id)
    assert store.get_data_space(limited, project.data_spaces[1].public_id)


def test_another_project_does_not_exist_for_a_delegation_of_one_project():
    licensee = a_licensee()
    reached, other = create(licensee), create(licensee, "Outlet")
    limited = replace(licensee, reach=Reach(project_ids=frozenset({reached.id})))

    with pytest.raises(NotFound):
        store.get(limited, other.public_id)
    with pytest.raises(NotFound):
        store.get_data_space(limited, other.data_spaces[1].public_id)


def test_another_tenants_project_does_not_exist():
    other = a_licensee()
    project = create(a_licensee())

    with pytest.raises(NotFound):
        store.get(other, project.public_id)
    with pytest.raises(NotFound):
        store.get_data_space(other, project.data_spaces[0].public_id)
