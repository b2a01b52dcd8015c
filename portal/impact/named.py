"""Reads what one call names, across all tenants, to explain what is decided about it: the named reader "snapshot"."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.contracts.models import Contract
from portal.delegations.models import Delegation
from portal.entitlements.models import Entitlement
from portal.foundation.database import one_moment
from portal.impact.reading import (
    CONTRACTS,
    DELEGATIONS,
    ENTITLEMENTS,
    KEYS,
    SPACES,
    TENANTS,
    Source,
    grants_of,
    services,
)
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace
from portal.tenants.models import Tenant
from portal.verifier.decision import Call, Policy
from portal.verifier.records import KeyRow, SpaceRow
from portal.verifier.tables import Delta, Tables


def by(call: Call, policy: Policy) -> Tables:
    """Everything that a decision on this call may look at, as it is now; a key also long after its end."""
    tables = Tables(policy)
    with one_moment() as session:
        keys = _rows(session, KEYS, KeyPair.api_key == call.api_key) if _is_name(call.api_key) else []
        spaces = _rows(session, SPACES, DataSpace.public_id == call.data_space) if _is_name(call.data_space) else []
        tables.apply(_around(session, keys, spaces), 0)
    return tables


def _around(session: Session, keys: list[KeyRow], spaces: list[SpaceRow]) -> Delta:
    owners = {row.tenant_id for row in keys} | {row.tenant_id for row in spaces}
    entitled = _rows(session, ENTITLEMENTS, Entitlement.tenant_id.in_(owners))
    delegated = {row.delegation_id for row in keys}
    return Delta(
        tenants=_rows(session, TENANTS, Tenant.id.in_(owners | {row.holder_id for row in keys})),
        contracts=_rows(session, CONTRACTS, Contract.tenant_id.in_(owners)),
        grants=list(grants_of(entitled)),
        delegations=_rows(session, DELEGATIONS, Delegation.tenant_id.in_(owners), Delegation.id.in_(delegated)),
        keys=keys,
        spaces=spaces,
        services=services(session),
    )


def _rows(session: Session, source: Source, *only: ColumnElement[bool]) -> list[Any]:
    return [row for portion in source.portions(session, *only) for row in portion]


def _is_name(text: str | None) -> bool:
    """Whether it can be one at all: no database takes every character."""
    return text is not None and text.isascii() and text.isprintable()
