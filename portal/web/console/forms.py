"""Forms of the vendor's staff for tenants and contracts. Days are whole days of UTC, whatever the reader's zone."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from portal.accounts.models import Language
from portal.contracts.models import Contract, Edition
from portal.foundation import clock
from portal.impact.opening import Opening, Term
from portal.tenants.models import STANDING_NAMES, Standing, Tenant
from portal.web.accounts.forms import LANGUAGE_CHOICES, EmailField
from portal.web.forms import CleanTextAreaField, LastDayField, NameField, VersionField
from portal.web.identity import WeightyForm


class FirstDayField(DateField):
    """A first day; `moment` is the beginning of it in UTC."""

    data: Any  # a date, once the field is valid

    @property
    def moment(self) -> datetime:
        """The first moment of the day, aware UTC."""
        return datetime.combine(self.data, time(), tzinfo=UTC)


class ReasonField(CleanTextAreaField):
    """Why: it stands in the record, which the tenant's owners read."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        asked = {
            "description": _l("It stands in the record, where the tenant's own people read it too."),
            "validators": [DataRequired(_l("Give the reason"))],
        }
        super().__init__(label or _l("Reason"), **(asked | kwargs))


class TypedAccountField(StringField):
    """The account id, typed out; `expected` is what it has to be."""

    expected = ""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if (self.data or "").strip() != self.expected:
            raise ValidationError(_("Type the account id %(account)s.", account=self.expected))


class NeededWith:
    """What has to be given once another field is filled in, and may be left out otherwise."""

    def __init__(self, other: str, message: Any) -> None:
        self.other, self.needed = other, InputRequired(message)

    def __call__(self, form: Any, field: Any) -> None:
        (self.needed if form[self.other].data else Optional())(form, field)


class OpenTenantForm(WeightyForm):
    """A name, the first owner and, where it is agreed already, the first contract."""

    name = NameField(_l("Name of the tenant"))
    email = EmailField(_l("E-mail address of the first owner"))
    language = RadioField(_l("Language of the mail"), choices=LANGUAGE_CHOICES, validators=[InputRequired()])
    edition = SelectField(_l("First contract"))
    first_day = FirstDayField(
        _l("First day (UTC)"),
        default=lambda: clock.now().date(),
        validators=[NeededWith("edition", _l("Give the first day"))],
    )
    last_day = LastDayField(_l("Last day (UTC)"), validators=[NeededWith("edition", _l("Give the last day"))])
    another = BooleanField(_l("Another of the same name is meant"))

    def offer(self, editions: Sequence[Edition], language: str) -> None:
        """Offer these editions, or none yet; the mail is in this language to begin with."""
        none_yet = ("", _("None yet"))
        self.edition.choices = [none_yet, *((row.code, row.name) for row in editions)]
        if self.language.data is None:
            self.language.data = language

    def without_contract(self) -> None:
        """For staff who keep no contracts."""
        del self.edition, self.first_day, self.last_day

    @property
    def opening(self) -> Opening:
        """What was filled in, as the operation takes it."""
        return Opening(
            self.name.data, self.email.data, Language(self.language.data), self._term, bool(self.another.data)
        )

    @property
    def _term(self) -> Term | None:
        if self.edition is None or not self.edition.data:
            return None
        return Term(self.edition.data, self.first_day.moment, self.last_day.moment)


class InviteOwnerForm(WeightyForm):
    """Whom to invite as the first owner."""

    email = EmailField(_l("E-mail address of the first owner"))
    language = RadioField(_l("Language of the mail"), choices=LANGUAGE_CHOICES, validators=[InputRequired()])


class ContractForm(WeightyForm):
    """An edition, from which day to which."""

    edition = SelectField(_l("Edition"))
    first_day = FirstDayField(
        _l("First day (UTC)"),
        default=lambda: clock.now().date(),
        validators=[InputRequired(_l("Give the first day"))],
    )
    last_day = LastDayField(_l("Last day (UTC)"), validators=[InputRequired(_l("Give the last day"))])

    def offer(self, editions: Sequence[Edition]) -> None:
        """Offer these editions."""
        self.edition.choices = [(row.code, row.name) for row in editions]

    @property
    def term(self) -> Term:
        """What was filled in, as the operations take it."""
        return Term(self.edition.data, self.first_day.moment, self.last_day.moment)


class RenewForm(ContractForm):
    """The contract that follows."""

    version = VersionField()

    @classmethod
    def for_contract(cls, contract: Contract, editions: Sequence[Edition]) -> "RenewForm":
        """A form that offers the same kind, in the same edition and without a gap, for one more year to begin with."""
        begins = contract.ends_at.astimezone(UTC).date()
        year = begins + timedelta(days=364)
        form = cls(edition=contract.edition_code, first_day=begins, last_day=year, version=contract.version)
        form.offer([row for row in editions if row.kind is contract.kind])
        return form


class ExtendForm(WeightyForm):
    """Another last day."""

    last_day = LastDayField(_l("New last day (UTC)"), validators=[InputRequired(_l("Give the last day"))])
    version = VersionField()


class EndContractForm(WeightyForm):
    """Why, and the account id typed out."""

    reason = ReasonField()
    typed_account = TypedAccountField(_l("Account id"))
    version = VersionField()

    @classmethod
    def for_contract(cls, contract: Contract, tenant: Tenant) -> "EndContractForm":
        """The form about the contract as it is now."""
        form = cls(version=contract.version)
        form.typed_account.expected = tenant.account_id
        return form


class StandingForm(WeightyForm):
    """A standing and why; to suspend, the account id typed out."""

    standing = RadioField(_l("Standing"))
    reason = ReasonField()
    typed_account = TypedAccountField(_l("Account id, to suspend"))
    version = VersionField()

    @classmethod
    def for_tenant(cls, tenant: Tenant) -> "StandingForm":
        """The form with the standing as it is now."""
        form = cls(standing=tenant.standing.value, version=tenant.version)
        form.standing.choices = [(one.value, _(name)) for one, name in STANDING_NAMES.items()]
        suspends = form.standing.data == Standing.SUSPENDED.value and tenant.standing is not Standing.SUSPENDED
        form.typed_account.expected = tenant.account_id if suspends else form.typed_account.data or ""
        return form

    @property
    def chosen(self) -> Standing:
        """The standing that was chosen."""
        return Standing(self.standing.data)
