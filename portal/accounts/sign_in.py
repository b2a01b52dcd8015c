"""Signing in and out, changing the password, proving again who one is."""

import uuid

from portal.accounts import store
from portal.accounts.attempts import Proof
from portal.accounts.errors import SessionEnded, WrongPassword
from portal.accounts.models import Person, UserSession, as_person
from portal.accounts.passwords import ChosenPassword
from portal.accounts.sessions import begin_session, is_live
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound
from portal.outbox import operations as outbox


def sign_in(proof: Proof, device: str, *, instead_of: UserSession | None = None) -> tuple[UserSession, str]:
    """A session for the person of `proof`, and the token for its cookie.

    instead_of: the session this browser had; it ends. Raises: WrongPassword when the person changed meanwhile.
    """
    person = _proven(proof)
    if proof.renewed is not None:
        person.password_hash = proof.renewed.hash
    if instead_of is not None:
        _end(instead_of)
    audit.record(as_person(person), Event.SIGNED_IN, person, device=device)
    return begin_session(person, device)


def sign_out(row: UserSession) -> None:
    """End this session. Ending it twice is one event."""
    lock(row)
    if row.ended_at is None:
        _end(row)
        person = store.get_person(row.person_id)
        audit.record(as_person(person), Event.SIGNED_OUT, person)


def sign_out_elsewhere(current: UserSession, session_id: uuid.UUID) -> None:
    """End one session of the person whose `current` one this is. Raises: NotFound when it is not theirs or has ended.

    It may be the current one.
    """
    row = store.live_session(current.person_id, session_id)
    if row is None:
        raise NotFound()
    person = store.get_person(row.person_id)
    _end(row)
    audit.record(as_person(person), Event.SIGNED_OUT, person, device=row.device)


def sign_out_everywhere(current: UserSession, *, keep_current: bool) -> int:
    """How many sessions of this person ended: all, or all but the current one."""
    person = store.get_person(current.person_id)
    count = store.end_sessions(person.id, clock.now(), keep=current.id if keep_current else None)
    audit.record(as_person(person), Event.SIGNED_OUT_EVERYWHERE, person, sessions=count, kept_current=keep_current)
    return count


def change_password(proof: Proof, chosen: ChosenPassword, device: str) -> tuple[UserSession, str]:
    """A new session for this device; every other one ends. The person is told by mail.

    Raises: WrongPassword when the person changed meanwhile.
    """
    person = _proven(proof)
    person.password_hash = chosen.hash
    store.end_sessions(person.id, clock.now())
    outbox.post("password_changed", person.email, person.language.value, {"name": person.name})
    audit.record(as_person(person), Event.PASSWORD_CHANGED, person)
    return begin_session(person, device)


def reauthenticate(row: UserSession, proof: Proof) -> None:
    """The session counts as fresh from now on.

    Raises: SessionEnded, WrongPassword when the person changed meanwhile.
    """
    person = _proven(proof)
    current = store.live_session(person.id, row.id)
    if current is None or not is_live(current, clock.now()):
        raise SessionEnded()
    current.reauthenticated_at = clock.now()


def _proven(proof: Proof) -> Person:
    person = store.get_person(proof.person_id)
    lock(person)
    if not person.is_active or person.password_hash != proof.password_hash:
        raise WrongPassword()
    return person


def _end(row: UserSession) -> None:
    row.ended_at = clock.now()
