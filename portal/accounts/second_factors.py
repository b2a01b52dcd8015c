"""A person's second factors: setting an authenticator app up, naming and removing it, recovery codes.

Whoever calls has had the person prove who they are in the last 10 minutes. Each change ends all sessions of the person
but the one it was made in, which goes on under a new id.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from portal.accounts import factor_store, passwords, recovery_codes, store, totp
from portal.accounts.attempts import Proof
from portal.accounts.codes import AppProof
from portal.accounts.errors import CodesMadeAlready, PasswordTooShortAlone, SetUpLapsed, TooManyFactors, WrongCode
from portal.accounts.models import FactorKind, Means, Person, SecondFactor, UserSession, as_person
from portal.accounts.sessions import renew_session
from portal.accounts.sign_in import proven
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound
from portal.foundation.words import clean_name
from portal.outbox import operations as outbox

MOST_APPS = 3
SET_UP_FOR = timedelta(minutes=30)


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
    name = clean_name(name)
    person = _locked(row)
    found = factor_store.intended_in(row.id)
    if found is not None and _can_be_confirmed(found):
        found.name = name
        return found
    if found is not None:
        factor_store.delete_factor(found.id)
    if len(factor_store.second_factors(person.id, FactorKind.TOTP)) >= MOST_APPS:
        raise TooManyFactors(most=MOST_APPS)

    factor = SecondFactor(id=uuid.uuid4(), person_id=person.id, kind=FactorKind.TOTP, name=name, intended_in=row.id)
    factor.sealed = totp.seal(factor, totp.new_seed())
    store.add(factor)
    audit.record(as_person(person), Event.FACTOR_INTENDED, factor)
    return factor


def app_to_confirm(row: UserSession) -> SecondFactor:
    """What this session is setting up. Raises: SetUpLapsed."""
    found = factor_store.intended_in(row.id)
    if found is None or not _can_be_confirmed(found):
        raise SetUpLapsed()
    return found


def confirm_app(row: UserSession, proof: Proof, device: str) -> Changed:
    """The app counts from now on; the first one brings recovery codes. The person is told by mail.

    proof: by the app's first code. Raises: SetUpLapsed, WrongCode when it was another app's, TooManyFactors.
    """
    person = _locked(row)
    factor = app_to_confirm(row)
    if not isinstance(proof, AppProof) or proof.factor_id != factor.id or proof.person_id != person.id:
        raise WrongCode()
    is_first = not factor_store.has_second_factor(person.id)
    if len(factor_store.second_factors(person.id, FactorKind.TOTP)) >= MOST_APPS:
        raise TooManyFactors(most=MOST_APPS)

    factor.confirmed_at = clock.now()
    codes = _new_codes(person) if is_first else ()
    audit.record(as_person(person), Event.FACTOR_ADDED, factor)
    _tell(person, "second_factor_added", factor=factor.name)
    changed = _go_on(row, person, device, codes)
    changed.session.factors = row.factors | {Means.TOTP}
    return changed


def rename(row: UserSession, factor_id: uuid.UUID, name: str) -> None:
    """Call the factor so; what it is called already changes nothing. Raises: NotFound, the refusals of a name."""
    name = clean_name(name)
    person = _locked(row)
    factor = get(person, factor_id)
    if factor.name != name:
        before, factor.name = factor.name, name
        audit.record(as_person(person), Event.FACTOR_RENAMED, factor, before=before)


def remove(row: UserSession, factor_id: uuid.UUID, password: Proof, device: str) -> Changed:
    """The factor counts no longer; with the last one the recovery codes end. The person is told by mail.

    password: the password just given. Raises: NotFound, PasswordTooShortAlone when the last factor would leave a
    password that is shorter than a sign-in without a second step needs, WrongPassword when it changed meanwhile.
    """
    person = proven(password)
    factor = get(person, factor_id)
    is_last = len(factor_store.second_factors(person.id)) == 1
    if is_last and not password.stands_alone:
        raise PasswordTooShortAlone(shortest=passwords.SHORTEST)

    audit.record(as_person(person), Event.FACTOR_REMOVED, factor)
    factor_store.delete_factor(factor.id)
    if is_last:
        factor_store.replace_recovery_codes(person.id, [])
    _tell(person, "second_factor_removed", factor=factor.name)
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


def get(person: Person, factor_id: uuid.UUID) -> SecondFactor:
    """The person's factor that is set up. Raises: NotFound."""
    found = factor_store.find_second_factor(person.id, factor_id)
    if found is None:
        raise NotFound()
    return found


def shortest_password(person: Person) -> int:
    """How many characters a password of this person has at least."""
    return passwords.SHORTEST_WITH_FACTOR if factor_store.has_second_factor(person.id) else passwords.SHORTEST


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
