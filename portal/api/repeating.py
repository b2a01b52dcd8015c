"""A write happens once however often it comes: the same `Idempotency-Key` has the same answer."""

import hashlib
import json
from collections.abc import Callable

from flask import Response, request
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from portal.access.actor import Actor
from portal.api.door import sent, sent_text
from portal.api.errors import IdempotencyKeyUnfit
from portal.api.shapes import ONCE
from portal.foundation.database import transaction
from portal.repeats import operations as repeats
from portal.repeats.operations import Kept

HEADER = "Idempotency-Key"
REPEATED = "Idempotent-Replayed"
LONGEST_KEY = 255


def once(actor: Actor, act: Callable[[], BaseModel], status: int) -> Response:
    """The answer of `act`, carried out in a transaction; or, for a key that came before, the answer of that time.

    Raises: IdempotencyKeyUnfit, KeyUsedOtherwise, StillInProgress, and what `act` raises.
    """
    key = _key()
    if key is None:
        with transaction():
            answer = sent(act(), status)
        return answer
    digest = _digest()
    with transaction():
        begun = repeats.begin(actor, key, digest)
    if isinstance(begun, Kept):
        return _repeated(begun)
    try:
        with transaction():
            content = act()
            answer = sent(content, status)
            repeats.finish(actor, begun, Kept(status, _without_secrets(content)))
    except BaseException:
        with transaction():
            repeats.release(actor, begun)
        raise
    return answer


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise IdempotencyKeyUnfit()
    return key


def _digest() -> bytes:
    """Of all that makes two calls the same: address, body whatever its spaces and order, version."""
    raw = request.get_data()
    body = json.dumps(json.loads(raw), sort_keys=True) if raw else ""
    parts = (request.method, request.path, body, request.headers.get("If-Match", ""))
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _without_secrets(content: BaseModel) -> str:
    fields = type(content).model_fields
    once = [name for name, field in fields.items() if _is_shown_once(field)]
    return content.model_copy(update=dict.fromkeys(once)).model_dump_json()


def _is_shown_once(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and ONCE in field.json_schema_extra


def _repeated(kept: Kept) -> Response:
    version = json.loads(kept.answer).get("version")
    answer = sent_text(kept.answer, kept.status, version)
    answer.headers[REPEATED] = "true"
    return answer
