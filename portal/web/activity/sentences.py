"""Tells an event in the reader's language: its sentence, filled from the event and its facts."""

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_babel import gettext

from portal.access.roles import ENVIRONMENT_NAMES, PERMISSION_NAMES, RIGHT_NAMES, ROLE_NAMES, Permission
from portal.audit.events import Event
from portal.audit.models import AuditEvent
from portal.audit.telling import template_of
from portal.credentials.operations import ALL_SERVICES
from portal.entitlements.models import WISH_NAMES
from portal.foundation.errors import PortalError
from portal.foundation.marking import N_
from portal.reviews.deciding import DECISION_NAMES
from portal.tenants.models import STANDING_NAMES
from portal.web.guards import GUARD
from portal.web.say import listed
from portal.webhooks.models import PAUSE_NAMES

LEFT_OUT = "…"


def _words(names: Mapping[Any, str]) -> dict[str, str]:
    # A fact may hold the stored word, or already the name that is marked for translation.
    return {word.value: name for word, name in names.items()} | {name: name for name in names.values()}


# Which facts are words that can be translated, and what each word is called. All other facts are names and figures.
_ROLES, _STANDINGS, _SIDES = _words(ROLE_NAMES), _words(STANDING_NAMES), _words(ENVIRONMENT_NAMES)
_ALWAYS = {
    "environment": _SIDES,
    "environments": _SIDES,
    "rights": _words(RIGHT_NAMES),
    "role": _ROLES,
    "wish": _words(WISH_NAMES),
}
_OF_EVENT = {
    Event.MEMBER_ROLE_CHANGED: {"before": _ROLES, "after": _ROLES},
    Event.STANDING_CHANGED: {"before": _STANDINGS, "after": _STANDINGS},
    Event.CREDENTIAL_ISSUED: {"service": {ALL_SERVICES: N_("all services")}},
    Event.WEBHOOK_STOPPED: {"because": _words(PAUSE_NAMES)},
    Event.REVIEW_DECIDED: {"decision": _words(DECISION_NAMES)},
}


class _Facts(dict[str, Any]):
    """What fills a sentence; a fact that the event does not have is left out visibly."""

    def __missing__(self, name: str) -> str:
        return LEFT_OUT


def sentence(event: AuditEvent) -> str:
    """What happened, as one sentence without its full stop. An event of a newer release is named by its code."""
    facts = _Facts(
        _said(event),
        actor=event.actor_label,
        home=event.actor_home_name or "",
        label=event.subject_label,
        event=event.event,
    )
    if event.refused:
        facts["reason"] = act(event.subject_id)
    return gettext(template_of(event)) % facts


def _said(event: AuditEvent) -> dict[str, str]:
    words = _ALWAYS | _OF_EVENT.get(event.event, {})  # type: ignore[call-overload]
    return {name: _say(value, words.get(name, {})) for name, value in event.facts.items()}


def _say(value: Any, words: dict[str, str]) -> str:
    if isinstance(value, list):
        return listed([_say(part, words) for part in value])
    return gettext(words[value]) if value in words else str(value)


def act(name: str) -> str:
    """What somebody tried: the permission that guards a view such as `POST keys.revoke`; other doors say it."""
    view = current_app.view_functions.get(name.partition(" ")[2])
    guard = getattr(view, GUARD, None)
    return gettext(PERMISSION_NAMES[guard] if isinstance(guard, Permission) else name)


def reason(event: AuditEvent) -> str:
    """Why an act was refused, from the refusal's code; empty for an event that was no refusal."""
    if not event.refused:
        return ""
    code = str(event.facts.get("reason", ""))
    return gettext(_refusals()[code]) % _Facts() if code in _refusals() else code


def _refusals() -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = [PortalError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind.sentence
        waiting.extend(kind.__subclasses__())
    return found
