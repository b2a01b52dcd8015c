"""The form for a new review. It turns what is chosen into what the operations take."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal.accounts.models import Membership
from portal.contracts.models import Edition, Service
from portal.foundation import clock
from portal.foundation.words import clean_name
from portal.reviews.models import LONGEST_CAMPAIGN_NAME, ReviewSubject, Silence
from portal.reviews.wanted import MOST_DAYS, Wanted
from portal.web.forms import CheckboxesField, CleanedField, LastDayField, NameField, PortalForm
from portal.web.reviews.labels import SILENCE_NAMES, SUBJECT_NAMES

USUAL_TERM = timedelta(days=30)
RECURRENCES = (30, 90, 180, 365)


def _days_in_range(_form: Any, field: IntegerField) -> None:
    if field.data is not None and not 1 <= field.data <= MOST_DAYS:
        raise ValidationError(_("Give a number of days from 1 to %(most)s.", most=MOST_DAYS))


def _past_day(_form: Any, field: DateField) -> None:
    today = clock.now().date()
    if field.data is not None and not today - timedelta(days=MOST_DAYS) <= field.data <= today:
        raise ValidationError(_("Give a day in the last ten years."))


def _name_or_nothing(text: str) -> str:
    return clean_name(text) if text.strip() else ""


class NewReviewForm(PortalForm):
    """What is looked at, who decides, until when, and what silence means."""

    name = NameField(
        _l("Name of the review"),
        validators=[Length(max=LONGEST_CAMPAIGN_NAME, message=_l("The name has at most %(max)d characters."))],
    )
    subject = RadioField(
        _l("What is reviewed"),
        choices=[SelectChoice(subject.value, _l(SUBJECT_NAMES[subject])) for subject in ReviewSubject],
        default=ReviewSubject.DELEGATIONS.value,
        validators=[InputRequired(_l("Choose what is reviewed."))],
    )
    edition = SelectField(_l("Edition"), default="")
    service = SelectField(_l("Service"), default="")
    contract = CleanedField(
        _l("Contract"),
        description=_l("Its id, as the list of contracts shows it."),
        rule=_name_or_nothing,
        validators=[Optional()],
    )
    older_than_days = IntegerField(_l("Older than, in days"), validators=[Optional(), _days_in_range])
    unused_for_days = IntegerField(_l("Not used for, in days"), validators=[Optional(), _days_in_range])
    not_reviewed_since = DateField(_l("Not reviewed since"), validators=[Optional(), _past_day])
    reviewers = CheckboxesField(
        _l("Who decides"),
        description=_l("Each of them sees all lines and decides as many as they can."),
        required=_l("Choose at least one reviewer."),
    )
    fallbacks = CheckboxesField(
        _l("Who steps in"),
        description=_l(
            "They are called in 3 days before the due day, when lines still wait. Leave it empty for nobody."
        ),
    )
    last_day = LastDayField(
        _l("Due day (UTC)"),
        description=_l("Until the end of this day. Afterwards the review can be closed even when lines still wait."),
        default=lambda: (clock.now() + USUAL_TERM).date(),
        validators=[InputRequired(_l("Give the due day."))],
    )
    silence = RadioField(
        _l("What silence means"),
        choices=[SelectChoice(silence.value, _l(SILENCE_NAMES[silence])) for silence in Silence],
        default=Silence.KEEP.value,
        validators=[InputRequired(_l("Choose what happens to lines that nobody decides."))],
    )
    recurs = SelectField(_l("Again by itself"), default="")

    def offer(self, editions: Sequence[Edition], services: Sequence[Service], admins: Sequence[Membership]) -> None:
        """Offer these editions and services as filters, and these members as reviewers."""
        self.edition.choices = [("", _("Any")), *((row.code, row.name) for row in editions)]
        self.service.choices = [("", _("Any")), *((row.code, row.name) for row in services)]
        people = [(str(row.id), f"{row.person.name} ({row.person.email})") for row in admins]
        self.reviewers.choices, self.fallbacks.choices = people, list(people)
        every = [(str(days), _("every %(days)s days", days=days)) for days in RECURRENCES]
        self.recurs.choices = [("", _("No, only once")), *every]

    @property
    def wanted(self) -> Wanted:
        """What the lines have to fit."""
        return Wanted(
            edition=self.edition.data or None,
            service=self.service.data or None,
            contract=self.contract.data or None,
            older_than_days=self.older_than_days.data,
            unused_for_days=self.unused_for_days.data,
            not_reviewed_since=self.not_reviewed_since.data,
        )

    def content(self, admins: Sequence[Membership]) -> dict[str, Any]:
        """What is chosen, as the operation takes it; `admins` are those who were offered."""
        return {
            "name": self.name.data,
            "subject": ReviewSubject(self.subject.data),
            "wanted": self.wanted,
            "reviewers": _among(admins, self.reviewers.data),
            "fallbacks": _among(admins, self.fallbacks.data),
            "due_at": self.last_day.moment,
            "silence": Silence(self.silence.data),
            "recurs_days": int(self.recurs.data) if self.recurs.data else None,
        }


def _among(members: Sequence[Membership], chosen: Sequence[str] | None) -> list[Membership]:
    return [row for row in members if str(row.id) in (chosen or ())]
