"""Every query on service credentials."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by
from portal.credentials.models import CredentialUse, ServiceCredential
from portal.foundation.database import db, lock
from portal.foundation.paging import Page, page_of

PARTIES = tuple(
    joinedload(getattr(ServiceCredential, name)) for name in ("service", "created_by", "revoked_by", "successor", "use")
)


class Working(NamedTuple):
    """What who answers calls has to know of a credential: `digest` is the SHA-256 of the whole token, 32 octets.

    `service_code` None: it may ask for every service. `ends_at` is aware UTC; None: nothing ends it by itself.
    """

    digest: bytes
    public_id: str
    service_code: str | None
    ends_at: datetime | None


def working(at: datetime) -> list[ColumnElement[bool]]:
    """What `ServiceCredential.is_working(at)` says, as conditions of a statement."""
    return [
        ServiceCredential.revoked_at.is_(None),
        *(or_(moment.is_(None), moment > at) for moment in (ServiceCredential.expires_at, ServiceCredential.ends_at)),
    ]


def all_working(at: datetime) -> list[Working]:
    """All credentials that work at this moment, for who answers calls; each stops at its `ends_at` unasked."""
    rows = across_tenants(ServiceCredential, reason=Reader.SNAPSHOT).where(*working(at))
    return [Working(row.secret_hash, row.public_id, row.service_code, row.stops_at) for row in db.session.scalars(rows)]


def find_working(digest: bytes, at: datetime) -> str | None:
    """The public id of the credential with this digest, when it works at this moment."""
    rows = across_tenants(ServiceCredential.public_id, reason=Reader.SNAPSHOT)
    found: str | None = db.session.scalar(rows.where(ServiceCredential.secret_hash == digest, *working(at)))
    return found


def note_uses(seen: Mapping[str, datetime]) -> None:
    """Note when the credentials with these public ids were used; an earlier moment than the one on record is none."""
    if not seen:
        return
    named = (ServiceCredential.tenant_id, ServiceCredential.id, ServiceCredential.public_id)
    rows = across_tenants(*named, reason=Reader.SNAPSHOT).where(ServiceCredential.public_id.in_(list(seen)))
    found = db.session.execute(rows.order_by(ServiceCredential.id)).all()
    uses = [{"tenant_id": row.tenant_id, "id": row.id, "last_used_at": seen[row.public_id]} for row in found]
    if not uses:
        return
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    noting = insert(CredentialUse).values(uses)
    later = noting.on_conflict_do_update(
        index_elements=[CredentialUse.tenant_id, CredentialUse.id],
        set_={"last_used_at": noting.excluded.last_used_at},
        where=CredentialUse.last_used_at < noting.excluded.last_used_at,
    )
    db.session.execute(later, execution_options={"scope": Reader.SNAPSHOT})


def get(actor: Actor, public_id: str) -> ServiceCredential:
    """The credential of the actor's tenant, with what hangs on it. Raises: NotFound."""
    rows = owned_by(actor, ServiceCredential).where(ServiceCredential.public_id == public_id)
    found: ServiceCredential = one_or_not_found(rows.options(*PARTIES))
    return found


def lock_again(actor: Actor, credential: ServiceCredential) -> ServiceCredential:
    """As `get` finds it now, kept from changing until the transaction ends. Raises: NotFound."""
    lock(credential)
    # In a statement of its own: what waits for a lock sees the row as it is then, but its successor as it was before.
    rows = owned_by(actor, ServiceCredential).where(ServiceCredential.id == credential.id).options(*PARTIES)
    found: ServiceCredential = one_or_not_found(rows.execution_options(populate_existing=True))
    return found


def lock_by_secret(digest: bytes) -> ServiceCredential | None:
    """The credential with this digest as it is now, kept from changing until the transaction ends; or None."""
    rows = across_tenants(ServiceCredential, reason=Reader.CODE_LOOK_UP).where(ServiceCredential.secret_hash == digest)
    locked = rows.with_for_update(of=ServiceCredential).execution_options(populate_existing=True)
    return db.session.scalars(locked).one_or_none()


def find_asked_as(actor: Actor, mark: str) -> ServiceCredential | None:
    """What was issued when the form with this mark was sent, or None."""
    rows = owned_by(actor, ServiceCredential).where(ServiceCredential.asked_as == mark)
    return db.session.scalars(rows).one_or_none()


def page(
    actor: Actor, place: str | None = None, conditions: Sequence[ColumnElement[bool]] = ()
) -> Page[ServiceCredential]:
    """The credentials of the actor's tenant that meet these conditions, the newest first. Raises: BadPlace."""
    rows = owned_by(actor, ServiceCredential).where(*conditions).options(*PARTIES)
    return page_of(rows, ServiceCredential.id, place=place, newest_first=True)


def others_working(actor: Actor, but: ServiceCredential, at: datetime) -> Sequence[ServiceCredential]:
    """The newest, at most 20, of those that work at this moment beside `but` and ask about something that it does."""
    rows = owned_by(actor, ServiceCredential).where(*working(at), ServiceCredential.id != but.id)
    if but.service_code is not None:
        about = ServiceCredential.service_code
        rows = rows.where(or_(about.is_(None), about == but.service_code))
    return db.session.scalars(rows.options(*PARTIES).order_by(ServiceCredential.id.desc()).limit(20)).all()


def everything(actor: Actor) -> Sequence[ServiceCredential]:
    """All of them, the oldest first."""
    rows = owned_by(actor, ServiceCredential).options(*PARTIES).order_by(ServiceCredential.id)
    return db.session.scalars(rows).all()


def add(row: ServiceCredential) -> ServiceCredential:
    """`row`, with its id."""
    db.session.add(row)
    db.session.flush()
    return row
