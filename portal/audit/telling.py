"""What the sentence of an event says, before anybody puts it into words of a language."""

import re
from typing import Any

from portal.audit.events import FORMER_NAMES, Event
from portal.audit.models import AuditEvent
from portal.audit.sentences import OF_THING, OF_TICKET, SENTENCES, WITH_REASON
from portal.foundation.marking import N_

UNKNOWN = N_("%(actor)s: %(event)s (%(label)s)")
FACT = re.compile(r"%\(([a-z_]+)\)s")


def template_of(event: AuditEvent) -> str:
    """The sentence of this event with its placeholders, in English. One of a newer release is named by its code."""
    named: Any = FORMER_NAMES.get(event.event) or Event._value2member_map_.get(event.event)
    facts, more_exact = event.facts, []
    if facts.get("reason"):
        more_exact.append(WITH_REASON)
    if facts.get("ticket") or facts.get("thing"):
        more_exact.append(OF_TICKET if facts.get("ticket") else OF_THING)
    return next((said[named] for said in (*more_exact, SENTENCES) if named in said), UNKNOWN)


def facts_told(event: AuditEvent) -> dict[str, Any]:
    """Those of the event's facts that its sentence says; others are for the record alone."""
    told = FACT.findall(template_of(event))
    return {name: value for name, value in event.facts.items() if name in told}
