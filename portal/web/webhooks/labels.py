"""What is said of endpoints, deliveries and events."""

from flask_babel import gettext as _

from portal.foundation.marking import N_
from portal.foundation.outgoing import Problem
from portal.webhooks.models import DELIVERY_NAMES, OFFERED, PAUSE_NAMES, STATE_NAMES
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
# The first part of an event's name, and what a person calls it.
GROUP_NAMES: dict[str, str] = {
    "key": N_("Key pairs"),
    "hand_off": N_("Hand-offs"),
    "envelope_key": N_("Envelope keys"),
    "command_code": N_("Codes for the command line"),
    "delegation": N_("Delegations"),
    "project": N_("Projects"),
    "data_space": N_("Data spaces"),
    "installation": N_("Installations"),
    "request": N_("Requests to the vendor"),
    "contract": N_("Contracts"),
    "signer": N_("Signers"),
    "deputy": N_("Deputies"),
    "entitlement": N_("Entitlements"),
    "review": N_("Reviews"),
    "member": N_("Members"),
    "invitation": N_("Invitations"),
    "tenant": N_("The account"),
    "webhook": N_("Webhooks"),
    "look_in": N_("Look-ins of the vendor"),
    "refused": N_("Refused acts"),
}


def problem(code: str | None) -> str:
    """Why an attempt had no answer that counts; empty for none."""
    return _(PROBLEM_NAMES[code]) if code in PROBLEM_NAMES else code or ""


def event_groups() -> list[tuple[str, list[str]]]:
    """Every event that can be chosen, by what it is about: the name of the group and the names of its events."""
    groups: dict[str, list[str]] = {name: [] for name in GROUP_NAMES}
    for event in OFFERED:
        groups.setdefault(event.value.partition(".")[0], []).append(event.value)
    return [(_(GROUP_NAMES.get(name, name)), events) for name, events in groups.items() if events]
