"""The console's one search box: what a text may be taken for, and what each of these readings finds, with its place.

Everything is found whole or by its beginning, on an index; texts of one shape are looked for as that alone.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership, Person
from portal.accounts.store import email_key
from portal.contracts.models import Contract
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.foundation.words import same_name
from portal.impact.search import begins_with
from portal.keys.models import KeyPair
from portal.keys.store import WHOLE
from portal.projects.addresses import address_key
from portal.projects.models import DataSpace, Installation, Project
from portal.tenants.models import Tenant

FIRST = 10  # of each reading, before somebody asks for all of them
CONSOLE = Reader.CONSOLE


class Reading(StrEnum):
    """What a text may be, in the order in which pages show it."""

    ACCOUNT_ID = "account_id"
    TENANT = "tenant"
    PERSON = "person"
    EMAIL = "email"
    API_KEY = "api_key"
    SPACE_ID = "space_id"
    PROJECT_ID = "project_id"
    PROJECT = "project"
    ADDRESS = "address"
    CONTRACT_ID = "contract_id"


NAMES = (Reading.TENANT, Reading.PERSON, Reading.EMAIL, Reading.PROJECT, Reading.ADDRESS)
UUID_IDS = (Reading.SPACE_ID, Reading.PROJECT_ID)
# Ids have one shape. A beginning of one may as well be a name; a whole one is nothing else.
ACCOUNT_ID, CONTRACT_ID = "mag000000000", "ctr_" + 20 * "0"
API_KEY, CONNECTOR_ID = 32 * "0", "00000000-0000-0000-0000-000000000000"
LEAST = 6  # characters of a key or of a connector's id; fewer are a word rather
SHAPES = (
    ((Reading.ACCOUNT_ID,), ACCOUNT_ID, re.compile(r"mag[0-9]{1,9}"), "9"),
    ((Reading.API_KEY,), API_KEY, re.compile(r"[0-9a-f]{6,32}"), "f"),
    (UUID_IDS, CONNECTOR_ID, re.compile(r"[0-9a-f-]{6,36}"), "f"),
    ((Reading.CONTRACT_ID,), CONTRACT_ID, re.compile(r"ctr_[0-9a-z]{0,20}"), "z"),
)


@dataclass(frozen=True)
class Found:
    """The rows that one reading of the text finds."""

    reading: Reading
    page: Page[Any]


def readings(text: str) -> tuple[Reading, ...]:
    """What `text` may be; nothing when it is empty."""
    plain = text.strip().lower()
    if not plain:
        return ()
    ids = [(kinds, shape) for kinds, shape, looks, _last in SHAPES if looks.fullmatch(plain) and _fits(plain, shape)]
    whole = [kind for kinds, shape in ids if len(shape) == len(plain) for kind in kinds]
    if whole:
        return tuple(whole)
    if "@" in plain:
        return (Reading.EMAIL,)
    return tuple(sorted({*NAMES, *(kind for kinds, _shape in ids for kind in kinds)}, key=list(Reading).index))


def _fits(text: str, shape: str) -> bool:
    return len(text) <= len(shape) and all((a == "-") == (b == "-") for a, b in zip(text, shape, strict=False))


def found(text: str) -> list[Found]:
    """What the text finds in each of its readings, the first ten of each; readings that find nothing are left out."""
    pages = [Found(reading, _page(reading, text, place=None, rows=FIRST)) for reading in readings(text)]
    return [one for one in pages if one.page.rows]


def all_found(reading: Reading, text: str, place: str | None) -> Found:
    """All that the text finds in this reading, a page of 100 that begins after `place`. Raises: BadPlace."""
    return Found(reading, _page(reading, text, place=place))


def homes(people: Collection[Person]) -> Mapping[uuid.UUID, Sequence[Membership]]:
    """Where each of these people is a member, with the tenant, by the person's id."""
    rows = across_tenants(Membership, reason=CONSOLE).where(
        Membership.person_id.in_({person.id for person in people}), Membership.ended_at.is_(None)
    )
    places: dict[uuid.UUID, list[Membership]] = defaultdict(list)
    for membership in db.session.scalars(rows.options(joinedload(Membership.tenant)).order_by(Membership.id)):
        places[membership.person_id].append(membership)
    return places


def _page(reading: Reading, text: str, **paging: Any) -> Page[Any]:
    conditions, columns, rows = _SOUGHT[reading](text.strip())
    return page_of(rows.where(*conditions), *columns, **paging)


Sought = tuple[list[ColumnElement[bool]], tuple[Any, ...], Select[Any]]


def _tenants_by_account_id(text: str) -> Sought:
    rows = across_tenants(Tenant, reason=CONSOLE)
    return _within(Tenant.account_id, text.upper(), ACCOUNT_ID.upper(), "9"), (Tenant.account_id, Tenant.id), rows


def _tenants(text: str) -> Sought:
    rows = across_tenants(Tenant, reason=CONSOLE)
    return begins_with(Tenant.name_key, same_name(text)), (Tenant.name_key, Tenant.id), rows


def _people(text: str) -> Sought:
    return begins_with(Person.name_key, same_name(text)), (Person.name_key, Person.id), select(Person)


def _people_by_email(text: str) -> Sought:
    return begins_with(Person.email_key, email_key(text)), (Person.email_key, Person.id), select(Person)


def _keys(text: str) -> Sought:
    rows = across_tenants(KeyPair, reason=CONSOLE).options(*WHOLE)
    return _within(KeyPair.api_key, text.lower(), API_KEY, "f"), (KeyPair.api_key, KeyPair.id), rows


def _spaces(text: str) -> Sought:
    rows = across_tenants(DataSpace, reason=CONSOLE).options(
        joinedload(DataSpace.tenant), joinedload(DataSpace.project), joinedload(DataSpace.installation)
    )
    return _within(DataSpace.public_id, text.lower(), CONNECTOR_ID, "f"), (DataSpace.public_id, DataSpace.id), rows


def _projects_by_id(text: str) -> Sought:
    rows = across_tenants(Project, reason=CONSOLE).options(*_OF_PROJECT)
    return _within(Project.public_id, text.lower(), CONNECTOR_ID, "f"), (Project.public_id, Project.id), rows


def _projects(text: str) -> Sought:
    rows = across_tenants(Project, reason=CONSOLE).options(*_OF_PROJECT)
    columns = (Project.name_key, Project.tenant_id, Project.id)
    return begins_with(Project.name_key, same_name(text)), columns, rows


def _installations(text: str) -> Sought:
    rows = (
        across_tenants(Installation, reason=CONSOLE)
        .where(Installation.detached_at.is_(None))
        .join(Installation.data_space)
        .options(
            joinedload(Installation.tenant),
            contains_eager(Installation.data_space).joinedload(DataSpace.project),
        )
    )
    columns = (Installation.address_key, Installation.tenant_id, Installation.id)
    return begins_with(Installation.address_key, address_key(text)), columns, rows


def _contracts(text: str) -> Sought:
    rows = across_tenants(Contract, reason=CONSOLE).options(joinedload(Contract.tenant), joinedload(Contract.edition))
    return _within(Contract.public_id, text.lower(), CONTRACT_ID, "z"), (Contract.public_id, Contract.id), rows


_OF_PROJECT = (joinedload(Project.tenant), joinedload(Project.contract).joinedload(Contract.edition))
_SOUGHT: dict[Reading, Callable[[str], Sought]] = {
    Reading.ACCOUNT_ID: _tenants_by_account_id,
    Reading.TENANT: _tenants,
    Reading.PERSON: _people,
    Reading.EMAIL: _people_by_email,
    Reading.API_KEY: _keys,
    Reading.SPACE_ID: _spaces,
    Reading.PROJECT_ID: _projects_by_id,
    Reading.PROJECT: _projects,
    Reading.ADDRESS: _installations,
    Reading.CONTRACT_ID: _contracts,
}


def _within(column: Any, beginning: str, shape: str, last: str) -> list[ColumnElement[bool]]:
    # Of a fixed shape, so that the bounds are whole ids: then every server's locale sorts them alike.
    low = beginning + shape[len(beginning) :]
    high = beginning + shape[len(beginning) :].replace("0", last)
    return [column >= low, column <= high]
