"""Forms of an account's identity provider."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from portal.foundation.errors import PortalError
from portal.providers import domains, operations
from portal.providers.models import IdentityProvider, Joining, ProviderMode
from portal.web.forms import CleanedField, NameField, PortalForm, VersionField
from portal.web.identity import FreshSignIn
from portal.web.say import say


class SecretField(PasswordField):
    """A client secret; what was typed is not shown again."""


class ProviderForm(FreshSignIn, PortalForm):
    """The set-up. `version` stands for the provider that is there; without one it is set up anew."""

    name = NameField(_l("Name on the button"), description=_l("What your people call it, such as “Contoso sign-in”."))
    issuer = CleanedField(
        _l("Issuer"),
        rule=operations.cleaned_issuer,
        description=_l("The address by which your provider names itself, exactly as it shows it."),
    )
    client_id = CleanedField(_l("Client id"), rule=operations.cleaned_client_id)
    client_secret = SecretField(_l("Client secret"))
    asks_second = BooleanField(_l("Our provider asks for a second factor"))
    version = VersionField()

    @classmethod
    def for_provider(cls, provider: IdentityProvider | None) -> "ProviderForm":
        """The form with what is there, if anything; the secret never is."""
        if provider is None:
            form = cls(version=0)
        else:
            form = cls(
                name=provider.name,
                issuer=provider.issuer,
                client_id=provider.client_id,
                asks_second=provider.asks_second,
                version=provider.version,
            )
            form.client_secret.flags.optional = True
        form.require_fresh()
        return form

    def validate_client_secret(self, field: SecretField) -> None:
        if not field.data and self.client_secret.flags.optional:
            return
        try:
            operations.cleaned_secret(field.data or "")
        except PortalError as refusal:
            raise ValidationError(say(refusal)) from refusal


class SwitchForm(FreshSignIn, PortalForm):
    mode = RadioField(_l("Sign-in by the provider"), choices=[], validators=[InputRequired(_l("Choose one."))])

    @classmethod
    def for_provider(cls, provider: IdentityProvider, *, may_be_on: bool) -> "SwitchForm":
        """The form with what may be chosen: nothing but off, until the set-up was tried."""
        form = cls(mode=provider.mode.value)
        names = {
            ProviderMode.OFF: _("Off: everybody uses their own sign-in"),
            ProviderMode.OPTIONAL: _("Optional: members may use either"),
            ProviderMode.ENFORCED: _("Enforced: members come in by the provider"),
        }
        modes = [mode for mode in ProviderMode if may_be_on or mode is ProviderMode.OFF]
        form.mode.choices = [SelectChoice(mode.value, names[mode]) for mode in modes]
        form.require_fresh()
        return form

    @property
    def chosen(self) -> ProviderMode:
        return ProviderMode(self.mode.data)


class JoiningForm(FreshSignIn, PortalForm):
    joining = RadioField(
        _l("Who becomes a member by the provider"), choices=[], validators=[InputRequired(_l("Choose one."))]
    )

    @classmethod
    def for_provider(cls, provider: IdentityProvider, *, may_by_domain: bool) -> "JoiningForm":
        """The form with what may be chosen: nobody else, until a domain is proven."""
        form = cls(joining=provider.joining.value)
        names = {
            Joining.NOBODY: _("Nobody: an owner invites each member"),
            Joining.DOMAIN: _("People of our proven mail domains, as viewers"),
        }
        open_to = [one for one in Joining if may_by_domain or one in (Joining.NOBODY, provider.joining)]
        form.joining.choices = [SelectChoice(one.value, names[one]) for one in open_to]
        form.require_fresh()
        return form

    @property
    def chosen(self) -> Joining:
        return Joining(self.joining.data)


class DomainForm(PortalForm):
    domain = CleanedField(
        _l("Mail domain"),
        rule=domains.cleaned_domain,
        description=_l("What stands behind the @ in your people's addresses, such as contoso.com."),
    )


class RemoveProviderForm(FreshSignIn, PortalForm):
    """Nothing but who one is."""
