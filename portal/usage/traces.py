"""Each verified call leaves a trace: counted in this process at once, written with many others a little later."""

import re
import uuid
from datetime import UTC, datetime
from typing import NamedTuple

from portal.access.roles import Environment
from portal.usage import writing
from portal.usage.buffer import Use, buffer
from portal.usage.clients import client_of

# As `projects` makes them; what is no such id names nothing.
SPACE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONGEST_KEPT = 512  # characters of a header; the connector's own User-Agent has about 60


class Trace(NamedTuple):
    """One verified call. `at` is aware UTC; `data_space` is its id as the connector knows it, None where it names none.

    listed: whether it listed the account's projects, as a shop does when its keys were entered. The texts are as they
    came. Nothing of `address` but its network outlives `gather`.
    """

    tenant_id: uuid.UUID
    key_pair_id: uuid.UUID
    environment: Environment
    data_space: str | None
    user_agent: str
    address: str
    cloud_id: str | None
    at: datetime
    listed: bool = False


def gather(trace: Trace, last_at: datetime | None = None, calls: int = 1) -> None:
    """Count the call. No input or output and no wait but for a lock held a microsecond; it never fails a call.

    calls: that were alike on this day, the last of them at `last_at`.
    """
    at = trace.at if trace.at.tzinfo is UTC else trace.at.astimezone(UTC)
    client = client_of(trace.user_agent[:LONGEST_KEPT], trace.address, trace.cloud_id)
    use = Use(trace.tenant_id, trace.key_pair_id, _space(trace.data_space), client, at.date(), trace.listed)
    buffer.count(use, at, last_at or at, calls)
    writing.begin()


def _space(data_space: str | None) -> str | None:
    return data_space if data_space is not None and SPACE_ID.fullmatch(data_space) else None


def flush() -> int:
    """Write what was gathered, now and in the caller's application context; how many uses there were.

    Raises: what the database does, and then keeps everything for the next time.
    """
    return writing.flush()
