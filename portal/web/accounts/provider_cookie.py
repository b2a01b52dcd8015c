"""What a browser carries to an identity provider and back: one cookie, signed, for ten minutes."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.providers.models import IdentityProvider
from portal.providers.round_trips import GOOD_FOR, Answered, Client, RoundTrip
from portal.web.accounts import browser, devices
from portal.web.session import prefixed

COOKIE = "provider"
SECONDS = int(GOOD_FOR.total_seconds())
LONGEST_WAY = 500


class Purpose(StrEnum):
    """What a round trip is for."""

    SIGN_IN = "sign_in"
    CONNECT = "connect"
    TRY = "try"
    JOIN = "join"


@dataclass(frozen=True)
class Kept:
    """A round trip that waits for its answer: what for, where to go on, and in which session it was begun."""

    trip: RoundTrip
    purpose: Purpose
    way_on: str | None
    session_id: str | None


def keep_trip(trip: RoundTrip, purpose: Purpose, way_on: str | None = None) -> None:
    """From now on this browser waits for the answer to this round trip, and to no other."""
    way_on = way_on if way_on and len(way_on) <= LONGEST_WAY else None
    _put("trip", asdict(trip) | {"purpose": purpose.value, "way_on": way_on, "session": _session_id()})


def kept_trip() -> Kept | None:
    """What waits in this browser, or None; also when it began in another session, where that matters."""
    found = _read("trip")
    if found is None:
        return None
    purpose, way_on, session_id = Purpose(found.pop("purpose")), found.pop("way_on"), found.pop("session")
    if purpose is not Purpose.SIGN_IN and session_id != _session_id():
        return None
    return Kept(RoundTrip(**found), purpose, way_on, session_id)


def keep_answer(answered: Answered, purpose: Purpose) -> None:
    """From now on this browser shows that the provider gave this answer to the person of this session."""
    client = answered.client
    facts = {"provider": str(client.provider_id), "issuer": client.issuer, "client_id": client.client_id}
    said = {name: getattr(answered, name) for name in ("subject", "label", "email", "name")}
    _put("answer", facts | said | {"purpose": purpose.value, "session": _session_id()})


def kept_answer(provider: IdentityProvider, purpose: Purpose) -> Answered | None:
    """The answer of this provider, as it is set up now, to this session; or None. provider: with its tenant."""
    found = _read("answer")
    if found is None or (found["purpose"], found["session"]) != (purpose.value, _session_id()):
        return None
    if (found["provider"], found["issuer"], found["client_id"]) != (
        str(provider.id),
        provider.issuer,
        provider.client_id,
    ):
        return None
    return Answered(Client.of(provider), found["subject"], found["label"], found.get("email"), found.get("name"))


def forget() -> None:
    """From now on nothing waits in this browser."""
    devices.put_cookie(COOKIE, "", 0)


def _session_id() -> str | None:
    row = browser.current_row()
    return str(row.id) if row is not None else None


def _put(kind: str, value: dict[str, Any]) -> None:
    devices.put_cookie(COOKIE, _serializer(kind).dumps(value), SECONDS)


def _read(kind: str) -> dict[str, Any] | None:
    try:
        found = _serializer(kind).loads(request.cookies.get(prefixed(current_app, COOKIE), ""), max_age=SECONDS)
    except BadSignature:
        return None
    return found if isinstance(found, dict) else None


def _serializer(kind: str) -> URLSafeTimedSerializer:
    # Another salt for each kind: what waits for an answer never passes for one.
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"portal-provider-{kind}")
