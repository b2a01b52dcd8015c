"""People with a second factor, set up by the portal's own operations."""

from dataclasses import dataclass

import pyotp
from sqlalchemy import update

from portal.accounts import factor_store, store, totp
from portal.accounts import operations as accounts
from portal.accounts.attempts import Password, Proof, attempt
from portal.accounts.models import Person, SecondFactor, UserSession
from portal.foundation import clock
from portal.foundation.database import db, transaction
from tests.accounts.authenticator import Authenticator
from tests.factories import PASSWORD, a_person

HERE = "192.0.2.1"
DEVICE = "Firefox · Linux"


@dataclass
class App:
    """An authenticator app of a person: `seed` is what it holds, `codes` the recovery codes that came with it."""

    person: Person
    factor: SecondFactor
    seed: str
    session: UserSession
    token: str
    codes: tuple[str, ...]

    def code(self, steps: int = 0) -> str:
        """What the app shows now, or so many steps later."""
        return code_of(self.seed, steps)


def code_of(seed: str, steps: int = 0) -> str:
    """The code of this seed now, or so many steps of 30 seconds later."""
    return pyotp.TOTP(seed).generate_otp(int(clock.unix_now()) // totp.STEP_SECONDS + steps)


def a_session(person: Person) -> UserSession:
    """A session of the person, begun now."""
    with transaction():
        row, _token = accounts.begin_session(person, DEVICE)
    return row


def an_app(person: Person | None = None, name: str = "Phone", session: UserSession | None = None) -> App:
    """An app of the person (a new one) that is in use, none of whose codes was used yet."""
    person = person or a_person()
    row = session or a_session(person)
    with transaction():
        factor = accounts.intend_app(row, name)
        factor_id, seed = factor.id, totp.seed_of(factor)
    proof = attempt(person, accounts.FirstCode(code_of(seed), row.id), HERE)
    with transaction():
        changed = accounts.confirm_app(row, proof, DEVICE)
        db.session.execute(update(SecondFactor).where(SecondFactor.id == factor_id).values(counter=0))
    factor = db.session.get_one(SecondFactor, factor_id)
    return App(store.get_person(person.id), factor, seed, changed.session, changed.token, changed.codes)


def password_of(person: Person, password: str = PASSWORD) -> Proof:
    """The proof by the person's password."""
    return attempt(person, Password(password), HERE)


BROWSER = "the token of one browser's forms"
SIGNING_IN = accounts.Asked(accounts.Purpose.SIGN_IN, BROWSER)
CONFIRMING = accounts.Asked(accounts.Purpose.CONFIRM, BROWSER)
REGISTERING = accounts.Asked(accounts.Purpose.REGISTER, BROWSER)


@dataclass
class Held:
    """A passkey that is registered, and the authenticator that holds it."""

    person: Person
    factor: SecondFactor
    device: Authenticator
    session: UserSession
    token: str
    codes: tuple[str, ...]

    def sign_in(self, device: Authenticator | None = None) -> Proof:
        """The proof by this passkey (or another device) of somebody who said nothing of who they are."""
        answer = (device or self.device).sign(accounts.question_to_anybody(SIGNING_IN))
        return attempt(accounts.person_of(answer) or "", accounts.Passkey(answer, SIGNING_IN), HERE)

    def confirm(self, device: Authenticator | None = None) -> Proof:
        """The proof of the person that this passkey is theirs."""
        answer = (device or self.device).sign(accounts.question_to(self.person.id, CONFIRMING))
        return attempt(self.person, accounts.Passkey(answer, CONFIRMING), HERE)


def a_passkey(
    person: Person | None = None,
    name: str = "Laptop",
    session: UserSession | None = None,
    device: Authenticator | None = None,
) -> Held:
    """A passkey of the person (a new one) that is in use, though it was not used yet."""
    person, device = person or a_person(), device or Authenticator()
    row = session or a_session(person)
    with transaction():
        factor_id = accounts.intend_passkey(row, name).id
    answer = device.make(invitation(row))
    proof = attempt(person, accounts.FirstPasskey(answer, REGISTERING, row.id), HERE)
    with transaction():
        changed = accounts.confirm_passkey(row, proof, DEVICE)
    factor = db.session.get_one(SecondFactor, factor_id)
    return Held(store.get_person(person.id), factor, device, changed.session, changed.token, changed.codes)


def invitation(row: UserSession) -> str:
    """What the browser is asked for the passkey that this session sets up."""
    passkey = factor_store.passkey_in(accounts.passkey_to_confirm(row).id)
    return accounts.invitation_to(store.get_person(row.person_id), passkey.user_handle, REGISTERING)
