"""`POST /gateway/uses`: what libraries counted where they decide offline. A report that comes twice counts once."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from portal.foundation import clock
from portal.foundation.database import transaction
from portal.gateway import answers
from portal.gateway.answers import Answer, Refusal, Refused
from portal.gateway.bodies import json_in
from portal.usage import reports, writing
from portal.usage.buffer import Batch, Count, Use
from portal.usage.clients import client_of
from portal.verifier.decision import reaches
from portal.verifier.tables import Tables

PATH = "/gateway/uses"
MOST_USES = 500
MOST_CALLS = 1_000_000_000
LONGEST = 255
MEMBERS = frozenset({"report", "uses"})
OF_USE = frozenset({"api_key", "data_space", "user_agent", "network", "first_at", "last_at", "calls"})
REPORT_ID = re.compile(r"[0-9a-f]{32}")
# Two clocks, and no more: what comes later than reports are remembered for could count twice.
AHEAD, OLDEST = timedelta(minutes=2), reports.KEPT - timedelta(hours=1)


def take(environ: Mapping[str, Any], tables: Tables, service: str | None = None) -> Answer:
    """Count the report; the answer says how many of its uses did. Of keys that are not known here none do.

    service: the one that the report comes from, where it is one: of keys whose owner was never entitled to it none do
    either, for there it let nothing pass. Raises: Refused.
    """
    content = json_in(environ)
    if not isinstance(content, dict) or content.keys() != MEMBERS:
        raise _not_understood()
    report, uses = content["report"], content["uses"]
    if not isinstance(report, str) or REPORT_ID.fullmatch(report) is None:
        raise _not_understood()
    if not isinstance(uses, list) or len(uses) > MOST_USES:
        raise _not_understood()
    found = [_use(one) for one in uses]
    batch = tables.read(_batch, found, tables, service)
    try:
        with transaction():
            seen = reports.take(uuid.UUID(report), batch)
    except (DBAPIError, NoConnection):
        raise Refused(Refusal.CUT_OFF) from None
    if seen is None:
        return answers.in_json({"counted": 0, "repeated": True})
    writing.discover_later(seen)
    return answers.in_json({"counted": len(batch), "repeated": False})


_Told = tuple[dict[str, Any], Count]


def _use(told: Any) -> _Told:
    """A use as it was told, with its count. Raises: Refused."""
    if not isinstance(told, dict) or told.keys() != OF_USE:
        raise _not_understood()
    texts = [told["api_key"], told["user_agent"], told["network"], told["data_space"] or ""]
    if not all(isinstance(text, str) and len(text) <= LONGEST for text in texts):
        raise _not_understood()
    calls = told["calls"]
    if isinstance(calls, bool) or not isinstance(calls, int) or not 0 < calls <= MOST_CALLS:
        raise _not_understood()
    return told, Count(_moment(told["first_at"]), _moment(told["last_at"]), calls)


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise _not_understood() from None


def _batch(found: list[_Told], tables: Tables, service: str | None) -> Batch:
    now, batch = clock.now(), Batch()
    for told, counted in found:
        key, space = tables.keys.get(told["api_key"]), tables.spaces.get(told["data_space"] or "")
        in_time = now - OLDEST <= counted.first_at <= counted.last_at <= now + AHEAD
        if key is None or (service is not None and service not in key.owner.grants):
            continue
        if not in_time or counted.first_at.date() != counted.last_at.date():
            continue
        # A network's own address lies in it.
        client = client_of(told["user_agent"], told["network"].partition("/")[0], None)
        reached = None if space is None or not reaches(key, space) else space.public_id
        use = Use(key.owner.id, key.id, reached, client, counted.first_at.date())
        batch[use] = batch[use].plus(counted) if use in batch else counted
    return batch


def _not_understood() -> Refused:
    return Refused(Refusal.NOT_UNDERSTOOD, f"A report is an id of 32 hexadecimal digits and up to {MOST_USES} uses.")
