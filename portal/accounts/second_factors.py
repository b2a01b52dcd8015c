"""A person's second factors: setting up apps and passkeys, naming and removing them, recovery codes.

Whoever calls has had the person prove who they are in the last 10 minutes. Each change ends all sessions of the person
but the one it was made in, which goes on under a new id.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from portal.accounts import factor_store, passkeys, passwords, recovery_codes, store, totp
from portal.accounts.attempts import Proof
from portal.accounts.codes import AppProof
from portal.accounts.errors import (
    CodesMadeAlready,
    NewPasskeyRefused,
    PasskeyKnown,
    PasswordTooShortAlone,
    SetUpLapsed,
    TooManyFactors,
    TooManyPasskeys,
    WrongCode,
)
from portal.accounts.models import (
    FactorKind,
    Means,
    Person,
    RegisteredPasskey,
    SecondFactor,
    UserSession,
    as_person,
)
from portal.accounts.passkeys import FirstPasskeyProof
from portal.accounts.sessions import renew_session
from portal.accounts.sign_in import proven
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound, PortalError
from portal.foundation.words import clean_name
from portal.outbox import operations as outbox

MOST_APPS, MOST_PASSKEYS = 3, 10
SET_UP_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class _Kind:
    """What is said of a kind of factor, by which events and mails, and how many of it there may be."""

    most: int
    too_many: type[PortalError]
    means: Means
    intended: Event
    added: Event
    renamed: Event
    removed: Event
    mail: str


KINDS = {
    FactorKind.TOTP: _Kind(
        MOST_APPS, TooManyFactors, Means.TOTP,
        Event.FACTOR_INTENDED, Event.FACTOR_ADDED, Event.FACTOR_RENAMED, Event.FACTOR_REMOVED, "second_factor",
    ),
    FactorKind.PASSKEY: _Kind(
        MOST_PASSKEYS, TooManyPasskeys, Means.PASSKEY,
        Event.PASSKEY_INTENDED, Event.PASSKEY_ADDED, Event.PASSKEY_RENAMED, Event.PASSKEY_REMOVED, "passkey",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """The session that goes on in this browser, the token for its cookie, and codes to be shown now or never."""

    session: UserSession
    token: str
    codes: tuple[str, ...] = ()


def intend_app(row: UserSession, name: str) -> SecondFactor:
    """An authenticator app to be confirmed in this session within 30 minutes; what it was setting up already goes on.

    Raises: TooManyFactors, the refusals of a name.
    """
    factor, is_new = _intend(row, name, FactorKind.TOTP)
    if is_new:
        factor.sealed = totp.seal(factor, totp.new_seed())
        store.add(factor)
    return factor


def intend_passkey(row: UserSession, name: str) -> SecondFactor:
    """A passkey to be made in this session within 30 minutes; what it was setting up already goes on.

    Raises: TooManyPasskeys, the refusals of a name.
    """
    factor, is_new = _intend(row, name, FactorKind.PASSKEY)
    if is_new:
        store.add(factor)
        others = factor_store.passkeys_of(factor.person_id)
        handle = others[0].user_handle if others else passkeys.new_handle()
        store.add(RegisteredPasskey(factor_id=factor.id, user_handle=handle))
    return factor


def _intend(row: UserSession, name: str, kind: FactorKind) -> tuple[SecondFactor, bool]:
    """What the session sets up, and whether it has only just begun to."""
    name = clean_name(name)
    person = _locked(row)
    found = factor_store.intended_in(row.id)
    if found is not None and found.kind is kind and _can_be_confirmed(found):
        found.name = name
        return found, False
    if found is not None:
        factor_store.delete_factor(found.id)
    _require_room(person, kind)

    factor = SecondFactor(id=uuid.uuid4(), person_id=person.id, kind=kind, name=name, intended_in=row.id)
    audit.record(as_person(person), KINDS[kind].intended, factor)
    return factor, True


def app_to_confirm(row: UserSession) -> SecondFactor:
    """The app that this session is setting up. Raises: SetUpLapsed."""
    return _to_confirm(row, FactorKind.TOTP)


def passkey_to_confirm(row: UserSession) -> SecondFactor:
    """The passkey that this session is setting up. Raises: SetUpLapsed."""
    return _to_confirm(row, FactorKind.PASSKEY)


def _to_confirm(row: UserSession, kind: FactorKind) -> SecondFactor:
    found = factor_store.intended_in(row.id)
    if found is None or found.kind is not kind or not _can_be_confirmed(found):
        raise SetUpLapsed()
    return found


def confirm_app(row: UserSession, proof: Proof, device: str) -> Changed:
    """The app counts from now on; a first factor brings recovery codes. The person is told by mail.

    proof: by the app's first code. Raises: SetUpLapsed, WrongCode when it was another app's, TooManyFactors.
    """
    person = _locked(row)
    factor = app_to_confirm(row)
    if not isinstance(proof, AppProof) or proof.factor_id != factor.id or proof.person_id != person.id:
        raise WrongCode()
    return _confirm(row, person, factor, device)


def confirm_passkey(row: UserSession, proof: Proof, device: str) -> Changed:
    """The passkey counts from now on; a first factor brings recovery codes. The person is told by mail.

    proof: by what the authenticator made. Raises: SetUpLapsed, NewPasskeyRefused when it was made for another one,
    PasskeyKnown, TooManyPasskeys.
    """
    person = _locked(row)
    factor = passkey_to_confirm(row)
    if not isinstance(proof, FirstPasskeyProof) or (proof.factor_id, proof.person_id) != (factor.id, person.id):
        raise NewPasskeyRefused()
    if factor_store.passkey_of(proof.credential_id) is not None:
        raise PasskeyKnown()
    passkey = factor_store.passkey_in(factor.id)
    passkey.credential_id, passkey.public_key = proof.credential_id, proof.public_key
    factor.counter = proof.counted
    return _confirm(row, person, factor, device)


def _confirm(row: UserSession, person: Person, factor: SecondFactor, device: str) -> Changed:
    kind = KINDS[factor.kind]
    is_first = not factor_store.has_second_factor(person.id)
    _require_room(person, factor.kind)

    factor.confirmed_at = clock.now()
    codes = _new_codes(person) if is_first else ()
    audit.record(as_person(person), kind.added, factor)
    _tell(person, f"{kind.mail}_added", factor=factor.name)
    changed = _go_on(row, person, device, codes)
    changed.session.factors = row.factors | {kind.means}
    return changed


def rename(row: UserSession, factor_id: uuid.UUID, name: str, kind: FactorKind = FactorKind.TOTP) -> None:
    """Call the factor so; what it is called already changes nothing. Raises: NotFound, the refusals of a name."""
    name = clean_name(name)
    person = _locked(row)
    factor = get(person, factor_id, kind)
    if factor.name != name:
        before, factor.name = factor.name, name
        audit.record(as_person(person), KINDS[kind].renamed, factor, before=before)


def remove(
    row: UserSession, factor_id: uuid.UUID, password: Proof, device: str, kind: FactorKind = FactorKind.TOTP
) -> Changed:
    """The factor counts no longer; with the last one the recovery codes end. The person is told by mail.

    password: the password just given. Raises: NotFound, PasswordTooShortAlone when the last factor would leave a
    password that is shorter than a sign-in without a second step needs, WrongPassword when it changed meanwhile.
    """
    person = proven(password)
    factor = get(person, factor_id, kind)
    is_last = len(factor_store.second_factors(person.id)) == 1
    if is_last and not password.stands_alone:
        raise PasswordTooShortAlone(shortest=passwords.SHORTEST)

    audit.record(as_person(person), KINDS[kind].removed, factor)
    factor_store.delete_factor(factor.id)
    if is_last:
        factor_store.replace_recovery_codes(person.id, [])
    _tell(person, f"{KINDS[kind].mail}_removed", factor=factor.name)
    return _go_on(row, person, device)


def make_recovery_codes(row: UserSession, device: str, *, instead_of: uuid.UUID) -> Changed:
    """Ten new codes, and the end of all older ones. The person is told by mail.

    instead_of: the batch that the person wants to replace, as it was seen. Raises: NotFound without a second factor,
    CodesMadeAlready when another batch has taken its place.
    """
    person = _locked(row)
    if not factor_store.has_second_factor(person.id):
        raise NotFound()
    if factor_store.batch_of_recovery_codes(person.id) != instead_of:
        raise CodesMadeAlready()

    codes = _new_codes(person)
    audit.record(as_person(person), Event.RECOVERY_CODES_MADE, person, codes=len(codes))
    _tell(person, "recovery_codes_made")
    return _go_on(row, person, device, codes)


def get(person: Person, factor_id: uuid.UUID, kind: FactorKind = FactorKind.TOTP) -> SecondFactor:
    """The person's factor of this kind that is set up. Raises: NotFound."""
    found = factor_store.find_second_factor(person.id, factor_id, kind)
    if found is None:
        raise NotFound()
    return found


def shortest_password(person: Person) -> int:
    """How many characters a password of this person has at least."""
    return passwords.SHORTEST_WITH_FACTOR if factor_store.has_second_factor(person.id) else passwords.SHORTEST


def _require_room(person: Person, kind: FactorKind) -> None:
    if len(factor_store.second_factors(person.id, kind)) >= KINDS[kind].most:
        raise KINDS[kind].too_many(most=KINDS[kind].most)


def _can_be_confirmed(factor: SecondFactor) -> bool:
    return clock.now() - factor.created_at < SET_UP_FOR


def _locked(row: UserSession) -> Person:
    person = store.get_person(row.person_id)
    lock(person)
    return person


def _new_codes(person: Person) -> tuple[str, ...]:
    codes = recovery_codes.new_codes()
    cleaned = [recovery_codes.clean(code) or "" for code in codes]
    factor_store.replace_recovery_codes(person.id, [recovery_codes.hash_of(person.id, code) for code in cleaned])
    return tuple(codes)


def _go_on(row: UserSession, person: Person, device: str, codes: tuple[str, ...] = ()) -> Changed:
    store.end_sessions(person.id, clock.now())
    factor_store.drop_pending_sign_ins(person.id)
    renewed, token = renew_session(row, device)
    return Changed(renewed, token, codes)


def _tell(person: Person, template: str, **facts: str) -> None:
    outbox.post(template, person.email, person.language.value, {"name": person.name, **facts})
