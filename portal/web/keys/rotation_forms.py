"""Forms of rotation: how long both pairs work, how the old one ends, and how its successor is made."""

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.foundation import clock
from portal.foundation.words import same_name
from portal.keys.models import KeyEnding, KeyPair
from portal.keys.rotation import LONGEST, USUAL, Plan
from portal.web.filters import moment_text
from portal.web.forms import PortalForm, VersionField
from portal.web.identity import FreshSignIn
from portal.web.keys.forms import MakingForm, RevokeKeyForm

HOURS, DAYS = (1, 8), (1, 3, 7, 14, 30, 60, 90)
AT_ONCE, OWN_END = "0", "own_end"
# Not translated: one types what one reads.
FORCE = "ROTATE"


class PlanForm(FreshSignIn, PortalForm):
    """How long both pairs work side by side, with the date spelled out, and how the old one then ends."""

    overlap = SelectField(_l("Both pairs work for"))
    ending = RadioField(
        _l("When the old pair ends"),
        choices=[
            SelectChoice(KeyEnding.HELD.value, _l("At the date, or later while shops still use it (recommended)")),
            SelectChoice(KeyEnding.HARD.value, _l("At the date, on the second")),
        ],
        default=KeyEnding.HELD.value,
        validators=[InputRequired(_l("Choose how the old pair ends"))],
    )
    remaining: timedelta | None = None

    def offer_plans(self, pair: KeyPair) -> None:
        """Offer the overlaps that lie before the pair's own end; of one that leaked nothing but a hard end."""
        now = clock.now()
        self.remaining = None if pair.expires_at is None else pair.expires_at - now
        lengths = [timedelta(hours=hours) for hours in HOURS] + [timedelta(days=days) for days in DAYS]
        fitting = [each for each in lengths if self.remaining is None or each <= self.remaining]
        self.overlap.choices = [SelectChoice(_value(each), _label(each, moment_text(now + each))) for each in fitting]
        if self.remaining is not None and self.remaining <= LONGEST and pair.expires_at is not None:
            self.overlap.choices.append(
                SelectChoice(OWN_END, _("to its own end: %(until)s", until=moment_text(pair.expires_at)))
            )
        if self.overlap.data is None:
            self.overlap.data = _value(USUAL) if USUAL in fitting else OWN_END
        if pair.ending is KeyEnding.LEAK:
            self.overlap.choices.append(SelectChoice(AT_ONCE, _("no longer: it ends now")))
            self.ending.choices = [
                SelectChoice(KeyEnding.LEAK.value, _("It leaked: at the date, on the second, as compromised"))
            ]

    @property
    def plan(self) -> Plan:
        """What was chosen."""
        ending = KeyEnding(self.ending.data)
        if self.overlap.data == OWN_END and self.remaining is not None:
            return Plan(self.remaining - timedelta(seconds=1), ending)  # until the change is made, time passes
        return Plan(timedelta(seconds=int(self.overlap.data)), ending)


class RotateForm(PlanForm, MakingForm):
    """How the successor is made, too; and a word to type while the pair itself still replaces another one."""

    word = StringField(_l("Word to go on all the same"), validators=[Length(max=255)])

    @property
    def is_forced(self) -> bool:
        """Whether the word was typed."""
        return same_name((self.word.data or "").strip()) == same_name(FORCE)


class ChangeEndForm(PlanForm):
    version = VersionField()


class EndEarlyForm(RevokeKeyForm):
    version = VersionField()


class RollBackForm(FreshSignIn, PortalForm):
    version = VersionField()


def _value(length: timedelta) -> str:
    return str(int(length.total_seconds()))


def _label(length: timedelta, until: str) -> str:
    hours = int(length.total_seconds()) // 3600
    if hours < 24:
        return ngettext("%(num)s hour: until %(until)s", "%(num)s hours: until %(until)s", hours, until=until)
    return ngettext("%(num)s day: until %(until)s", "%(num)s days: until %(until)s", hours // 24, until=until)
