"""What is said of endpoints, deliveries and events."""

from flask_babel import gettext as _

from portal.foundation.marking import N_
from portal.foundation.outgoing import Problem
from portal.web.event_groups import GROUP_NAMES, offered_by_group
from portal.webhooks.models import DELIVERY_NAMES, PAUSE_NAMES, STATE_NAMES
from portal.webhooks.sending import NO_SECRET, REDIRECT

__all__ = ["DELIVERY_NAMES", "PAUSE_NAMES", "STATE_NAMES", "event_groups", "problem"]

PROBLEM_NAMES: dict[str, str] = {
    Problem.URL: N_("the address cannot be used"),
    Problem.NAME: N_("the name has no address"),
    Problem.ADDRESS: N_("the name leads to an address that is not of the open internet"),
    Problem.UNREACHABLE: N_("nobody took the connection"),
    Problem.TLS: N_("the certificate does not fit, or there is no TLS"),
    Problem.TIMEOUT: N_("no whole answer within 10 seconds"),
    Problem.BAD_ANSWER: N_("what came was no HTTP answer"),
    REDIRECT: N_("a redirect is not followed"),
    NO_SECRET: N_("the secret could not be opened"),
}


def problem(code: str | None) -> str:
    """Why an attempt had no answer that counts; empty for none."""
    return _(PROBLEM_NAMES[code]) if code in PROBLEM_NAMES else code or ""


def event_groups() -> list[tuple[str, list[str]]]:
    """Every event that can be chosen, by what it is about: the name of the group and the names of its events."""
    return [(_(GROUP_NAMES.get(name, name)), events) for name, events in offered_by_group().items() if events]
