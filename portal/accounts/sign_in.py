"""Signing in, in one step or two, and out, changing the password, proving again who one is."""

import uuid
from datetime import timedelta

from portal.accounts import factor_store, mailed_store, recoveries, store
from portal.accounts.attempts import Proof
from portal.accounts.errors import CodeNeeded, PasswordTooShort, SessionEnded, SignInLapsed, WrongPassword
from portal.accounts.models import MailPurpose, Means, PendingSignIn, Person, UserSession, as_person
from portal.accounts.passwords import SHORTEST, ChosenPassword
from portal.accounts.sessions import begin_session, is_live
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound
from portal.foundation.sealing import new_token, token_hash
from portal.outbox import operations as outbox

CODE_AWAITED_FOR = timedelta(minutes=10)
FIRST_STEPS = (Means.PASSWORD, Means.PROVIDER)


def sign_in(proof: Proof, device: str, *, instead_of: UserSession | None = None) -> tuple[UserSession, str]:
    """A session for the person of `proof`, and the token for its cookie.

    instead_of: the session this browser had; it ends. Raises: WrongPassword when the person changed meanwhile,
    CodeNeeded for who has a second factor, where `await_code` begins and `sign_in_with_code` ends a sign-in.
    """
    person = _proven_whole(proof, None)
    _renew_hash(person, proof)
    factors = {proof.means, Means.PROVIDER_SECOND} if proof.asked_second else {proof.means}
    return _enter(person, device, instead_of, frozenset(factors), proof.vouched_by_id)


def needs_code(proof: Proof) -> bool:
    """Whether this proof does not yet sign its person in."""
    is_first = proof.means in FIRST_STEPS and not proof.asked_second
    return is_first and factor_store.has_second_factor(proof.person_id)


def await_code(proof: Proof) -> str:
    """The token, for this browser alone, of a sign-in that waits for a code for 10 minutes. It gives no rights.

    Raises: WrongPassword when the person changed meanwhile.
    """
    person = proven(proof)
    _renew_hash(person, proof)
    token = new_token()
    expires_at = clock.now() + CODE_AWAITED_FOR
    waiting = PendingSignIn(token_hash=token_hash(token), person_id=person.id, expires_at=expires_at)
    waiting.vouched_by_id = proof.vouched_by_id
    store.add(waiting)
    event = Event.PASSWORD_ACCEPTED if proof.means is Means.PASSWORD else Event.PROVIDER_ACCEPTED
    audit.record(as_person(person), event, person)
    return token


def awaiting_code(token: str) -> PendingSignIn | None:
    """The sign-in with this token that still waits for a code, with its person; or None."""
    row = factor_store.pending_sign_in(token_hash(token), clock.now())
    return row if row is not None and row.person.is_active else None


def sign_in_with_code(
    token: str, proof: Proof, device: str, *, instead_of: UserSession | None = None
) -> tuple[UserSession, str]:
    """A session for who gave the password to the sign-in `token`, and now the code of `proof`, as `sign_in` makes it.

    The person is told by mail when it was a recovery code. Raises: SignInLapsed, WrongPassword when the person changed
    meanwhile.
    """
    person = proven(proof)
    waiting = factor_store.pending_sign_in(token_hash(token), clock.now())
    vouched_by_id = waiting.vouched_by_id if waiting is not None else None
    if not factor_store.take_pending_sign_in(token_hash(token), person.id, clock.now()):
        raise SignInLapsed()
    if proof.means is Means.RECOVERY_CODE:
        left = factor_store.recovery_codes_left(person.id)
        outbox.post("recovery_code_used", person.email, person.language.value, {"name": person.name, "left": left})
    first = Means.PASSWORD if vouched_by_id is None else Means.PROVIDER
    return _enter(person, device, instead_of, frozenset({first, proof.means}), vouched_by_id)


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
    factor_store.drop_pending_sign_ins(person.id)
    if count or keep_current:  # else another click was quicker, and is on record
        audit.record(as_person(person), Event.SIGNED_OUT_EVERYWHERE, person, sessions=count, kept_current=keep_current)
    return count


def change_password(
    proof: Proof, chosen: ChosenPassword, device: str, second: Proof | None = None
) -> tuple[UserSession, str]:
    """A new session for this device; every other one ends. The person is told by mail.

    second: by a code, for who has a second factor. Raises: WrongPassword when the person changed meanwhile, CodeNeeded,
    PasswordTooShort for one that needs a second factor, when there is none.
    """
    person = _proven_whole(proof, second)
    if not chosen.stands_alone and not factor_store.has_second_factor(person.id):
        raise PasswordTooShort(shortest=SHORTEST)
    recoveries.stop_by_factor(person, _means(proof, second))
    person.password_hash = chosen.hash
    store.end_sessions(person.id, clock.now())
    factor_store.drop_pending_sign_ins(person.id)
    mailed_store.drop_token(person.id, MailPurpose.RESET)
    outbox.post("password_changed", person.email, person.language.value, {"name": person.name})
    audit.record(as_person(person), Event.PASSWORD_CHANGED, person)
    return begin_session(person, device, factors=_means(proof, second))


def reauthenticate(row: UserSession, proof: Proof, second: Proof | None = None) -> None:
    """The session counts as fresh from now on.

    second: by a code, for who has a second factor. Raises: SessionEnded, WrongPassword when the person changed
    meanwhile, CodeNeeded.
    """
    person = _proven_whole(proof, second)
    current = store.live_session(person.id, row.id)
    if current is None or not is_live(current, clock.now()):
        raise SessionEnded()
    current.reauthenticated_at = clock.now()
    recoveries.stop_by_factor(person, _means(proof, second))


def proven(proof: Proof) -> Person:
    """The person of `proof`, kept from changing until the transaction ends. Raises: WrongPassword when it changed."""
    person = store.get_person(proof.person_id)
    lock(person)
    if not person.is_active or person.password_hash != proof.password_hash:
        raise WrongPassword()
    return person


def _proven_whole(proof: Proof, second: Proof | None) -> Person:
    """As `proven`, where a password alone proves only who has no second factor."""
    person = proven(proof)
    if needs_code(proof) and (second is None or second.means in FIRST_STEPS):
        raise CodeNeeded()
    if second is not None and (second.person_id, second.password_hash) != (person.id, person.password_hash):
        raise WrongPassword()
    return person


def _means(*proofs: Proof | None) -> frozenset[Means]:
    return frozenset(proof.means for proof in proofs if proof is not None)


def _renew_hash(person: Person, proof: Proof) -> None:
    if proof.renewed is not None:
        person.password_hash = proof.renewed.hash


def _enter(
    person: Person,
    device: str,
    instead_of: UserSession | None,
    factors: frozenset[Means],
    vouched_by_id: uuid.UUID | None,
) -> tuple[UserSession, str]:
    if instead_of is not None:
        _end(instead_of)
    recoveries.stop_by_factor(person, factors)
    audit.record(as_person(person), Event.SIGNED_IN, person, device=device, factors=sorted(factors))
    if vouched_by_id is None:
        return begin_session(person, device, factors=factors)
    row, token = begin_session(person, device, home_id=vouched_by_id, factors=factors)
    row.vouched_by_id = vouched_by_id
    row.is_own = instead_of is not None and instead_of.is_own and instead_of.person_id == person.id
    if row.is_own and instead_of is not None:
        # What the person's own sign-in gave goes on beside it: no longer than it would have, and no fresher.
        row.factors = factors | instead_of.factors
        row.reauthenticated_at = instead_of.reauthenticated_at
        row.expires_at = min(row.expires_at, instead_of.expires_at)
    return row, token


def _end(row: UserSession) -> None:
    row.ended_at = clock.now()
