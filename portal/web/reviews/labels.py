"""What the pages of reviews call subjects, states, decisions and outcomes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from flask_babel import format_date, gettext

from portal.access.roles import ENVIRONMENT_NAMES
from portal.delegations.models import Side
from portal.foundation.errors import PortalError
from portal.foundation.marking import N_
from portal.impact.expiring import Term
from portal.reviews.models import Answer, CampaignState, Decision, Outcome, ReviewSubject, Silence
from portal.web.console.labels import DELEGATION_NAMES, ENTITLEMENT_NAMES, KEY_STATE_NAMES
from portal.web.delegations.seen import RIGHT_WORDS
from portal.web.filters import DAY
from portal.web.frame import language
from portal.web.reviews.ticks import tick
from portal.web.say import listed

__all__ = ["RIGHT_WORDS", "Term", "tick"]

SUBJECT_NAMES: dict[ReviewSubject, str] = {
    ReviewSubject.DELEGATIONS: N_("Delegations"),
    ReviewSubject.ENTITLEMENTS: N_("Entitlements"),
    ReviewSubject.KEYS: N_("Key pairs"),
}
STATE_NAMES: dict[CampaignState, str] = {
    CampaignState.PREPARING: N_("Being prepared"),
    CampaignState.OPEN: N_("Open"),
    CampaignState.CLOSING: N_("Being closed"),
    CampaignState.CLOSED: N_("Closed"),
    CampaignState.ABANDONED: N_("Abandoned"),
}
# The words that the state macro draws: in work, and no more.
STATE_SHAPES: dict[CampaignState, str] = {
    CampaignState.PREPARING: "pending",
    CampaignState.OPEN: "active",
    CampaignState.CLOSING: "retiring",
    CampaignState.CLOSED: "over",
    CampaignState.ABANDONED: "over",
}
DECISION_NAMES: dict[Decision, str] = {
    Decision.KEEP: N_("Keep"),
    Decision.NARROW: N_("Narrow"),
    Decision.END: N_("End"),
}
DECISION_SHAPES: dict[Decision, str] = {
    Decision.KEEP: "done",
    Decision.NARROW: "retiring",
    Decision.END: "over",
}
ANSWER_NAMES: dict[Answer, str] = {
    Answer.NEEDED: N_("Still needed"),
    Answer.NOT_NEEDED: N_("No longer needed"),
}
OUTCOME_NAMES: dict[Outcome, str] = {
    Outcome.KEPT: N_("Kept"),
    Outcome.NARROWED: N_("Narrowed"),
    Outcome.ENDED: N_("Ended"),
    Outcome.KEPT_IN_USE: N_("Kept, because it was used in the last 30 days"),
    Outcome.NOT_WARNED: N_("Kept, because not every warning had been sent"),
    Outcome.UNCHANGED: N_("Was over already"),
    Outcome.NOT_APPLIED: N_("Could not be carried out"),
}
OUTCOME_SHAPES: dict[Outcome, str] = {
    Outcome.KEPT: "done",
    Outcome.NARROWED: "retiring",
    Outcome.ENDED: "over",
    Outcome.KEPT_IN_USE: "done",
    Outcome.NOT_WARNED: "done",
    Outcome.UNCHANGED: "over",
    Outcome.NOT_APPLIED: "failed",
}
# What closing would do, before it is known what is refused.
FORECAST_NAMES: dict[Outcome, str] = {
    Outcome.KEPT: N_("Would be kept"),
    Outcome.NARROWED: N_("Would be narrowed"),
    Outcome.ENDED: N_("Would be ended"),
    Outcome.KEPT_IN_USE: N_("Would be kept, because they were used in the last 30 days"),
    Outcome.NOT_WARNED: N_("Would be kept, because not every warning has been sent"),
}
WORDS: dict[str, str] = {
    **{right.value: name for right, name in RIGHT_WORDS.items()},
    **{side.value: name for side, name in ENVIRONMENT_NAMES.items()},
    **{
        word.value: name
        for word, name in (*DELEGATION_NAMES.items(), *ENTITLEMENT_NAMES.items(), *KEY_STATE_NAMES.items())
    },
}
SIDE_NAMES: dict[Side, str] = {Side.OWNER: N_("Owner"), Side.INTEGRATOR: N_("Integrator")}
FACT_NAMES: dict[str, str] = {
    "contract": N_("Contract"),
    "edition": N_("Edition"),
    "ends_on": N_("Last day"),
    "environment": N_("Environment"),
    "environments": N_("Environments"),
    "from": N_("From"),
    "holder": N_("Holder"),
    "integrator": N_("Integrator"),
    "last_day": N_("Last day"),
    "name": N_("Name"),
    "projects": N_("Projects"),
    "rights": N_("May do"),
    "service": N_("Service"),
    "state": N_("State"),
    "ticket": N_("Ticket"),
}
SILENCE_NAMES: dict[Silence, str] = {
    Silence.KEEP: N_("Keep what nobody decided"),
    Silence.END: N_("End what nobody decided, after warnings"),
}


DUE_NAMES: dict[Term, str] = {
    Term.ONE_DAY: N_("Due within a day"),
    Term.SEVEN_DAYS: N_("Due within 7 days"),
    Term.THIRTY_DAYS: N_("Due within 30 days"),
    Term.PAST: N_("Past the due date"),
}


def choices(names: Mapping[Any, str], everything: str) -> list[tuple[str, str]]:
    """The options of a filter: all of them first, called `everything`, then each by its name."""
    return [("", everything), *((word.value, gettext(name)) for word, name in names.items())]


def duration(seconds: int | None) -> str:
    """How long a decision took, in words; empty when it is not known."""
    if seconds is None:
        return ""
    if seconds < 120:
        return gettext("%(seconds)s s", seconds=seconds)
    return gettext("%(minutes)s min", minutes=f"{seconds // 60:,}")


def day(text: str) -> str:
    """A day as it was written down, such as 2027-05-03, in the reader's language."""
    return str(format_date(date.fromisoformat(text), DAY[language()]))


def last_day(due_at: datetime) -> str:
    """The last day (UTC) before something is due, in the reader's language."""
    return day((due_at - timedelta(microseconds=1)).date().isoformat())


def fact(name: str) -> str:
    """What a fact of a line is called."""
    return gettext(FACT_NAMES.get(name, name))


def value(name: str, stored: Any) -> str:
    """The value of a fact of a line, in words."""
    if stored is None:
        return gettext("all of them") if name == "projects" else gettext("without an end")
    if isinstance(stored, bool):
        return gettext("yes") if stored else gettext("no")
    if name in ("ends_on", "from", "last_day"):
        return day(stored)
    words = stored if isinstance(stored, list) else [stored]
    return listed([gettext(WORDS.get(str(word), str(word))) for word in words])


def why_not_applied(code: str | None) -> str:
    """What the refusal with this code says, where it says it without naming anything; else the code itself."""
    sentence = _sentences().get(code or "", "")
    return gettext(sentence) if sentence and "%(" not in sentence else code or ""


@cache
def _sentences() -> dict[str, str]:
    """The sentence of every refusal by its code."""
    found: dict[str, str] = {}
    open_: list[type[PortalError]] = [PortalError]
    while open_:
        refusal = open_.pop()
        found.setdefault(refusal.code, refusal.sentence)
        open_ += refusal.__subclasses__()
    return found
