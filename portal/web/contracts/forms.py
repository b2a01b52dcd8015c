"""Forms of signers and deputies."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired

from portal.accounts.models import Membership
from portal.contracts.models import Edition, Service
from portal.foundation import clock
from portal.web.forms import CleanTextAreaField, LastDayField, PortalForm
from portal.web.identity import WeightyForm


class MemberForm(WeightyForm):
    """One of the account's members."""

    member = SelectField(_l("Member"))

    def offer(self, members: Sequence[Membership]) -> None:
        """Offer these members."""
        self.member.choices = [(str(row.id), f"{row.person.name} ({row.person.email})") for row in members]

    def chosen(self, members: Sequence[Membership]) -> Membership:
        """The member that was chosen among those offered."""
        return next(row for row in members if str(row.id) == self.member.data)


class DeputyForm(MemberForm):
    """A member, and from which day to which they may make keys."""

    first_day = DateField(
        _l("First day (UTC)"),
        default=lambda: clock.now().date(),
        validators=[InputRequired(_l("Give the first day"))],
    )
    last_day = LastDayField(_l("Last day (UTC)"), validators=[InputRequired(_l("Give the last day"))])

    @property
    def starts_at(self) -> datetime:
        """The first moment of the first day."""
        return datetime.combine(self.first_day.data, time(), tzinfo=UTC)


class WithdrawDeputyForm(WeightyForm):
    """Nothing but the token: the page asks whether it is meant."""


class ProposeSignerForm(MemberForm):
    """Who is to sign, and why."""

    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("It is told to the present signer, the proposed one, all owners and the vendor."),
        validators=[DataRequired(_l("Give the reason"))],
    )


class StopSignerForm(WeightyForm):
    """Why the signer stays."""

    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("It is told to everybody who was told of the proposal."),
        validators=[DataRequired(_l("Give the reason"))],
    )


class AskForm(PortalForm):
    """Another edition, or a service that the contract lacks, and why."""

    EDITION, SERVICE = "edition", "service"

    wanted = RadioField(_l("What you ask for"), validators=[InputRequired(_l("Choose what you ask for"))])
    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("The vendor's partner admin decides by it: what the shop needs it for, and since when."),
        validators=[DataRequired(_l("Say why it is needed"))],
    )

    hints: Mapping[str, str] = {}

    def offer(self, editions: Sequence[Edition], services: Sequence[Service]) -> None:
        """Offer these editions and services; `hints` says what each edition includes."""
        self.wanted.choices = [(f"{self.EDITION}:{row.code}", row.name) for row in editions]
        self.wanted.choices += [(f"{self.SERVICE}:{row.code}", row.name) for row in services]
        self.hints = {f"{self.EDITION}:{row.code}": _what_it_includes(row) for row in editions}
        besides = _("A service, besides what the edition includes")
        self.hints |= {f"{self.SERVICE}:{row.code}": besides for row in services}

    @property
    def chosen(self) -> tuple[str, str]:
        """What kind of thing was chosen, and its code."""
        kind, _colon, code = self.wanted.data.partition(":")
        return kind, code


def _what_it_includes(edition: Edition) -> str:
    return _(
        "An edition: %(projects)s projects, each with %(production)s production and %(testing)s testing data spaces; "
        "%(services)s",
        projects=edition.projects,
        production=edition.production_spaces,
        testing=edition.testing_spaces,
        services=", ".join(service.name for service in edition.services),
    )
