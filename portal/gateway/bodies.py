"""The body of a question: JSON of a bounded length, read only as far as it may go."""

import json
from collections.abc import Mapping
from typing import Any

from portal.gateway.answers import Refusal, Refused

LARGEST = 256 * 1024  # security.md section 1, "Web"
LONGEST_NUMBER = 20
TOO_LARGE = f"It has at most {LARGEST} bytes."


def json_in(environ: Mapping[str, Any]) -> Any:
    """What the body says. Raises: Refused."""
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(Refusal.NOT_UNDERSTOOD, "It is sent as application/json.")
    octets = environ["wsgi.input"].read(_length(environ.get("CONTENT_LENGTH") or ""))
    if len(octets) > LARGEST:
        raise Refused(Refusal.TOO_LARGE, TOO_LARGE)
    try:
        return json.loads(octets.decode())
    except (ValueError, RecursionError) as error:
        raise Refused(Refusal.NOT_UNDERSTOOD, "It is not JSON.") from error


def _length(announced: str) -> int:
    """How much to read; of a body that says nothing of its length one more than allowed. Raises: Refused."""
    if not announced.isascii() or not announced.isdigit():
        return LARGEST + 1
    if len(announced) > LONGEST_NUMBER or int(announced) > LARGEST:
        raise Refused(Refusal.TOO_LARGE, TOO_LARGE)  # and is not waited for
    return int(announced)
