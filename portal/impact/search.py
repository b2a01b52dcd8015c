"""The console's one search box: finds tenants by anything that somebody on the telephone can read out."""

import re
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership, Person
from portal.accounts.store import email_key
from portal.contracts.models import Contract
from portal.foundation.words import same_name
from portal.impact.listing import Listing
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace, Project
from portal.tenants.models import Standing, Tenant

# Behind every character that a name can have, so that `prefix <= name < prefix + this` is all names with that prefix.
LAST_CHARACTER = "\U0010ffff"


class Sought(StrEnum):
    """What a search text is taken for."""

    NOTHING = "nothing"
    ACCOUNT_ID = "account_id"
    API_KEY = "api_key"
    SPACE_ID = "space_id"
    CONTRACT_ID = "contract_id"
    EMAIL = "email"
    NAME = "name"


_SHAPES = (
    (Sought.ACCOUNT_ID, re.compile(r"mag[0-9]{1,9}", re.IGNORECASE)),
    (Sought.API_KEY, re.compile(r"[0-9a-f]{32}", re.IGNORECASE)),
    (Sought.SPACE_ID, re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)),
    (Sought.CONTRACT_ID, re.compile(r"ctr_[0-9a-z]{20}")),
    (Sought.EMAIL, re.compile(r"\S+@\S+")),
    (Sought.NAME, re.compile(r".+", re.DOTALL)),
)


def sought(text: str) -> Sought:
    """What `text` is taken for: an id or an address by its shape, else a name."""
    return next((kind for kind, shape in _SHAPES if shape.fullmatch(text)), Sought.NOTHING)


def tenants(text: str, standing: Standing | None) -> Listing:
    """The tenants that `text` finds, by name.

    Account ids and names match from their beginning, everything else as a whole. An API key finds its owner and its
    holder, a person's e-mail address the tenants they belong to, a data space or project id its owner.
    """
    rows: Select[Any] = across_tenants(Tenant, reason=Reader.CONSOLE).where(*_matching(text))
    if standing is not None:
        rows = rows.where(Tenant.standing == standing)
    return Listing(rows, (Tenant.name_key, Tenant.id))


def _matching(text: str) -> list[ColumnElement[bool]]:
    match sought(text):
        case Sought.NOTHING:
            return []
        case Sought.ACCOUNT_ID:
            return begins_with(Tenant.account_id, text.upper())
        case Sought.NAME:
            return begins_with(Tenant.name_key, same_name(text))
        case kind:
            return [Tenant.id.in_(_FOUND_BY[kind](text.lower()))]


def begins_with(column: Any, prefix: str) -> list[ColumnElement[bool]]:
    """The conditions of a text that begins so, on a column that is sorted by code point."""
    return [column >= prefix, column < prefix + LAST_CHARACTER]


def _by_api_key(api_key: str) -> Any:
    found = KeyPair.api_key == api_key
    return select(KeyPair.tenant_id).where(found).union(select(KeyPair.holder_id).where(found))


def _by_space(public_id: str) -> Any:
    spaces = select(DataSpace.tenant_id).where(DataSpace.public_id == public_id)
    return spaces.union(select(Project.tenant_id).where(Project.public_id == public_id))


def _by_contract(public_id: str) -> Any:
    return select(Contract.tenant_id).where(Contract.public_id == public_id)


def _by_email(address: str) -> Any:
    members = select(Membership.tenant_id).join(Person, Person.id == Membership.person_id)
    return members.where(Person.email_key == email_key(address), Membership.ended_at.is_(None))


_FOUND_BY = {
    Sought.API_KEY: _by_api_key,
    Sought.SPACE_ID: _by_space,
    Sought.CONTRACT_ID: _by_contract,
    Sought.EMAIL: _by_email,
}
