"""How moments, days and assets look in templates."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, url_for
from flask_babel import format_date, format_datetime
from flask_login import current_user
from markupsafe import Markup

from portal.web.blast import groups, installation_told, rotation_groups, trouble_groups
from portal.web.frame import language
from portal.web.say import say, say_mend

# Explicit, so that a new release of the locale data changes no page.
MOMENT = {"en": "d MMM yyyy, HH:mm", "zh_Hant": "yyyy年M月d日 HH:mm"}
DAY = {"en": "d MMM yyyy", "zh_Hant": "yyyy年M月d日"}


def zone() -> ZoneInfo:
    """The reader's time zone; UTC for a visitor, or when the zone is no longer known."""
    name = current_user.time_zone if current_user and current_user.is_authenticated else "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(value: datetime | None) -> Markup:
    """A `<time>` element in the reader's zone, with the zone's name; empty for None."""
    return Markup("") if value is None else _time(value, moment_text(value))


def moment_text(value: datetime) -> str:
    """The same as plain text, for where an element cannot stand, such as a choice in a form."""
    local = value.astimezone(zone())
    return f"{format_datetime(local, MOMENT[language()], rebase=False)} {local.tzname()}"


def day(value: datetime | None) -> Markup:
    """A `<time>` element with the day only, in the reader's zone; empty for None."""
    if value is None:
        return Markup("")
    return _time(value, format_datetime(value.astimezone(zone()), DAY[language()], rebase=False))


def utc_day(value: date | None) -> Markup:
    """A `<time>` element with a whole day of UTC, such as the first or last of a contract: no zone moves it."""
    if value is None:
        return Markup("")
    told = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    return Markup('<time datetime="{}">{}</time>').format(told.isoformat(), format_date(told, DAY[language()]))


def last_utc_day(ends_at: datetime | None) -> Markup:
    """The same for the last day before an end: what ends as a day begins has the day before as its last."""
    return utc_day(ends_at and ends_at.astimezone(UTC) - timedelta(microseconds=1))


def _time(value: datetime, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(timespec="seconds"), shown)


def _asset(folder: Path) -> Callable[[str], str]:
    @lru_cache(maxsize=256)
    def version(path: str) -> str:
        return hashlib.sha256((folder / path).read_bytes()).hexdigest()[:12]

    def asset(path: str) -> str:
        """The address of a static file; it changes when the file does, so that no browser shows an old one."""
        return url_for("static", filename=path, v=version(path))

    return asset


def add_to(app: Flask) -> None:
    """Give every template these filters and `asset`."""
    app.add_template_filter(moment, "moment")
    app.add_template_filter(day, "day")
    app.add_template_filter(utc_day, "utc_day")
    app.add_template_filter(last_utc_day, "last_utc_day")
    app.add_template_filter(say, "said")
    app.add_template_filter(say_mend, "mended")
    app.add_template_filter(groups, "blast_groups")
    app.add_template_filter(rotation_groups, "rotation_groups")
    app.add_template_filter(trouble_groups, "trouble_groups")
    app.add_template_filter(installation_told, "installation_told")
    app.add_template_global(_asset(Path(app.static_folder or "static")), "asset")
