"""Forms of what a partner admin decides: requests, another edition, data spaces beyond the allotment."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField
from wtforms.validators import InputRequired, Optional

from portal.entitlements.models import ContractRequest
from portal.projects.models import Surplus
from portal.web.forms import CleanTextAreaField, VersionField
from portal.web.identity import WeightyForm

APPROVE, PART, REFUSE = "approve", "part", "refuse"


class DecideForm(WeightyForm):
    """In full, in part or not at all, and what is said to who asked."""

    decision = RadioField(_l("Decision"), validators=[InputRequired(_l("Choose what you decide"))])
    granted = IntegerField(_l("How many of them"), validators=[Optional()])
    answer = CleanTextAreaField(
        _l("Answer"),
        description=_l("Whoever asked reads it by mail and on the page. Needed for a refusal and for a part."),
    )
    version = VersionField()

    def offer(self, request: ContractRequest) -> None:
        """Offer what this request can be answered with."""
        self.decision.choices = [(APPROVE, _("Approve"))]
        if request.amount > 1:
            self.decision.choices[0] = (APPROVE, _("Approve all %(amount)s", amount=request.amount))
            self.decision.choices.append((PART, _("Approve a part")))
        else:
            del self.granted
        self.decision.choices.append((REFUSE, _("Refuse")))

    def approved(self, request: ContractRequest) -> int | None:
        """How many were approved; None is a refusal."""
        if self.decision.data == REFUSE:
            return None
        if self.decision.data == PART and "granted" in self:
            return self.granted.data or 0
        return request.amount


class EditionForm(WeightyForm):
    """Which edition the contract is changed to, and the contract's version as the preview was made."""

    edition = HiddenField()
    version = VersionField()


class SurplusForm(WeightyForm):
    """Keep the data space as an exception, or let it go."""

    decision = RadioField(_l("What becomes of it"), validators=[InputRequired(_l("Choose what becomes of it"))])
    version = VersionField()

    hints: Mapping[str, str] = {}

    def offer(self) -> None:
        """Offer both, each with what it means."""
        self.decision.choices = [
            (Surplus.KEPT.value, _("Keep as an exception")),
            (Surplus.LET_GO.value, _("Let go")),
        ]
        self.hints = {
            Surplus.KEPT.value: _("It raises the allotment of this project by one. Shops may be put on it as before."),
            Surplus.LET_GO.value: _(
                "It stays with its data, and with its installation until somebody of the tenant detaches it. "
                "It is offered to no further shop."
            ),
        }
