"""The form of a leak: what becomes of the pair and when, and how the pair that takes its place is made."""

from datetime import timedelta
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.foundation.words import clean_name
from portal.keys.models import KeyOrigin
from portal.web.forms import CleanedField, VersionField
from portal.web.keys.forms import OriginForm, RevokeKeyForm

HOURS = (1, 8, 24, 72)


class Way(StrEnum):
    """What becomes of a pair that leaked: its successor first, an end for one that has a successor, or a stop."""

    REPLACE = "replace"
    END = "end"
    STOP = "stop"


def _cleaned(name: str) -> str:
    """The name, cleaned; nothing where nothing was typed, for it is not needed in any case."""
    return clean_name(name) if name.strip() else ""


class LeakForm(RevokeKeyForm, OriginForm):
    """What is not needed for the way that was chosen is not looked at."""

    typed_name = CleanedField(_l("Type the name of the key pair to confirm"), rule=_cleaned)
    way = RadioField(_l("What is to happen"), validators=[InputRequired(_l("Choose what is to happen"))])
    hours = SelectField(_l("The old pair stops"))
    version = VersionField()

    def offer(self, first: Way | None) -> None:
        """Offer this way first, where it is open, and to stop the pair at once in any case."""
        names = {
            Way.REPLACE: _("Replace it now: the successor first, then the old pair ends"),
            Way.END: _("Its successor is in service: end the old pair soon"),
            Way.STOP: _("Stop it at once, then make a successor"),
        }
        ways = [Way.STOP] if first is None else [first, Way.STOP]
        self.way.choices = [SelectChoice(way.value, names[way]) for way in ways]
        self._offer_hours(first)
        if first is not Way.REPLACE:
            del self.origin, self.public_pem
        elif self.origin.data is None:
            self.origin.data = KeyOrigin.BROWSER.value

    def _offer_hours(self, first: Way | None) -> None:
        """When the old pair ends; where it can only be stopped there is nothing to choose."""
        if first is None:
            del self.hours
            if self.way.data is None:
                self.way.data = Way.STOP.value
            return
        self.hours.choices = [SelectChoice(str(hours), _after(first, hours)) for hours in HOURS]
        if first is Way.REPLACE:
            self.hours.choices.insert(0, SelectChoice("0", _("at once when its successor is in service")))

    @property
    def chosen(self) -> Way:
        return Way(self.way.data)

    @property
    def overlap(self) -> timedelta:
        """How long the old pair goes on: once its successor is in service, or from now where that is so."""
        return timedelta(hours=int(self.hours.data))

    def read_public(self) -> bool:
        """As `OriginForm`, where a successor is to be made now."""
        return self.chosen is not Way.REPLACE or super().read_public()

    def validate_typed_name(self, field: CleanedField) -> None:
        """The name is typed for what stops at once."""
        if self.way.data == Way.STOP.value:
            super().validate_typed_name(field)


def _after(first: Way, hours: int) -> str:
    if first is Way.END:
        return ngettext("%(num)s hour from now", "%(num)s hours from now", hours)
    return ngettext("%(num)s hour after that", "%(num)s hours after that", hours)
