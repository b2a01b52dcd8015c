"""Re-authentication: forms of weighty acts ask for the password when it was last given too long ago."""

from typing import Any

from flask import g, request
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import Field, PasswordField
from wtforms.validators import InputRequired

from portal.accounts import operations as accounts
from portal.accounts.attempts import Password, attempt
from portal.accounts.errors import WrongPassword
from portal.foundation.database import transaction
from portal.web.pages import add_refusal


class FreshSignIn:
    """Mixin for forms of weighty acts: call `require_fresh` after making the form, `confirmed` once it is valid."""

    password = PasswordField(
        _l("Your password, to confirm that it is you"), validators=[InputRequired(_l("Give your password."))]
    )

    def require_fresh(self, *, always: bool = False) -> None:
        """Keep the password field when `always`, or when the person last proved itself over 10 minutes ago."""
        if not always and accounts.is_fresh(g.session_row):
            del self.password


def confirmed(form: Any) -> bool:
    """Whether the form's password, where it asks for one, is the person's; a wrong one becomes the field's error.

    Raises: TooManyAttempts.
    """
    field: Field | None = getattr(form, "password", None)
    if field is None:
        return True
    try:
        proof = attempt(current_user._get_current_object(), Password(field.data), request.remote_addr or "")
    except WrongPassword as refusal:
        add_refusal(field, refusal)
        return False
    with transaction():
        accounts.reauthenticate(g.session_row, proof)
    return True
