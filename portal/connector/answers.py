"""What the stock client reads (connector-protocol section 4): JSON objects; a refusal has `status` and `message`."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from portal.foundation.errors import Denied, NotFound, PortalError
from portal.projects.errors import AllotmentUsedUp, ContractWithoutProjects

Headers = tuple[tuple[str, str], ...]
# Conflicts in the portal's own words; to a shop they are refusals for want of an allotment (section 4).
FORBIDDEN = (Denied, AllotmentUsedUp, ContractWithoutProjects)


@dataclass(frozen=True)
class Answer:
    """One answer: the HTTP status, the body as UTF-8 JSON, and headers beside those that every answer has."""

    status: int
    body: bytes
    headers: Headers = ()


class Refused(Exception):
    """A call that the door refuses, with its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def phrase(status: int) -> str:
    """The words that HTTP has for a status."""
    return HTTPStatus(status).phrase


def success(content: dict[str, Any]) -> Answer:
    """An answer with `content`, which has no member `message`: by that the client knows a refusal."""
    return Answer(200, _octets(content))


def refusal(status: int, message: str, code: str, headers: Headers = ()) -> Answer:
    """A refusal. `code` is the portal's own, for whoever reads logs of a shop."""
    body = {
        "status": status,
        "statusText": phrase(status),
        "message": message,
        "error": {"code": code, "message": message},
    }
    return Answer(status, _octets(body), headers)


def is_forbidden(refused: PortalError) -> bool:
    """Whether it is for want of a right, of standing or of an allotment."""
    return isinstance(refused, FORBIDDEN)


def in_plain_words(refused: PortalError) -> Answer:
    """A refusal of the domain in English, the language of the client's own messages, and who can mend it."""
    if isinstance(refused, NotFound):
        return NOT_FOUND
    status = 403 if is_forbidden(refused) else refused.status
    return refusal(status, refused.in_english(), refused.code)


def _octets(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


# The fixed sentences, as the client knows them.
KEY_INVALID = Answer(
    403,
    _octets(
        {
            "status": 403,
            "statusText": "FORBIDDEN",
            "message": "Client ID is invalid",
            "error": {
                "code": "Forbidden",
                "message": "Client ID is invalid",
                "details": {"error_code": "403003"},
            },
        }
    ),
)
TOKEN_INVALID = Answer(
    403,
    _octets(
        {
            "status": 403,
            "statusText": "FORBIDDEN",
            "message": "JWT is invalid",
            "error": {"code": "Forbidden", "message": "JWT is invalid"},
        }
    ),
)
UNSIGNED = refusal(
    403,
    "An API key without a signature proves nothing. Use a Commerce Services Connector that signs with the private key.",
    "signature_needed",
)
NOT_FOUND = Answer(404, _octets({"status": 404, "statusText": "Not Found", "message": "Merchant registry not found"}))
PONG = success({"status": 200})
