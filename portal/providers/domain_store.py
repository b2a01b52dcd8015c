"""Every query on the mail domains of accounts."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, select

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, scoped_to
from portal.foundation.database import db
from portal.providers.models import MailDomain


def all_of(actor: Actor) -> Sequence[MailDomain]:
    """The domains that the actor's account names, by name; there are never more than an account may have."""
    return db.session.scalars(owned_by(actor, MailDomain).order_by(MailDomain.name)).all()


def count(actor: Actor) -> int:
    """How many they are."""
    return len(all_of(actor))


def has_proven(actor: Actor) -> bool:
    """Whether the actor's account has a domain that counts."""
    rows = owned_by(actor, MailDomain).where(MailDomain.proven_at.is_not(None)).limit(1)
    return db.session.scalars(rows).first() is not None


def find(actor: Actor, name: str) -> MailDomain | None:
    """The domain of this name of the actor's account, or None."""
    return db.session.scalars(owned_by(actor, MailDomain).where(MailDomain.name == name)).one_or_none()


def get(actor: Actor, name: str) -> MailDomain:
    """As `find`. Raises: NotFound."""
    found: MailDomain = one_or_not_found(owned_by(actor, MailDomain).where(MailDomain.name == name))
    return found


def proven(name: str) -> MailDomain | None:
    """The one row of this domain that counts, whosever it is; or None. For who signs in."""
    rows = across_tenants(MailDomain, reason=Reader.SIGN_IN)
    return db.session.scalars(rows.where(MailDomain.name == name, MailDomain.proven_at.is_not(None))).one_or_none()


def proven_of(tenant_id: uuid.UUID, name: str) -> MailDomain | None:
    """This domain, where it counts for this tenant; or None."""
    rows = select(MailDomain).where(
        MailDomain.tenant_id == tenant_id, MailDomain.name == name, MailDomain.proven_at.is_not(None)
    )
    return db.session.scalars(rows, execution_options=scoped_to(tenant_id)).one_or_none()


def add(row: MailDomain) -> None:
    """Keep a new row."""
    db.session.add(row)
    db.session.flush()


def flush() -> None:
    """Write what is pending, so that a constraint sees it in this order."""
    db.session.flush()


def remove(row: MailDomain) -> None:
    """Delete the row."""
    gone = delete(MailDomain).where(MailDomain.tenant_id == row.tenant_id, MailDomain.id == row.id)
    db.session.execute(gone, execution_options=scoped_to(row.tenant_id))
