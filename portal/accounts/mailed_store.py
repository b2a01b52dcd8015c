"""Every query on links in mails to people, and on who asked for one."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import joinedload

from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Invitation, MailedToken, MailPurpose, ResetRequest
from portal.foundation.database import Base, db, insert_if_absent

MOST_INVITATIONS = 20


def note_request(email_key: str, now: datetime) -> None:
    """Somebody asked for this address; asking again before the answer adds nothing."""
    insert_if_absent(Base.metadata.tables[ResetRequest.__tablename__], {"email_key": email_key, "asked_at": now})


def take_requests(limit: int) -> Sequence[str]:
    """At most `limit` addresses that were asked for, the oldest first; they are asked for no longer.

    Where rows can be locked, those that another worker answers are passed over.
    """
    rows = select(ResetRequest).order_by(ResetRequest.asked_at).limit(limit).with_for_update(skip_locked=True)
    keys = [row.email_key for row in db.session.scalars(rows)]
    db.session.execute(delete(ResetRequest).where(ResetRequest.email_key.in_(keys)))
    return keys


def keep_token(person_id: uuid.UUID, purpose: MailPurpose, token_hash: bytes, expires_at: datetime) -> None:
    """The token with this hash is the person's for this purpose, and no other one is. The person is locked before."""
    drop_token(person_id, purpose)
    db.session.add(MailedToken(person_id=person_id, purpose=purpose, token_hash=token_hash, expires_at=expires_at))
    db.session.flush()


def find_token(token_hash: bytes, purpose: MailPurpose, now: datetime) -> MailedToken | None:
    """What a link with a token of this hash is good for, with its person, when it is good for this; or None."""
    rows = select(MailedToken).options(joinedload(MailedToken.person, innerjoin=True))
    return db.session.scalars(
        rows.where(MailedToken.token_hash == token_hash, MailedToken.purpose == purpose, MailedToken.expires_at > now)
    ).one_or_none()


def take_token(token_hash: bytes, purpose: MailPurpose, person_id: uuid.UUID, now: datetime) -> bool:
    """Whether this person's token was good for this until now. One statement, so one wins."""
    taking = delete(MailedToken).where(
        MailedToken.token_hash == token_hash,
        MailedToken.purpose == purpose,
        MailedToken.person_id == person_id,
        MailedToken.expires_at > now,
    )
    return cast(CursorResult[Any], db.session.execute(taking)).rowcount == 1


def drop_token(person_id: uuid.UUID, purpose: MailPurpose) -> None:
    """No link of this purpose is good for this person any more."""
    db.session.execute(delete(MailedToken).where(MailedToken.person_id == person_id, MailedToken.purpose == purpose))


def invitations_of(email_key: str, now: datetime) -> Sequence[Invitation]:
    """The invitations of this address, into any account, that can still be accepted, each with its account."""
    rows = across_tenants(Invitation, reason=Reader.WORKER).options(joinedload(Invitation.tenant))
    waiting = (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > now)
    return db.session.scalars(
        rows.where(Invitation.email_key == email_key, *waiting).order_by(Invitation.id).limit(MOST_INVITATIONS)
    ).all()


def tidy_up(now: datetime) -> None:
    """Delete links that are too old to be used."""
    db.session.execute(delete(MailedToken).where(MailedToken.expires_at <= now))
