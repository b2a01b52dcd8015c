"""The console's lists of who holds access and of the shops that use it: key pairs and installations, across tenants."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.contracts.models import Contract
from portal.foundation.database import db
from portal.impact.console import by_its_contracts
from portal.impact.expiring import Kind, Term, among, in_term
from portal.impact.listing import Listing, tenant_id
from portal.impact.search import begins_with
from portal.keys.models import KeyPair, KeyState
from portal.keys.status import LIVE_STATES
from portal.keys.store import WHOLE
from portal.projects.addresses import address_key
from portal.projects.models import Claim, DataSpace, Installation
from portal.usage.models import KeyUse

RECENTLY = timedelta(days=30)


class Unused(StrEnum):
    """For how long a pair in service was not used."""

    THIRTY_DAYS = "30"
    NINETY_DAYS = "90"
    EVER = "never"


class Seen(StrEnum):
    """Whether a call of an installation was seen within 30 days."""

    RECENTLY = "30"
    NOT = "not"


@dataclass(frozen=True)
class AccessWanted:
    """Which key pairs; None is all. owner and holder are account ids."""

    owner: str | None = None
    holder: str | None = None
    api_key: str | None = None
    environment: Environment | None = None
    state: KeyState | None = None
    edition: str | None = None
    ends: Term | None = None
    unused: Unused | None = None


@dataclass(frozen=True)
class InstallationsWanted:
    """Which installations; None is all. tenant is an account id, address the beginning of one."""

    address: str | None = None
    tenant: str | None = None
    side: Environment | None = None
    claim: Claim | None = None
    seen: Seen | None = None


def key_pairs(wanted: AccessWanted, at: datetime) -> Listing:
    """Who holds access: key pairs owner by owner, with all that their status depends on."""
    rows = across_tenants(KeyPair, reason=Reader.CONSOLE).options(*WHOLE)
    conditions = _named(wanted)
    if wanted.environment is not None:
        conditions.append(KeyPair.environment == wanted.environment)
    if wanted.state is not None:
        conditions.append(KeyPair.state == wanted.state)
    if wanted.edition is not None:
        is_of = KeyPair.contract.has(Contract.edition_code == wanted.edition)
        conditions += [is_of, *by_its_contracts(KeyPair, wanted.edition)]
    if wanted.ends is not None:
        conditions += in_term(Kind.KEYS, wanted.ends, at)
    if wanted.unused is not None:
        conditions += _unused(wanted.unused, at)
    return Listing(rows.where(*conditions), (KeyPair.tenant_id, KeyPair.id))


def _named(wanted: AccessWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        conditions.append(KeyPair.tenant_id == tenant_id(wanted.owner))
    if wanted.holder is not None:
        conditions.append(KeyPair.holder_id == tenant_id(wanted.holder))
    if wanted.api_key is not None:
        conditions.append(KeyPair.api_key == wanted.api_key)
    return conditions


def _unused(unused: Unused, at: datetime) -> list[ColumnElement[bool]]:
    # Of pairs in service; one that is younger than that was not left unused for so long.
    used = select(KeyUse.id).where(KeyUse.tenant_id == KeyPair.tenant_id, KeyUse.key_pair_id == KeyPair.id)
    in_service = among(KeyPair.state, LIVE_STATES)
    if unused is Unused.EVER:
        return [in_service, ~used.exists()]
    since = at - timedelta(days=int(unused))
    return [in_service, KeyPair.created_at <= since, ~used.where(KeyUse.last_at > since).exists()]


def last_used(pairs: Collection[KeyPair]) -> Mapping[uuid.UUID, datetime]:
    """When each of these pairs was last used, by its id; one never used is left out."""
    rows = (
        across_tenants(KeyUse.key_pair_id, func.max(KeyUse.last_at), reason=Reader.CONSOLE)
        .where(KeyUse.tenant_id.in_({pair.tenant_id for pair in pairs}))
        .where(KeyUse.key_pair_id.in_({pair.id for pair in pairs}))
        .group_by(KeyUse.key_pair_id)
    )
    found: Mapping[uuid.UUID, datetime] = dict(db.session.execute(rows).all())
    return found


def installations(wanted: InstallationsWanted, at: datetime) -> Listing:
    """Attached installations tenant by tenant, or by address where that is asked for; with space and project."""
    rows = (
        across_tenants(Installation, reason=Reader.CONSOLE)
        .where(Installation.detached_at.is_(None))
        .join(Installation.data_space)
        .options(
            joinedload(Installation.tenant),
            contains_eager(Installation.data_space).joinedload(DataSpace.project),
        )
    )
    conditions: list[ColumnElement[bool]] = []
    if wanted.address is not None:
        conditions += begins_with(Installation.address_key, address_key(wanted.address))
    if wanted.tenant is not None:
        conditions.append(Installation.tenant_id == tenant_id(wanted.tenant))
    if wanted.side is not None:
        conditions.append(Installation.side == wanted.side)
    if wanted.claim is not None:
        conditions.append(Installation.claim == wanted.claim)
    if wanted.seen is not None:
        conditions.append(_was_seen(wanted.seen, at - RECENTLY))
    by_address = () if wanted.address is None else (Installation.address_key,)
    return Listing(rows.where(*conditions), (*by_address, Installation.tenant_id, Installation.id))


def _was_seen(seen: Seen, since: datetime) -> ColumnElement[bool]:
    if seen is Seen.RECENTLY:
        return Installation.last_seen_at > since
    return or_(Installation.last_seen_at.is_(None), Installation.last_seen_at <= since)
