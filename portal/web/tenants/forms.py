"""Forms of one account."""

from collections.abc import Collection

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.access.roles import ROLE_NAMES, Role
from portal.accounts.models import Language, Membership
from portal.tenants.models import Tenant
from portal.web.accounts.forms import LANGUAGE_CHOICES, EmailField
from portal.web.forms import NameField, PortalForm, VersionField
from portal.web.identity import FreshSignIn


class RenameForm(PortalForm):
    name = NameField(_l("Name of the account"))
    version = VersionField()

    @classmethod
    def for_tenant(cls, tenant: Tenant) -> "RenameForm":
        """The form with the name as it is now."""
        return cls(name=tenant.name, version=tenant.version)


class RequestCodeForm(PortalForm):
    """Nothing to fill in; sent twice, it makes one code."""

    version = VersionField()


class FactorPolicyForm(FreshSignIn, PortalForm):
    """Nothing but who one is."""


class RoleForm(FreshSignIn, PortalForm):
    role = RadioField(_l("Role"), choices=[], validators=[InputRequired(_l("Choose a role."))])
    version = VersionField()

    @classmethod
    def for_member(cls, membership: Membership, roles: Collection[Role]) -> "RoleForm":
        """The form with the roles that may be given, and the one the member has."""
        form = cls(role=membership.role.value, version=membership.version)
        form.role.choices = role_choices(roles)
        form.require_fresh()
        return form

    @property
    def chosen_role(self) -> Role:
        return Role(self.role.data)


class RemoveForm(FreshSignIn, PortalForm):
    """Nothing but who one is."""


class InviteForm(FreshSignIn, PortalForm):
    email = EmailField(_l("E-mail address"))
    role = RadioField(_l("Role"), choices=[], validators=[InputRequired(_l("Choose a role."))])
    language = RadioField(_l("Language of the mail"), choices=LANGUAGE_CHOICES, validators=[InputRequired()])

    @classmethod
    def offering(cls, roles: Collection[Role], language: str) -> "InviteForm":
        """The form with the roles that may be given, in the language to begin with."""
        form = cls(language=language)
        form.role.choices = role_choices(roles)
        form.require_fresh()
        return form

    @property
    def chosen_role(self) -> Role:
        return Role(self.role.data)

    @property
    def chosen_language(self) -> Language:
        return Language(self.language.data)


def role_choices(roles: Collection[Role]) -> list[SelectChoice]:
    """A choice for each of these roles, in the order of the table of roles."""
    return [SelectChoice(role.value, gettext(ROLE_NAMES[role])) for role in Role if role in roles]
