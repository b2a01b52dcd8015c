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
from portal.accounts.factor_store import kinds_of
from portal.accounts.models import FactorKind, Language, PendingSignIn, Person, Theme
from portal.web.forms import CleanedField, NameField, PortalForm, VersionField
from portal.web.frame import LANGUAGES
from portal.web.identity import CodeField, FreshSignIn, PasskeyField, secret_of_browser

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


def _as_typed(text: str) -> str:
    return text


class SignInForm(PortalForm):
    email = EmailField(_l("E-mail address"))
    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Give your password."))])
    passkey = PasskeyField()

    @classmethod
    def for_anybody(cls) -> "SignInForm":
        """The form, which asks for nothing else once a passkey has answered."""
        form = cls()
        if form.passkey.data:
            form.email.rule = _as_typed
        form.passkey.stands_for(form.password)
        return form


class CodeForm(PortalForm):
    """The second step of a sign-in."""

    code = CodeField(_l("Code from your authenticator app, or a recovery code"))
    passkey = PasskeyField()

    @classmethod
    def for_sign_in(cls, waiting: PendingSignIn) -> "CodeForm":
        """The form, which asks for a passkey where the person has one."""
        form = cls()
        if FactorKind.PASSKEY in kinds_of(waiting.person_id):
            form.passkey.person_id = waiting.person_id
            form.passkey.stands_for(form.code)
        else:
            del form.passkey
        return form


def _asking_second(form: Any, person: Person) -> Any:
    """The form, which keeps the fields of those second factors that the person has."""
    kinds = kinds_of(person.id)
    if FactorKind.PASSKEY in kinds:
        form.passkey.person_id = person.id
        form.passkey.stands_for(form.code)
    else:
        del form.passkey
    if not kinds:
        del form.code
    return form


class ForgottenForm(PortalForm):
    """To which address a link to a new password goes."""

    email = EmailField(_l("E-mail address"))


class ResetForm(PortalForm):
    """A new password in place of a forgotten one."""

    new = PasswordField(_l("New password"), validators=[InputRequired(_l("Give a new password."))])
    code = CodeField(_l("Code from your authenticator app, or a recovery code"))
    passkey = PasskeyField()
    former = PasswordField(_l("Your password until now"), validators=[InputRequired(_l("Give your password."))])

    @classmethod
    def for_person(cls, person: Person) -> "ResetForm":
        """The form, which asks for a code or a passkey, too, when the person has a second factor.

        For the password until now it asks whom others removed all second factors.
        """
        form = _asking_second(cls(), person)
        if person.former_hash is None:
            del form.former
        return form


class AppNameForm(PortalForm):
    """What an authenticator app is called."""

    name = NameField(_l("What to call it"))


class NewAppForm(FreshSignIn, AppNameForm):
    """Begins to set up an authenticator app."""


class PasskeyNameForm(PortalForm):
    """What a passkey is called."""

    name = NameField(_l("What to call it"))


class NewPasskeyForm(FreshSignIn, PasskeyNameForm):
    """Begins to add a passkey."""


class FirstPasskeyForm(PortalForm):
    """Brings what the authenticator made."""

    made = HiddenField()

    @property
    def asked(self) -> accounts.Asked:
        return accounts.Asked(accounts.Purpose.REGISTER, secret_of_browser())


class FirstCodeForm(FreshSignIn, PortalForm):
    """Shows that an app was set up."""

    first_code = StringField(_l("The code that your app shows now"), validators=[InputRequired(_l("Give the code."))])


class RemoveFactorForm(FreshSignIn, PortalForm):
    """Asks for the password each time: whether it is long enough alone can be told from nothing else."""

    needs_password = True


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


class FindProviderForm(PortalForm):
    wanted = CleanedField(
        _l("Work mail address or account id"),
        description=_l(
            "Of an address only what stands behind the @ is looked at. An account's id is MAG and nine digits."
        ),
    )


class ConnectForm(FreshSignIn, PortalForm):
    """Nothing but who one is."""


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
    passkey = PasskeyField()
    new = PasswordField(_l("New password"), validators=[InputRequired(_l("Give a new password."))])

    @classmethod
    def for_person(cls, person: Person) -> "PasswordForm":
        """The form, which asks for a code or a passkey, too, when the person has a second factor."""
        return _asking_second(cls(), person)


class NewPersonForm(PortalForm):
    """What somebody sets up who is invited and has no sign-in yet."""

    name = NameField(_l("Your name"))
    password = PasswordField(_l("Choose a password"), validators=[InputRequired(_l("Choose a password."))])


class AcceptForm(PortalForm):
    """Nothing to fill in: the person is signed in already."""
