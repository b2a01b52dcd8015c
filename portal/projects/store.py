"""Every query on projects, data spaces and installations."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, exists, func, or_, true
from sqlalchemy.orm import joinedload, selectinload

from portal.access.actor import Actor
from portal.access.rows import one_or_not_found, owned_by
from portal.contracts.models import Contract, Edition
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.foundation.words import same_name
from portal.projects.models import Claim, DataSpace, DataSpaceFeature, DataSpaceType, Installation, Project, Surplus
from portal.tenants.models import Tenant

Row = TypeVar("Row", Installation, DataSpaceFeature)


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


def under_contract(actor: Actor, contract_id: uuid.UUID) -> Sequence[Project]:
    """The projects that hang on this contract by name, each with its data spaces and their installations."""
    rows = _with_spaces(actor, owned_by(actor, Project)).where(Project.contract_id == contract_id)
    return db.session.scalars(rows.order_by(Project.name_key, Project.id)).unique().all()


def lock_with_spaces(actor: Actor, project_id: uuid.UUID | None) -> Project:
    """The project as it is now, with its data spaces, kept from changing until the transaction ends.

    Raises: NotFound.
    """
    rows = _with_spaces(actor, owned_by(actor, Project)).where(Project.id == project_id)
    return one_or_not_found(rows.with_for_update(of=Project).execution_options(populate_existing=True))


def get(actor: Actor, public_id: str) -> Project:
    """The project with its contract's edition, its data spaces and their installations. Raises: NotFound."""
    return one_or_not_found(_with_spaces(actor, owned_by(actor, Project)).where(Project.public_id == public_id))


def get_data_space(actor: Actor, public_id: str) -> DataSpace:
    """The data space with its project and its installation. Raises: NotFound."""
    rows = owned_by(actor, DataSpace).where(DataSpace.public_id == public_id)
    return one_or_not_found(
        rows.options(joinedload(DataSpace.project, innerjoin=True), joinedload(DataSpace.installation))
    )


@dataclass(frozen=True)
class Shown:
    """A data space with what a shop is shown of it, and of its project, contract and tenant. Ids are public ones."""

    id: str
    name: str
    type: DataSpaceType
    cloud_project: str | None
    created_at: datetime
    changed_at: datetime | None
    project_id: str
    project_name: str
    contract_ends_at: datetime
    contract_ended_at: datetime | None
    edition: str
    account_id: str
    tenant_name: str
    features: tuple[str, ...]


SHOWN = (
    DataSpace.public_id, DataSpace.name, DataSpace.type, DataSpace.cloud_project, DataSpace.created_at,
    DataSpace.changed_at, Project.public_id, Project.name, Contract.ends_at, Contract.ended_at, Edition.name,
    Tenant.account_id, Tenant.name, DataSpaceFeature.service_code,
)  # fmt: skip


def shown_to_shops(actor: Actor, *, project_id: str | None = None, data_space_id: str | None = None) -> list[Shown]:
    """The data spaces within the actor's reach as shops are shown them: one statement, and columns only, for they may
    be hundreds and are asked for at each step of a shop's admin.

    project_id, data_space_id: public ids, for those of one project or for this one. Projects come by name, their spaces
    in order: production first. One that was let go is listed as long as a shop uses it, and is found by its id always.
    """
    rows = (
        owned_by(actor, DataSpace)
        .join(DataSpace.project)
        .join(Project.contract)
        .join(Contract.edition)
        .join(Contract.tenant)
        .outerjoin(DataSpace.features)
        .where(*Project.within(actor.reach))
    )
    if project_id is not None:
        rows = rows.where(Project.public_id == project_id)
    rows = rows.where(_is_offered() if data_space_id is None else DataSpace.public_id == data_space_id)
    rows = rows.order_by(Project.name_key, Project.id, DataSpace.position, DataSpace.id)
    found = db.session.execute(rows.with_only_columns(*SHOWN, maintain_column_froms=True))
    # One row for each feature: all that belong to one data space stand together.
    return [_shown(list(group)) for _id, group in groupby(found, key=itemgetter(0))]


def _is_offered() -> ColumnElement[bool]:
    in_use = exists().where(
        Installation.tenant_id == DataSpace.tenant_id,
        Installation.data_space_id == DataSpace.id,
        Installation.detached_at.is_(None),
    )
    return or_(DataSpace.surplus.is_distinct_from(Surplus.LET_GO), in_use)


def _shown(rows: list[Any]) -> Shown:
    features = tuple(row[-1] for row in rows if row[-1] is not None)
    return Shown(*(*rows[0][:-1], features))


def has_feature(actor: Actor, data_space: DataSpace, service_code: str) -> bool:
    """Whether this service is switched on for the data space."""
    rows = owned_by(actor, DataSpaceFeature).where(
        DataSpaceFeature.data_space_id == data_space.id, DataSpaceFeature.service_code == service_code
    )
    return db.session.scalars(rows).first() is not None


def get_installation(actor: Actor, public_id: str) -> Installation:
    """The installation, attached or detached, with its data space and project. Raises: NotFound."""
    return one_or_not_found(_with_place(actor).where(Installation.public_id == public_id))


def installations_page(
    actor: Actor, *, place: str | None, project_id: uuid.UUID | None = None, claims: Collection[Claim] = tuple(Claim)
) -> Page[Installation]:
    """The attached installations with data space and project, in the order in which they came here. Raises: BadPlace.

    project_id: those of the project with this inner id only. claims: those that are one of these.
    """
    rows = _with_place(actor).where(Installation.detached_at.is_(None), Installation.claim.in_(claims))
    if project_id is not None:
        rows = rows.where(Installation.project_id == project_id)
    return page_of(rows, Installation.id, place=place)


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


def public_ids(actor: Actor, project_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """The public id of each of these projects that the actor reaches, by its inner id."""
    rows = owned_by(actor, Project).where(Project.id.in_(project_ids)).with_only_columns(Project.id, Project.public_id)
    return dict(db.session.execute(rows).all())


def find_with_spaces(actor: Actor, project_id: uuid.UUID | None) -> Project | None:
    """The project with this inner id with its data spaces and their installations, or None."""
    rows = _with_spaces(actor, owned_by(actor, Project)).where(Project.id == project_id)
    return db.session.scalars(rows).one_or_none()


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


def add_spaces(project: Project, data_spaces: Sequence[DataSpace]) -> None:
    """Put new data spaces into a project that is there. Raises: IntegrityError when a name is taken."""
    for data_space in data_spaces:
        data_space.tenant_id, data_space.project_id = project.tenant_id, project.id
    db.session.add_all(data_spaces)
    db.session.flush()


def add(row: Row) -> Row:
    """`row` with its ids. Raises: IntegrityError when another one holds its place."""
    db.session.add(row)
    db.session.flush()
    return row


def flush() -> None:
    """Send what changed to the database now. Raises: IntegrityError when a constraint stands against it."""
    db.session.flush()
