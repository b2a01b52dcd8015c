"""Every query on projects, data spaces and installations."""

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, func, or_, true
from sqlalchemy.orm import joinedload, selectinload

from portal.access.actor import Actor
from portal.access.rows import one_or_not_found, owned_by
from portal.contracts.models import Contract
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.foundation.words import same_name
from portal.projects.models import Claim, DataSpace, Installation, Project


def page(actor: Actor, *, place: str | None, wanted: str = "") -> Page[Project]:
    """The actor's projects by name, each with its contract's edition, its data spaces and their installations.

    wanted: a part of a project's name, or the id of a project or data space. Raises: BadPlace.
    """
    rows = _with_spaces(actor, owned_by(actor, Project))
    if wanted:
        rows = rows.where(_matches(actor, wanted))
    return page_of(rows, Project.name_key, Project.id, place=place)


def _matches(actor: Actor, wanted: str) -> ColumnElement[bool]:
    in_space = owned_by(actor, DataSpace).where(DataSpace.public_id == wanted).with_only_columns(DataSpace.project_id)
    return or_(
        Project.name_key.contains(same_name(wanted), autoescape=True),
        Project.public_id == wanted,
        Project.id.in_(in_space),
    )


def _with_spaces(actor: Actor, rows: Select[Project]) -> Select[Project]:
    reached = Project.data_spaces.and_(true(), *DataSpace.within(actor.reach))
    return rows.options(
        joinedload(Project.contract, innerjoin=True).joinedload(Contract.edition, innerjoin=True),
        selectinload(reached).joinedload(DataSpace.installation),
    )


def get(actor: Actor, public_id: str) -> Project:
    """The project with its contract's edition, its data spaces and their installations. Raises: NotFound."""
    return one_or_not_found(_with_spaces(actor, owned_by(actor, Project)).where(Project.public_id == public_id))


def get_data_space(actor: Actor, public_id: str) -> DataSpace:
    """The data space with its project and its installation. Raises: NotFound."""
    rows = owned_by(actor, DataSpace).where(DataSpace.public_id == public_id)
    return one_or_not_found(
        rows.options(joinedload(DataSpace.project, innerjoin=True), joinedload(DataSpace.installation))
    )


def get_installation(actor: Actor, public_id: str) -> Installation:
    """The installation, attached or detached, with its data space and project. Raises: NotFound."""
    return one_or_not_found(_with_place(actor).where(Installation.public_id == public_id))


def lock_installation(actor: Actor, installation_id: uuid.UUID) -> Installation:
    """The installation as `get_installation` gives it, kept from changing until the transaction ends."""
    rows = _with_place(actor).where(Installation.id == installation_id)
    return one_or_not_found(rows.with_for_update(of=Installation).execution_options(populate_existing=True))


def _with_place(actor: Actor) -> Select[Installation]:
    to_project = joinedload(Installation.data_space, innerjoin=True).joinedload(DataSpace.project, innerjoin=True)
    return owned_by(actor, Installation).options(to_project)


def find_by_id(actor: Actor, project_id: uuid.UUID | None) -> Project | None:
    """The project with this inner id, or None."""
    return db.session.scalars(owned_by(actor, Project).where(Project.id == project_id)).one_or_none()


def find_by_name(actor: Actor, name: str) -> Project | None:
    """The project whose name people would call the same, or None."""
    return db.session.scalars(owned_by(actor, Project).where(Project.name_key == same_name(name))).one_or_none()


def count_by_contract(actor: Actor, contract_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many projects hang on each of these contracts; a contract without any is left out."""
    rows = (
        owned_by(actor, Project)
        .where(Project.contract_id.in_(contract_ids))
        .group_by(Project.contract_id)
        .with_only_columns(Project.contract_id, func.count())
    )
    return dict(db.session.execute(rows).all())


def attached_to(actor: Actor, data_space: DataSpace) -> Installation | None:
    """The primary installation of the data space, or None."""
    rows = owned_by(actor, Installation).where(
        Installation.data_space_id == data_space.id,
        Installation.detached_at.is_(None),
        Installation.claim == Claim.PRIMARY,
    )
    return db.session.scalars(rows).one_or_none()


def add_project(project: Project, data_spaces: Sequence[DataSpace]) -> Project:
    """`project` with its ids and data spaces. Raises: IntegrityError when the name is taken."""
    db.session.add(project)
    db.session.flush()
    for data_space in data_spaces:
        data_space.tenant_id, data_space.project_id = project.tenant_id, project.id
    db.session.add_all(data_spaces)
    db.session.flush()
    return project


def add(installation: Installation) -> Installation:
    """`installation` with its ids. Raises: IntegrityError when another one uses the data space."""
    db.session.add(installation)
    db.session.flush()
    return installation


def flush() -> None:
    """Send what changed to the database now. Raises: IntegrityError when a constraint stands against it."""
    db.session.flush()
