"""When what a line is about was used last: by any key pair that hangs on it. Queries over all tenants."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.orm import aliased

from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.delegations.models import Delegation
from portal.entitlements.models import Entitlement
from portal.foundation.database import db
from portal.handoffs.models import KeyCopy
from portal.keys.models import KeyPair
from portal.projects.models import Installation
from portal.reviews.models import ReviewSubject
from portal.usage.models import KeyUse, Sighting, UseClient

# What was used so recently never ends by silence.
RECENTLY = timedelta(days=30)
Place = tuple[uuid.UUID, uuid.UUID]  # (tenant, id) of an entitlement, a delegation or a key pair
MODELS: dict[ReviewSubject, Any] = {
    ReviewSubject.ENTITLEMENTS: Entitlement,
    ReviewSubject.DELEGATIONS: Delegation,
    ReviewSubject.KEYS: KeyPair,
}
LATEST = aliased(KeyUse, name="latest_use")


@dataclass(frozen=True)
class LastUse:
    """When it was used last, and by which installation, where the call told."""

    at: datetime
    installation: str | None


def used_since(subject: ReviewSubject, owner_id: Any, subject_id: Any, since: datetime) -> ColumnElement[bool]:
    """Whether what these columns name was used since then."""
    return _uses(subject, owner_id, subject_id).where(KeyUse.last_at >= since).exists()


def at_work_since(subject: ReviewSubject, owner_id: Any, subject_id: Any, since: datetime) -> ColumnElement[bool]:
    """The same, and of delegations whether the integrator did anything at the owner since then, keys or not."""
    used = used_since(subject, owner_id, subject_id, since)
    if subject is not ReviewSubject.DELEGATIONS:
        return used
    return or_(used, _worked(owner_id, subject_id, since).exists(), _used_copies(owner_id, subject_id, since).exists())


def _worked(owner_id: Any, subject_id: Any, since: datetime) -> Select[Any]:
    """What the record has of it in the owner's chain, what was refused left out."""
    given = aliased(Delegation)
    rows = select(AuditEvent.seq).where(AuditEvent.tenant_id == owner_id, given.tenant_id == owner_id)
    rows = rows.where(given.id == subject_id, AuditEvent.actor_home_id == given.integrator_id)
    return rows.where(AuditEvent.at >= since, AuditEvent.refused.is_(False), AuditEvent.copy_of.is_(None))


def _used_copies(owner_id: Any, subject_id: Any, since: datetime) -> Select[Any]:
    """The uses of the owner's own key pairs whose private key was handed to the integrator."""
    given = aliased(Delegation)
    its = and_(KeyUse.tenant_id == KeyCopy.tenant_id, KeyUse.key_pair_id == KeyCopy.key_pair_id)
    rows = select(KeyUse.id).join(KeyCopy, its).where(KeyUse.tenant_id == owner_id, KeyUse.last_at >= since)
    return rows.where(given.tenant_id == owner_id, given.id == subject_id, KeyCopy.holder_id == given.integrator_id)


def last_uses(subject: ReviewSubject, places: Collection[Place], *, reason: Reader) -> Mapping[Place, LastUse]:
    """The last use of each of these; one never used is left out. One statement."""
    model = MODELS[subject]
    latest = _uses(subject, model.tenant_id, model.id).order_by(KeyUse.last_at.desc())
    latest_id = latest.limit(1).correlate(model).scalar_subquery()
    rows = (
        across_tenants(model.tenant_id, model.id, LATEST.last_at, Installation.name, reason=reason)
        .select_from(model)
        .where(tuple_(model.tenant_id, model.id).in_(list(places)))
        .join(LATEST, and_(LATEST.tenant_id == model.tenant_id, LATEST.id == latest_id))
    )
    found = db.session.execute(_with_installation(rows))
    return {(owner_id, row_id): LastUse(at, name) for owner_id, row_id, at, name in found}


def _with_installation(rows: Select[Any]) -> Select[Any]:
    client = and_(UseClient.tenant_id == LATEST.tenant_id, UseClient.id == LATEST.client_id)
    taken_for = and_(
        Sighting.tenant_id == LATEST.tenant_id,
        Sighting.key_pair_id == LATEST.key_pair_id,
        Sighting.data_space_id == LATEST.data_space_id,
        Sighting.identity == UseClient.identity,
    )
    its = and_(Installation.tenant_id == Sighting.tenant_id, Installation.id == Sighting.installation_id)
    return rows.join(UseClient, client).outerjoin(Sighting, taken_for).outerjoin(Installation, its)


def _uses(subject: ReviewSubject, owner_id: Any, subject_id: Any) -> Select[Any]:
    """The uses of the key pairs that hang on it. Joined, so that the few pairs come first and their uses by index."""
    rows = select(KeyUse.id).where(KeyUse.tenant_id == owner_id)
    if subject is ReviewSubject.KEYS:
        return rows.where(KeyUse.key_pair_id == subject_id)
    pair, granting = aliased(KeyPair), aliased(Entitlement)
    rows = rows.join(pair, and_(pair.tenant_id == KeyUse.tenant_id, pair.id == KeyUse.key_pair_id))
    if subject is ReviewSubject.DELEGATIONS:
        return rows.where(pair.tenant_id == owner_id, pair.delegation_id == subject_id)
    # At one level with the rest: what is nested deeper would not be correlated with the row that is asked about.
    rows = rows.join(granting, and_(granting.tenant_id == pair.tenant_id, granting.contract_id == pair.contract_id))
    return rows.where(granting.tenant_id == owner_id, granting.id == subject_id)
