"""The choice of how long an old secret goes on beside its successor."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.web.filters import moment_text

AT_ONCE, HOUR, DAY = timedelta(), timedelta(hours=1), timedelta(days=1)


class OverlapField(RadioField):
    """One of some overlaps; each tells until when the old secret goes on with it."""

    def __init__(self, label: Any, usual: timedelta, **kwargs: Any) -> None:
        required = InputRequired(_l("Choose when the old one stops."))
        super().__init__(label, validators=[required], default=_value(usual), **kwargs)

    def offer(self, ends: Mapping[timedelta, datetime]) -> None:
        """Offer these overlaps, with the moments at which the old secret stops."""
        self.choices = [SelectChoice(_value(each), _label(each, ends_at)) for each, ends_at in ends.items()]

    @property
    def chosen(self) -> timedelta:
        return timedelta(seconds=int(self.data))


def _value(overlap: timedelta) -> str:
    return str(int(overlap.total_seconds()))


def _label(overlap: timedelta, ends_at: datetime) -> str:
    if overlap == AT_ONCE:
        return _("stops at once")
    told = moment_text(ends_at)
    if overlap < DAY:
        return ngettext(
            "goes on for %(num)s hour, until %(until)s", "goes on for %(num)s hours, until %(until)s",
            overlap // HOUR, until=told,
        )  # fmt: skip
    return ngettext(
        "goes on for %(num)s day, until %(until)s", "goes on for %(num)s days, until %(until)s",
        overlap // DAY, until=told,
    )  # fmt: skip
