"""Forms of people."""

import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import EmailInput

from portal.accounts import operations as accounts
from portal.accounts.emails import clean_email
from portal.accounts.factor_store import has_second_factor
from portal.accounts.models import Language, Person, Theme
from portal.web.forms import CleanedField, NameField, PortalForm, VersionField
from portal.web.frame import LANGUAGES
from portal.web.identity import CodeField, FreshSignIn

LANGUAGE_CHOICES = [SelectChoice(code, own_name) for code, own_name in LANGUAGES]
THEME_CHOICES = [
    SelectChoice(Theme.AUTO.value, _l("As the system")),
    SelectChoice(Theme.LIGHT.value, _l("Light")),
    SelectChoice(Theme.DARK.value, _l("Dark")),
]


class EmailField(CleanedField):
    """An e-mail address that mail can be sent to."""

    widget = EmailInput()
    rule = staticmethod(clean_email)


class SignInForm(PortalForm):
    email = EmailField(_l("E-mail address"))
    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Give your password."))])


class CodeForm(PortalForm):
    """The second step of a sign-in."""

    code = CodeField(_l("Code from your authenticator app"))


class ForgottenForm(PortalForm):
    """To which address a link to a new password goes."""

    email = EmailField(_l("E-mail address"))


class ResetForm(PortalForm):
    """A new password in place of a forgotten one."""

    new = PasswordField(_l("New password"), validators=[InputRequired(_l("Give a new password."))])
    code = CodeField(_l("Code from your authenticator app, or a recovery code"))

    @classmethod
    def for_person(cls, person: Person) -> "ResetForm":
        """The form, which asks for a code, too, when the person has a second factor."""
        form = cls()
        if not has_second_factor(person.id):
            del form.code
        return form


class AppNameForm(PortalForm):
    """What an authenticator app is called."""

    name = NameField(_l("What to call it"))


class NewAppForm(FreshSignIn, AppNameForm):
    """Begins to set up an authenticator app."""


class FirstCodeForm(FreshSignIn, PortalForm):
    """Shows that an app was set up."""

    first_code = StringField(_l("The code that your app shows now"), validators=[InputRequired(_l("Give the code."))])


class RemoveAppForm(FreshSignIn, PortalForm):
    """Asks for the password each time: whether it is long enough alone can be told from nothing else."""


class BatchField(HiddenField):
    """The recovery codes that there were when the form was drawn."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            self.data = uuid.UUID(valuelist[0] if valuelist else "")
        except ValueError as error:
            raise ValueError(_l("This form is incomplete. Load the page again.")) from error


class RecoveryCodesForm(FreshSignIn, PortalForm):
    """New recovery codes in place of those that there are."""

    batch = BatchField()


class ProfileForm(PortalForm):
    name = NameField(_l("Name"))
    language = RadioField(_l("Language"), choices=LANGUAGE_CHOICES, validators=[InputRequired(_l("Choose one."))])
    time_zone = SelectField(_l("Time zone"), choices=accounts.time_zones)
    theme = RadioField(_l("Appearance"), choices=THEME_CHOICES, validators=[InputRequired(_l("Choose one."))])
    wants_digest = BooleanField(_l("Send me the weekly mail about what ends soon and who waits"))
    version = VersionField()

    @classmethod
    def for_person(cls, person: Person, *, is_partner_admin: bool) -> "ProfileForm":
        """The form with what is stored now; only partner admins get the weekly mail."""
        form = cls(
            name=person.name,
            language=person.language.value,
            time_zone=person.time_zone,
            theme=person.theme.value,
            wants_digest=person.wants_digest,
            version=person.version,
        )
        if not is_partner_admin:
            del form.wants_digest
        return form

    @property
    def chosen_digest(self) -> bool | None:
        """Whether the weekly mail is wanted; None where the form does not ask."""
        return self.wants_digest.data if self.wants_digest else None

    @property
    def chosen_language(self) -> Language:
        return Language(self.language.data)

    @property
    def chosen_theme(self) -> Theme:
        return Theme(self.theme.data)


class PasswordForm(PortalForm):
    current = PasswordField(_l("Current password"), validators=[InputRequired(_l("Give your current password."))])
    code = CodeField(_l("Code from your authenticator app, or a recovery code"))
    new = PasswordField(_l("New password"), validators=[InputRequired(_l("Give a new password."))])

    @classmethod
    def for_person(cls, person: Person) -> "PasswordForm":
        """The form, which asks for a code, too, when the person has a second factor."""
        form = cls()
        if not has_second_factor(person.id):
            del form.code
        return form


class NewPersonForm(PortalForm):
    """What somebody sets up who is invited and has no sign-in yet."""

    name = NameField(_l("Your name"))
    password = PasswordField(_l("Choose a password"), validators=[InputRequired(_l("Choose a password."))])


class AcceptForm(PortalForm):
    """Nothing to fill in: the person is signed in already."""
