"""Every query on calls with keys."""

from datetime import datetime

from sqlalchemy import delete

from portal.access.actor import Actor
from portal.access.rows import SCOPE, Reader, owned_by
from portal.foundation.database import db
from portal.repeats.models import KeyedCall


def hold(actor: Actor, key_sha256: bytes) -> KeyedCall | None:
    """The call of this caller with this key, kept from others until the transaction ends, or None."""
    mine = owned_by(actor, KeyedCall).where(KeyedCall.caller == actor.credential, KeyedCall.key_sha256 == key_sha256)
    return db.session.scalars(mine.with_for_update()).one_or_none()


def add(call: KeyedCall) -> None:
    """Write it now, so that a second one with the same key fails here. Raises: IntegrityError."""
    db.session.add(call)
    db.session.flush()


def remove(call: KeyedCall) -> None:
    """Forget it with the transaction; written now, for its key may come anew."""
    db.session.delete(call)
    db.session.flush()


def forget(begun_before: datetime) -> None:
    """Delete calls that began before this moment."""
    old = delete(KeyedCall).where(KeyedCall.begun_at < begun_before)
    db.session.execute(old, execution_options={SCOPE: Reader.WORKER})
