"""Every query on second factors, recovery codes, answered challenges and sign-ins that wait for a second step."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import contains_eager, joinedload

from portal.accounts.models import (
    FactorKind,
    PendingSignIn,
    RecoveryCode,
    RegisteredPasskey,
    SecondFactor,
    SpentChallenge,
    set_up_by,
)
from portal.foundation.database import db


def has_second_factor(person_id: uuid.UUID) -> bool:
    """Whether the person has a second factor that is set up."""
    return bool(db.session.scalar(select(exists().where(*set_up_by(person_id)))))


def kinds_of(person_id: uuid.UUID) -> frozenset[FactorKind]:
    """Which kinds of second factors the person has that are set up."""
    return frozenset(db.session.scalars(select(SecondFactor.kind).where(*set_up_by(person_id)).distinct()))


def second_factors(person_id: uuid.UUID, kind: FactorKind | None = None) -> Sequence[SecondFactor]:
    """Those that are set up, the oldest first; of one kind, or all."""
    rows = select(SecondFactor).where(*set_up_by(person_id))
    if kind is not None:
        rows = rows.where(SecondFactor.kind == kind)
    return db.session.scalars(rows.order_by(SecondFactor.id)).all()


def find_second_factor(person_id: uuid.UUID, factor_id: uuid.UUID, kind: FactorKind) -> SecondFactor | None:
    """The person's factor of this kind with this id that is set up, or None."""
    rows = select(SecondFactor).where(*set_up_by(person_id), SecondFactor.kind == kind)
    return db.session.scalars(rows.where(SecondFactor.id == factor_id)).one_or_none()


def intended_in(session_id: uuid.UUID) -> SecondFactor | None:
    """What this session is setting up, however long since, or None."""
    return db.session.scalars(_intended(SecondFactor.intended_in == session_id)).one_or_none()


def _intended(*conditions: ColumnElement[bool]) -> Select[SecondFactor]:
    return select(SecondFactor).where(SecondFactor.confirmed_at.is_(None), *conditions)


def accept_step(factor_id: uuid.UUID, step: int, now: datetime) -> bool:
    """Whether this step's code was not used yet, nor a later one; from now on it was. One statement, so one wins."""
    accepting = update(SecondFactor).where(SecondFactor.id == factor_id, SecondFactor.counter < step)
    return _rows_of(accepting.values(counter=step, last_used_at=now)) == 1


def passkeys_of(person_id: uuid.UUID) -> Sequence[RegisteredPasskey]:
    """The person's passkeys that are set up, each with its factor, the oldest first."""
    return db.session.scalars(_passkeys(*set_up_by(person_id)).order_by(SecondFactor.id)).all()


def passkey_of(credential_id: bytes) -> RegisteredPasskey | None:
    """The passkey that its authenticator calls so, with its factor, whosoever it is; or None."""
    return db.session.scalars(_passkeys(RegisteredPasskey.credential_id == credential_id)).one_or_none()


def passkey_in(factor_id: uuid.UUID) -> RegisteredPasskey:
    """The passkey of this factor, set up or not."""
    return db.session.scalars(_passkeys(SecondFactor.id == factor_id)).one()


def _passkeys(*conditions: ColumnElement[bool]) -> Select[RegisteredPasskey]:
    rows = select(RegisteredPasskey).join(RegisteredPasskey.factor)
    return rows.options(contains_eager(RegisteredPasskey.factor)).where(*conditions)


def credential_ids(person_id: uuid.UUID) -> list[bytes]:
    """What authenticators call the person's passkeys."""
    return [row.credential_id for row in passkeys_of(person_id) if row.credential_id is not None]


def count_passkey(factor_id: uuid.UUID, counted: int, now: datetime) -> bool:
    """Whether a passkey that is set up has counted on, or counts never at all, as those of most phones do."""
    counts_on = or_(SecondFactor.counter < counted, and_(SecondFactor.counter == 0, literal(counted) == 0))
    counting = update(SecondFactor).where(
        SecondFactor.id == factor_id, SecondFactor.confirmed_at.is_not(None), counts_on
    )
    return _rows_of(counting.values(counter=counted, last_used_at=now)) == 1


def suspect_passkey(factor_id: uuid.UUID, now: datetime) -> bool:
    """Whether nobody has suspected yet that there is a copy of this passkey; from now on it is."""
    suspecting = update(RegisteredPasskey).where(
        RegisteredPasskey.factor_id == factor_id, RegisteredPasskey.suspected_at.is_(None)
    )
    return _rows_of(suspecting.values(suspected_at=now)) == 1


def is_spent(challenge_hash: bytes) -> bool:
    """Whether the challenge with this hash was answered already."""
    return bool(db.session.scalar(select(exists().where(SpentChallenge.challenge_hash == challenge_hash))))


def spend_challenge(challenge_hash: bytes, expires_at: datetime) -> bool:
    """Whether the challenge with this hash was not answered yet; from now on it was. One statement, so one wins."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    spending = insert(SpentChallenge).values(challenge_hash=challenge_hash, expires_at=expires_at)
    spent = spending.on_conflict_do_nothing().returning(SpentChallenge.challenge_hash)
    return db.session.scalar(spent) is not None


def delete_factor(factor_id: uuid.UUID) -> None:
    """Forget this factor and its seed or public key."""
    db.session.execute(delete(RegisteredPasskey).where(RegisteredPasskey.factor_id == factor_id))
    db.session.execute(delete(SecondFactor).where(SecondFactor.id == factor_id))


def has_recovery_code(person_id: uuid.UUID, code_hash: bytes) -> bool:
    """Whether this is one of the person's codes, not used yet."""
    unused = exists().where(
        RecoveryCode.person_id == person_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None)
    )
    return bool(db.session.scalar(select(unused)))


def use_recovery_code(person_id: uuid.UUID, code_hash: bytes, now: datetime) -> bool:
    """Whether it was not used yet; from now on it was. One statement, so one wins."""
    using = update(RecoveryCode).where(
        RecoveryCode.person_id == person_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None)
    )
    return _rows_of(using.values(used_at=now)) == 1


def recovery_codes_left(person_id: uuid.UUID) -> int:
    """How many of the person's codes were not used yet."""
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(left) or 0


def batch_of_recovery_codes(person_id: uuid.UUID) -> uuid.UUID | None:
    """What the person's codes were made as, or None when there are none."""
    return db.session.scalar(select(RecoveryCode.batch).where(RecoveryCode.person_id == person_id).limit(1))


def replace_recovery_codes(person_id: uuid.UUID, hashes: Sequence[bytes]) -> None:
    """From now on the codes with these hashes are the person's, and no others; none, when there are no hashes."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    batch = uuid.uuid4()
    db.session.add_all(RecoveryCode(person_id=person_id, batch=batch, code_hash=one) for one in hashes)
    db.session.flush()


def pending_sign_in(token_hash: bytes, now: datetime) -> PendingSignIn | None:
    """The sign-in with this token that still waits for a code, with its person; or None."""
    rows = select(PendingSignIn).options(joinedload(PendingSignIn.person, innerjoin=True))
    return db.session.scalars(
        rows.where(PendingSignIn.token_hash == token_hash, PendingSignIn.expires_at > now)
    ).one_or_none()


def take_pending_sign_in(token_hash: bytes, person_id: uuid.UUID, now: datetime) -> bool:
    """Whether the sign-in with this token was waiting for this person's code; it does no longer."""
    waiting = delete(PendingSignIn).where(
        PendingSignIn.token_hash == token_hash, PendingSignIn.person_id == person_id, PendingSignIn.expires_at > now
    )
    return _rows_of(waiting) == 1


def drop_pending_sign_ins(person_id: uuid.UUID) -> None:
    """No sign-in of this person waits for a code any more."""
    db.session.execute(delete(PendingSignIn).where(PendingSignIn.person_id == person_id))


def tidy_up(intended_before: datetime, expired_before: datetime) -> None:
    """Delete what was begun before then and never set up, and sign-ins and challenges that lapsed before then."""
    never_set_up = (SecondFactor.confirmed_at.is_(None), SecondFactor.created_at < intended_before)
    of_these = RegisteredPasskey.factor_id.in_(select(SecondFactor.id).where(*never_set_up))
    db.session.execute(delete(RegisteredPasskey).where(of_these))
    db.session.execute(delete(SecondFactor).where(*never_set_up))
    db.session.execute(delete(SpentChallenge).where(SpentChallenge.expires_at < expired_before))
    db.session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < expired_before))


def _rows_of(change: Any) -> int:
    return cast(CursorResult[Any], db.session.execute(change)).rowcount
