"""The forms of decisions: on one line, with what narrowing takes away, and on up to 50 ticked ones."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from portal.access.roles import ENVIRONMENT_NAMES, RIGHT_NAMES, Environment, Right
from portal.foundation import clock
from portal.reviews.deciding import MOST_AT_ONCE
from portal.reviews.errors import TooManyLines
from portal.reviews.models import Decision, Line, ReviewSubject
from portal.web.forms import CheckboxesField, CleanTextAreaField, PortalForm, VersionField
from portal.web.reviews.labels import DECISION_NAMES
from portal.web.reviews.stamps import StampField
from portal.web.reviews.ticks import as_tick
from portal.web.say import say

CHOICES = {decision: SelectChoice(decision.value, _l(name)) for decision, name in DECISION_NAMES.items()}


class ReasonForm(PortalForm):
    """Why, and when the page was drawn."""

    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("It stands in the evidence, and the parties read it. To keep something it may be left out."),
    )
    started = StampField()


class TickedForm(ReasonForm):
    """One decision on all ticked lines. Each tick says which line it is, and which version of it was seen."""

    lines = CheckboxesField(_l("Lines"), validate_choice=False)
    decision = RadioField(
        _l("Decision"),
        choices=[CHOICES[Decision.KEEP], CHOICES[Decision.END]],
        validators=[InputRequired(_l("Choose a decision."))],
    )

    def validate_lines(self, field: CheckboxesField) -> None:
        """Raises: ValidationError when a tick is none of ours, and when there are too many."""
        if not field.data:
            raise ValidationError(_("Tick at least one line."))
        if None in (as_tick(text) for text in field.data):
            raise ValidationError(_("This form is incomplete. Load the page again."))
        if len(field.data) > MOST_AT_ONCE:
            raise ValidationError(say(TooManyLines(most=MOST_AT_ONCE, chosen=len(field.data))))

    @property
    def seen(self) -> dict[int, int]:
        """The version that was seen of each ticked line, by its position."""
        return dict(tick for text in self.lines.data if (tick := as_tick(text)))


class LineForm(ReasonForm):
    """The decision on one line. Where it can be narrowed, what stays is chosen among what was there."""

    version = VersionField()
    decision = RadioField(_l("Decision"), validators=[InputRequired(_l("Choose a decision."))])
    environments = CheckboxesField(_l("Environments that stay"))
    rights = CheckboxesField(_l("Rights that stay"))
    last_day = DateField(_l("Last day that stays (UTC)"), validators=[Optional()])
    latest: str | None = None

    @classmethod
    def of(cls, subject: ReviewSubject, line: Line) -> "LineForm":
        """The form for this line: what was decided is chosen already, and everything that is there now stays."""
        form = cls(data=_as_values(line) | {"version": line.version, "reason": line.reason})
        form.latest = line.facts["last_day"]
        if subject is ReviewSubject.KEYS:
            del form.last_day
        if subject is not ReviewSubject.DELEGATIONS:
            del form.environments, form.rights
        else:
            form.environments.choices = _choices(Environment, ENVIRONMENT_NAMES, line.facts["environments"])
            form.rights.choices = _choices(Right, RIGHT_NAMES, line.facts["rights"])
        decisions = [one for one in Decision if one is not Decision.NARROW or subject is not ReviewSubject.KEYS]
        form.decision.choices = [CHOICES[decision] for decision in decisions]
        return form

    def narrow_to(self, line: Line) -> dict[str, Any]:
        """What the line is narrowed to: of what the form asks, that which is less than there was."""
        chosen: dict[str, Any] = {}
        for name in ("environments", "rights"):
            if name in self and set(stay := self.stay(name)) != set(line.facts[name]):
                chosen[name] = stay
        if self.last_day.data is not None and self.last_day.data.isoformat() != line.facts["last_day"]:
            chosen["ends_on"] = self.last_day.data.isoformat()
        return chosen

    def stay(self, name: str) -> list[str]:
        """What stays of environments or of rights; seeing always does."""
        return sorted({*self[name].data, *([Right.VIEW.value] if name == "rights" else [])})

    def validate_last_day(self, field: DateField) -> None:
        """Raises: ValidationError when something would be narrowed to a day that is over, or to a later end."""
        if self.decision.data != Decision.NARROW.value or field.data is None or field.data.isoformat() == self.latest:
            return
        if field.data <= clock.now().date() or (self.latest and field.data.isoformat() > self.latest):
            raise ValidationError(_("Give a day from tomorrow on that is not later than the last day now."))

    def validate_environments(self, field: CheckboxesField) -> None:
        """Raises: ValidationError when none would stay."""
        if self.decision.data == Decision.NARROW.value and not field.data:
            raise ValidationError(_("Leave at least one environment. To take all away, end it."))


def _as_values(line: Line) -> dict[str, Any]:
    kept = line.facts | (line.narrow_to or {})
    last_day = kept.get("ends_on") or kept.get("last_day")
    return {
        "decision": line.decision,
        "environments": kept.get("environments"),
        "rights": kept.get("rights"),
        "last_day": date.fromisoformat(last_day) if last_day else None,
    }


def _choices(words: type[StrEnum], names: Mapping[Any, str], there: Sequence[str]) -> list[SelectChoice]:
    return [
        SelectChoice(word.value, _(names[word])) for word in words if word.value in there and word is not Right.VIEW
    ]
