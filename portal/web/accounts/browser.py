"""What the door knows of the visitor's browser: its network, what to call it, and the sign-in it carries."""

import re

from flask import g, request, session
from flask_login import current_user, login_user, logout_user

from portal.accounts import store
from portal.accounts.models import Person, UserSession
from portal.web.accounts import devices

# The first that fits: many browsers name others besides themselves.
BROWSERS = (
    (r"\bEdgA?/", "Edge"),
    (r"\bOPR/", "Opera"),
    (r"\bFirefox/|\bFxiOS/", "Firefox"),
    (r"Chrom(e|ium)/|\bCriOS/", "Chrome"),
    (r"\bSafari/", "Safari"),
)
SYSTEMS = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b", "macOS"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bLinux\b", "Linux"),
)


def network() -> str:
    """The visitor's IP address, as far as the set number of proxies can be trusted."""
    return request.remote_addr or ""


def device() -> str:
    """What a person recognises this browser by, such as "Firefox · Linux"; empty when it does not say."""
    agent = request.user_agent.string
    return " · ".join(name for name in (_first(BROWSERS, agent), _first(SYSTEMS, agent)) if name)


def carry(row: UserSession, token: str) -> None:
    """From now on this browser is signed in, by the session `row`."""
    session.begin(row, token)  # type: ignore[attr-defined]
    g.session_row = row
    person = store.get_person(row.person_id)
    login_user(person)
    devices.note_known(person)


def drop() -> None:
    """From now on this browser is anonymous."""
    logout_user()
    session.end()  # type: ignore[attr-defined]
    g.pop("session_row", None)


def person() -> Person:
    """Who is signed in: the row itself, not Flask-Login's stand-in for it."""
    found: Person = current_user._get_current_object()
    return found


def current_row() -> UserSession | None:
    """The session of this browser, or None for a visitor."""
    row: UserSession | None = g.get("session_row")
    return row


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, agent)), "")
