"""One delivery: signed, sent, and what came of it. It knows no database, so that many threads can do it at once."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from portal.foundation import clock, outgoing, tracing
from portal.webhooks import messages

KEPT_OF_ANSWER = 1024  # octets
REDIRECT, NO_SECRET = "redirect", "secret"
GONE = 410


@dataclass(frozen=True)
class Parcel:
    """What has to be known to make one attempt, and to settle it afterwards."""

    tenant_id: uuid.UUID
    id: uuid.UUID
    endpoint_id: uuid.UUID
    attempts: int
    message: str
    url: str
    body: bytes
    keys: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: a status, or a problem where there was no answer. `answer` is its beginning."""

    parcel: Parcel
    at: datetime
    took_ms: int
    status: int | None
    problem: str | None
    answer: str

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint says that it wants nothing more."""
        return self.status == GONE


def send(parcel: Parcel, *, post: Any = outgoing.post) -> Outcome:
    """What came of sending it now. post: as `outgoing.post`, which says whom it may call."""
    at, began = clock.now(), time.monotonic()
    done = partial(Outcome, parcel, at)
    if not parcel.keys:
        return done(0, None, NO_SECRET, "")
    headers = messages.headers_of(parcel.message, parcel.body, parcel.keys, at) | tracing.headers()
    try:
        answer = post(parcel.url, parcel.body, headers)
    except outgoing.Failed as failure:
        return done(_ms_since(began), None, failure.problem.value, "")
    problem = REDIRECT if 300 <= answer.status < 400 else None
    return done(_ms_since(began), answer.status, problem, _text(answer.body))


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _text(body: bytes) -> str:
    """The beginning of an answer, as text that every database takes: what is no text, or NUL, is marked as such."""
    return body[:KEPT_OF_ANSWER].decode("utf-8", "replace").replace("\x00", "\ufffd")
