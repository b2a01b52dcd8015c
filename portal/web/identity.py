"""Re-authentication: forms of weighty acts ask who one is when the last proof of it is too long ago.

Whoever has a second factor is asked for the password and a code. The form says which act is confirmed with it: the
macro `proof` (templates/components/forms.html) takes the act in words.
"""

from typing import Any

from flask import g, request
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import Field, PasswordField, StringField
from wtforms.validators import InputRequired

from portal.accounts import factor_store
from portal.accounts import operations as accounts
from portal.accounts.attempts import Factor, Password, Proof, attempt
from portal.accounts.codes import Code
from portal.accounts.errors import CodeNeeded, WrongCode, WrongPassword
from portal.accounts.models import Person
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


class FreshSignIn:
    """Mixin for forms of weighty acts: call `require_fresh` after making the form, `confirmed` once it is valid."""

    password = PasswordField(
        _l("Your password, to confirm that it is you"), validators=[InputRequired(_l("Give your password."))]
    )
    code = CodeField(_l("Code from your authenticator app, or a recovery code"))

    def require_fresh(self, *, always: bool = False) -> None:
        """Keep the fields when `always`, or when the person last proved itself over 10 minutes ago."""
        if not always and accounts.is_fresh(g.session_row):
            self.ask_nothing()
        elif not factor_store.has_second_factor(g.session_row.person_id):
            del self.code

    def ask_nothing(self) -> None:
        """Leave out what proves who one is."""
        del self.password
        del self.code


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
    """The proof by the form's password, once a code, where the form asks for one, was right, too; else None.

    The session is fresh from then on. Raises: TooManyAttempts.
    """
    person: Person = current_user._get_current_object()
    code: Field | None = getattr(form, "code", None)
    proof = tried(person, Password(form.password.data), form.password)
    second = tried(person, Code(code.data), code) if proof is not None and code is not None else None
    if proof is None or (code is not None and second is None):
        return None
    try:
        with transaction():
            accounts.reauthenticate(g.session_row, proof, second)
    except (CodeNeeded, WrongPassword) as refusal:  # a second factor was added, or the password changed, this moment
        add_refusal(form.password, refusal)
        return None
    return proof


def tried(person: Person, factor: Factor, field: Field) -> Proof | None:
    """The proof by this factor; or None, and the refusal is the field's error. Raises: TooManyAttempts."""
    try:
        return attempt(person, factor, request.remote_addr or "", devices.device_of(person))
    except (WrongPassword, WrongCode) as refusal:
        add_refusal(field, refusal)
        return None
