"""What the door answers: a status, headers, a body, and why a question itself was refused."""

import json
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple

from portal.foundation.marking import N_
from portal.verifier.reasons import Told

Headers = list[tuple[str, str]]


class Refusal(StrEnum):
    """Why the door does not look at a call at all. Codes never change."""

    ASKER_UNKNOWN = "asker_unknown"
    ASKER_OTHER_SERVICE = "asker_other_service"
    SERVICE_NOT_NAMED = "service_not_named"
    NOT_UNDERSTOOD = "not_understood"
    TOO_LARGE = "too_large"
    NO_SUCH_ADDRESS = "no_such_address"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_READY = "not_ready"
    CUT_OFF = "cut_off"
    FAILED = "failed"


_GATEWAY, _OPERATOR = N_("whoever runs the gateway"), N_("whoever runs the portal")

REFUSALS: dict[Refusal, Told] = {
    Refusal.ASKER_UNKNOWN: Told(403, N_("Who asks needs a service credential that works."), _GATEWAY),
    Refusal.ASKER_OTHER_SERVICE: Told(403, N_("This service credential is for another service."), _GATEWAY),
    Refusal.SERVICE_NOT_NAMED: Told(400, N_("The question does not name one service."), _GATEWAY),
    Refusal.NOT_UNDERSTOOD: Told(400, N_("The question is not one that is answered here."), _GATEWAY),
    Refusal.TOO_LARGE: Told(413, N_("The question is too large."), _GATEWAY),
    Refusal.NO_SUCH_ADDRESS: Told(404, N_("There is nothing at this address."), _GATEWAY),
    Refusal.METHOD_NOT_ALLOWED: Told(405, N_("This address takes another method."), _GATEWAY),
    Refusal.NOT_READY: Told(503, N_("Keys are still being loaded. Ask again in a moment."), _OPERATOR),
    Refusal.CUT_OFF: Told(503, N_("The database has been away for too long to answer from memory."), _OPERATOR),
    Refusal.FAILED: Told(500, N_("This failed on the portal's side."), _OPERATOR),
}


class Answer(NamedTuple):
    """One answer: the status line, its own headers, the body. `is_cached`: its headers say how it may be kept."""

    status: str
    headers: Headers
    body: bytes = b""
    is_cached: bool = False


class Refused(Exception):
    """The door refuses the question; `detail` says more, in English."""

    def __init__(self, refusal: Refusal, detail: str = "", headers: Headers | None = None) -> None:
        super().__init__(refusal)
        self.refusal, self.detail, self.headers = refusal, detail, headers or []


def status_line(status: int) -> str:
    """The status with HTTP's words for it."""
    return f"{status} {HTTPStatus(status).phrase}"


def in_json(content: Mapping[str, Any], status: int = 200, headers: Headers | None = None) -> Answer:
    """An answer with this content."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    own = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Answer(status_line(status), [*(headers or []), *own], body)


def refused(refused: Refused) -> Answer:
    """The answer for those who read bodies, with the code in a header for those who do not."""
    told = REFUSALS[refused.refusal]
    sentence = f"{told.sentence} {refused.detail}".strip()
    content = {"status": told.status, "code": refused.refusal.value, "message": sentence, "mend": str(told.mend)}
    headers = [("X-Portal-Reason", refused.refusal.value), *refused.headers]
    if told.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", "1"))
    return in_json(content, told.status, headers)
