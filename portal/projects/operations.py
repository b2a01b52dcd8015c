"""Creating projects with their data spaces, and renaming both. Nothing here removes or moves a data space."""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store as contracts
from portal.contracts.models import Contract, Edition
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.words import clean_connector_name, same_name
from portal.projects import allotments, store
from portal.projects.errors import DataSpaceNameTaken, ProjectNameTaken
from portal.projects.growing import default_name
from portal.projects.models import DataSpace, DataSpaceType, Project
from portal.tenants import store as tenants
from portal.tenants.errors import AccountSuspended
from portal.tenants.models import Standing

# Within it the same wish of the same person, or key, is a double click or a retry, not a second wish (rule 23).
REPEATED_WITHIN = timedelta(minutes=1)


def create(actor: Actor, name: str, contract: Contract) -> Project:
    """A project under `contract` with the data spaces of its edition, or the one that this very wish made just now.

    A tenant that is past due may create: rule 10 keeps only new keys from it. A suspended one may nothing.
    Raises: NotAllowed, NotAllProjects, AccountSuspended, ContractWithoutProjects, ContractNotRunning, AllotmentUsedUp,
    ProjectNameTaken, NameHasType and the other refusals of a name.
    """
    allotments.require_all_projects(actor)
    _refuse_suspended(actor)
    name = clean_connector_name(name)
    # Two who count at once would both find the last place free: the second waits here.
    contract = contracts.lock_with_edition(actor, contract.id)
    namesake = store.find_by_name(actor, name)
    if namesake is not None:
        return _repeated(actor, namesake, name, contract)
    allotments.check_room(actor, contract)

    data_spaces = _data_spaces(contract.edition)
    project = _add(actor, name, contract, data_spaces)
    audit.record(actor, Event.PROJECT_CREATED, project, also_seen_by=actor.home_id, spaces=len(data_spaces))
    return project


def _refuse_suspended(actor: Actor) -> None:
    tenant = tenants.get(actor.tenant_id)
    if tenant.standing is Standing.SUSPENDED:
        raise AccountSuspended(tenant=tenant.name)


def _repeated(actor: Actor, namesake: Project, name: str, contract: Contract) -> Project:
    made = (namesake.name, namesake.contract_id, namesake.created_by_id, namesake.created_through)
    wish = (name, contract.id, actor.person_id, actor.credential or None)
    is_somebody = actor.person_id is not None or actor.credential
    if not is_somebody or made != wish or namesake.created_at <= clock.now() - REPEATED_WITHIN:
        raise ProjectNameTaken(name=namesake.name)
    return namesake


def _add(actor: Actor, name: str, contract: Contract, data_spaces: list[DataSpace]) -> Project:
    project = Project(
        tenant_id=contract.tenant_id,
        contract_id=contract.id,
        name=name,
        name_key=same_name(name),
        created_by_id=actor.person_id,
        created_through=actor.credential or None,
    )
    try:
        return store.add_project(project, data_spaces)
    except IntegrityError as error:  # somebody took the name under another contract at the same moment
        raise ProjectNameTaken(name=name) from error


def _data_spaces(edition: Edition) -> list[DataSpace]:
    """New data spaces by the edition's allotment, production first (connector-protocol sections 2 and 3)."""
    kinds = [DataSpaceType.PRODUCTION] * edition.production_spaces + [DataSpaceType.TESTING] * edition.testing_spaces
    names = [default_name(kind, kinds[:position].count(kind) + 1) for position, kind in enumerate(kinds)]
    return [
        DataSpace(
            type=kind,
            environment=kind.environment,
            serves_both_sides=not edition.testing_spaces,
            name=name,
            name_key=same_name(name),
            position=position,
        )
        for position, (kind, name) in enumerate(zip(kinds, names, strict=True))
    ]


def rename_project(actor: Actor, project: Project, name: str, version: int | None = None) -> None:
    """Give `project` another name. Setting the name it has changes nothing and is no event.

    version: of the project as a form was loaded; a shop saw none, so the last name that one gives stays.

    Raises: NotAllowed, Changed, ProjectNameTaken, NameHasType and the other refusals of a name.
    """
    require(actor, Permission.PROJECT_CHANGE)
    name = clean_connector_name(name)
    lock(project)
    if not _is_new(project, name, version):
        return
    before, project.name, project.name_key = project.name, name, same_name(name)
    try:
        store.flush()
    except IntegrityError as error:
        raise ProjectNameTaken(name=name) from error
    audit.record(actor, Event.PROJECT_RENAMED, project, also_seen_by=actor.home_id, before=before)


def rename_data_space(actor: Actor, data_space: DataSpace, name: str, version: int | None = None) -> None:
    """Give `data_space` another name. Setting the name it has changes nothing and is no event.

    version: as for `rename_project`.

    Raises: NotAllowed, Changed, DataSpaceNameTaken, NameHasType and the other refusals of a name.
    """
    require(actor, Permission.PROJECT_CHANGE)
    name = clean_connector_name(name)
    lock(data_space)
    if not _is_new(data_space, name, version):
        return
    before, data_space.name, data_space.name_key = data_space.name, name, same_name(name)
    try:
        store.flush()
    except IntegrityError as error:
        raise DataSpaceNameTaken(name=name) from error
    audit.record(actor, Event.DATA_SPACE_RENAMED, data_space, also_seen_by=actor.home_id, before=before)


def _is_new(row: Project | DataSpace, name: str, version: int | None) -> bool:
    # Asked before the version: a repeated submit finds its own name there, and that is no conflict.
    if row.name == name:
        return False
    if version is not None and row.version != version:
        raise Changed(versions=[(N_("Name"), name, row.name)])
    return True
