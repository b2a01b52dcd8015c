"""Forms of signers and deputies."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField
from wtforms.validators import DataRequired, InputRequired

from portal.accounts.models import Membership
from portal.foundation import clock
from portal.web.forms import CleanTextAreaField, LastDayField, PortalForm


class MemberForm(PortalForm):
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


class WithdrawDeputyForm(PortalForm):
    """Nothing but the token: the page asks whether it is meant."""


class ProposeSignerForm(MemberForm):
    """Who is to sign, and why."""

    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("It is told to the present signer, the proposed one, all owners and the vendor."),
        validators=[DataRequired(_l("Give the reason"))],
    )


class StopSignerForm(PortalForm):
    """Why the signer stays."""

    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("It is told to everybody who was told of the proposal."),
        validators=[DataRequired(_l("Give the reason"))],
    )
