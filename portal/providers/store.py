"""Every query on identity providers and whom they name."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, owned_by, scoped_to
from portal.accounts.models import Membership
from portal.foundation.database import db
from portal.providers.models import IdentityProvider, ProviderIdentity, ProviderMode, UsedState
from portal.tenants.models import Tenant


def find(actor: Actor) -> IdentityProvider | None:
    """The provider of the actor's tenant, or None."""
    return db.session.scalars(owned_by(actor, IdentityProvider)).one_or_none()


def find_at(account_id: str) -> IdentityProvider | None:
    """The provider of the account with this id, with its tenant, whatever its mode; or None. For who signs in."""
    rows = across_tenants(IdentityProvider, reason=Reader.SIGN_IN).join(IdentityProvider.tenant)
    found = rows.where(Tenant.account_id == account_id).options(contains_eager(IdentityProvider.tenant))
    return db.session.scalars(found).one_or_none()


def names_of(tenant_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What the providers of these tenants are called, of those that are switched on."""
    rows = across_tenants(IdentityProvider.tenant_id, IdentityProvider.name, reason=Reader.SIGN_IN)
    on = rows.where(IdentityProvider.tenant_id.in_(tenant_ids), IdentityProvider.mode != ProviderMode.OFF)
    return {row[0]: row[1] for row in db.session.execute(on)}


def identity(tenant_id: uuid.UUID, issuer: str, subject: str) -> ProviderIdentity | None:
    """Whom this issuer means by this subject in this tenant, while they are a member, with the person; or None."""
    rows = (
        select(ProviderIdentity)
        .join(ProviderIdentity.membership)
        .options(joinedload(ProviderIdentity.person, innerjoin=True), contains_eager(ProviderIdentity.membership))
        .where(
            ProviderIdentity.tenant_id == tenant_id,
            ProviderIdentity.issuer == issuer,
            ProviderIdentity.subject == subject,
            Membership.ended_at.is_(None),
        )
    )
    return db.session.scalars(rows, execution_options=scoped_to(tenant_id)).one_or_none()


def was_named(tenant_id: uuid.UUID, issuer: str, subject: str) -> bool:
    """Whether this issuer meant somebody by this subject in this tenant who is a member no longer."""
    rows = (
        select(ProviderIdentity.id)
        .join(ProviderIdentity.membership)
        .where(
            ProviderIdentity.tenant_id == tenant_id,
            ProviderIdentity.issuer == issuer,
            ProviderIdentity.subject == subject,
            Membership.ended_at.is_not(None),
        )
    )
    return db.session.scalars(rows.limit(1), execution_options=scoped_to(tenant_id)).first() is not None


def identity_of(membership: Membership) -> ProviderIdentity | None:
    """By what the provider of the member's tenant names it, or None."""
    rows = select(ProviderIdentity).where(
        ProviderIdentity.tenant_id == membership.tenant_id, ProviderIdentity.membership_id == membership.id
    )
    return db.session.scalars(rows, execution_options=scoped_to(membership.tenant_id)).one_or_none()


def forget_identities(tenant_id: uuid.UUID, *conditions: Any) -> int:
    """Delete whom the tenant's provider names; all of them, or those that fit. How many there were."""
    gone = delete(ProviderIdentity).where(ProviderIdentity.tenant_id == tenant_id, *conditions)
    options = scoped_to(tenant_id) | {"synchronize_session": False}
    return cast(CursorResult[Any], db.session.execute(gone, execution_options=options)).rowcount


def forget_subject(tenant_id: uuid.UUID, issuer: str, subject: str) -> None:
    """Delete whom this subject meant: somebody who left."""
    forget_identities(tenant_id, ProviderIdentity.issuer == issuer, ProviderIdentity.subject == subject)


def use_state(state_hash: bytes, forgotten_at: datetime) -> bool:
    """Whether this state was never used; from now on it was. One statement, so one wins."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    using = insert(UsedState).values(state_hash=state_hash, forgotten_at=forgotten_at).on_conflict_do_nothing()
    return db.session.scalar(using.returning(UsedState.state_hash)) is not None


def tidy_up(now: datetime) -> None:
    """Delete used states that are too old to come back."""
    db.session.execute(delete(UsedState).where(UsedState.forgotten_at < now))


def add(row: IdentityProvider | ProviderIdentity) -> None:
    """Keep a new row."""
    db.session.add(row)
    db.session.flush()


def remove(row: IdentityProvider) -> None:
    """Delete the provider, and whom it names."""
    forget_identities(row.tenant_id)
    db.session.delete(row)
    db.session.flush()


def let_go() -> None:
    """End what was read, so that no transaction stays open while somebody else is asked."""
    db.session.rollback()
