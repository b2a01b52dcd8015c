"""Re-authentication: forms of weighty acts ask who one is when the last proof of it is too long ago.

Whoever has a second factor is asked for a passkey, or for the password and a code. The form says which act is confirmed
with it: the macro `proof` (templates/components/forms.html) takes the act in words.
"""

import uuid
from typing import Any

from flask import g, request, session
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from portal.accounts import factor_store
from portal.accounts import operations as accounts
from portal.accounts.attempts import Factor, Password, Proof, attempt
from portal.accounts.codes import Code
from portal.accounts.errors import CodeNeeded, PasskeyRefused, WrongCode, WrongPassword
from portal.accounts.models import FactorKind, Person
from portal.foundation.database import transaction
from portal.web.accounts import devices
from portal.web.forms import PortalForm
from portal.web.pages import add_refusal


class CodeField(StringField):
    """A code of an authenticator app, or a recovery code; what was typed is not shown again."""

    data: str

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, validators=[InputRequired(_l("Give the code."))], **kwargs)

    def _value(self) -> str:
        return ""


class PasskeyField(HiddenField):
    """What a passkey answered to `question`, as the page's script wrote it down; it is never shown again.

    `person_id` is whose passkeys are asked; None for anybody's.
    """

    data: str | None
    person_id: uuid.UUID | None = None

    @property
    def question(self) -> str:
        """JSON for the browser, with a new challenge each time."""
        if self.person_id is None:
            return accounts.question_to_anybody(self._asked)
        return accounts.question_to(self.person_id, self._asked)

    @property
    def answer(self) -> accounts.Passkey:
        """What to hand to `attempt`. Raises: ChallengeLapsed."""
        passkey = accounts.Passkey(self.data or "", self._asked)
        passkey.require_live()
        return passkey

    @property
    def _asked(self) -> accounts.Asked:
        purpose = accounts.Purpose.SIGN_IN if self.person_id is None else accounts.Purpose.CONFIRM
        return accounts.Asked(purpose, secret_of_browser())

    def stands_for(self, *fields: Field | None) -> None:
        """Where a passkey has answered, these need not be filled in."""
        for field in fields:
            if field is not None and self.data:
                field.validators = ()

    def _value(self) -> str:
        return ""


def secret_of_browser() -> str:
    """What only this browser has: the token of its forms, from its session or its signed cookie."""
    generate_csrf()
    return str(session["csrf_token"])


class FreshSignIn:
    """Mixin for forms of weighty acts: call `require_fresh` after making the form, `confirmed` once it is valid."""

    password = PasswordField(
        _l("Your password, to confirm that it is you"), validators=[InputRequired(_l("Give your password."))]
    )
    code = CodeField(_l("Code from your authenticator app, or a recovery code"))
    passkey = PasskeyField()
    # Whether a passkey proves it all, or only stands for the code.
    needs_password = False

    def require_fresh(self, *, always: bool = False) -> None:
        """Keep the fields when `always`, or when the person last proved itself over 10 minutes ago."""
        if not always and accounts.is_fresh(g.session_row):
            self.ask_nothing()
            return
        kinds = factor_store.kinds_of(g.session_row.person_id)
        if not kinds:
            del self.code
        if FactorKind.PASSKEY in kinds:
            self.passkey.person_id = g.session_row.person_id
            self.passkey.stands_for(self.code, None if self.needs_password else self.password)
        else:
            del self.passkey

    def ask_nothing(self) -> None:
        """Leave out what proves who one is."""
        del self.password
        del self.code
        del self.passkey


class WeightyForm(FreshSignIn, PortalForm):
    """A form of a weighty act: it asks who one is where the last proof is too long ago, and is valid only with it.

    Whoever shows it again reads anew what the page is about: a proof lets go of what was loaded.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.require_fresh()

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """Whether it was sent, is complete, and shows that it is this person. Raises: TooManyAttempts."""
        return bool(super().validate_on_submit(extra_validators)) and confirmed(self)


def confirmed(form: Any) -> bool:
    """Whether what the form asks for, if anything, shows that it is this person; else the fields have errors.

    Raises: TooManyAttempts.
    """
    return getattr(form, "password", None) is None or proof_of(form) is not None


def proof_of(form: Any) -> Proof | None:
    """The proof by the form's passkey; or by its password, once a code or passkey, where the form asks for one, was
    right, too; else None.

    The session is fresh from then on. Raises: TooManyAttempts.
    """
    person: Person = current_user._get_current_object()
    passkey: PasskeyField | None = getattr(form, "passkey", None)
    if passkey is not None and passkey.data and not form.needs_password:
        proof, second = tried_passkey(person, passkey), None
        is_whole = proof is not None
    else:
        proof = tried(person, Password(form.password.data), form.password)
        second = second_of(form, person) if proof is not None else None
        is_whole = second is not None or getattr(form, "code", None) is None
    if proof is None or not is_whole:
        return None
    try:
        with transaction():
            accounts.reauthenticate(g.session_row, proof, second)
    except (CodeNeeded, WrongPassword) as refusal:  # a second factor was added, or the password changed, this moment
        add_refusal(form.password, refusal)
        return None
    return proof


def second_of(form: Any, person: Person) -> Proof | None:
    """The proof by the form's passkey or code, where it asks for one; or None. Raises: TooManyAttempts."""
    passkey: PasskeyField | None = getattr(form, "passkey", None)
    code: Field | None = getattr(form, "code", None)
    if passkey is not None and passkey.data:
        return tried_passkey(person, passkey)
    return tried(person, Code(code.data), code) if code is not None else None


def tried_passkey(person: Person, field: PasskeyField) -> Proof | None:
    """As `tried`, by what a passkey answered."""
    try:
        return tried(person, field.answer, field)
    except PasskeyRefused as refusal:
        add_refusal(field, refusal)
        return None


def tried(person: Person, factor: Factor, field: Field) -> Proof | None:
    """The proof by this factor; or None, and the refusal is the field's error. Raises: TooManyAttempts."""
    try:
        return attempt(person, factor, request.remote_addr or "", devices.device_of(person))
    except (WrongPassword, WrongCode, PasskeyRefused) as refusal:
        add_refusal(field, refusal)
        return None
