"""What is told, and how it is signed: Standard Webhooks (standardwebhooks.com, version 1)."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from portal.audit.models import AuditEvent
from portal.foundation import ids
from portal.webhooks.models import WebhookDelivery

SECRET_PREFIX, SECRET_BYTES = "whsec_", 32
TEST, TEST_PREFIX = "webhook.test", "tst"


def new_secret() -> str:
    """`whsec_` and 32 random octets in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def id_of(event: AuditEvent) -> str:
    """By what receivers know this event: the same for every endpoint, attempt and re-send.

    It follows from the event's hash, which no other event of any tenant has, and tells nothing of it.
    """
    return "evt_" + hashlib.sha256(b"webhook-id" + event.hash).hexdigest()[:32]


def new_test_id() -> str:
    """By what receivers know a test."""
    return ids.new(TEST_PREFIX)


def subject_of(event: AuditEvent) -> str:
    """What keeps an order: messages with the same one leave one after the other."""
    return f"{event.subject_type}:{event.subject_id}"


def body_of(delivery: WebhookDelivery, event: AuditEvent | None, account_id: str) -> bytes:
    """The message as JSON: nothing but what the tenant's activity page shows. event: None for a test."""
    if event is None:
        return _json(TEST, delivery.created_at, {"id": delivery.message, "account": account_id})
    data = {
        "id": delivery.message,
        "account": account_id,
        "number": event.seq,
        "subject": {"kind": event.subject_type, "id": event.subject_id, "label": event.subject_label},
        "actor": {"label": event.actor_label, "account": event.actor_home_name},
        "refused": event.refused,
        "facts": event.facts,
    }
    return _json(event.event, event.at, data)


def _json(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    message = {"type": kind, "timestamp": in_utc(at), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def to_be_read(body: bytes) -> str:
    """The same message, laid out for people."""
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2)


def in_utc(at: datetime) -> str:
    """A moment as ISO 8601 in UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def headers_of(message: str, body: bytes, keys: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers that go with this body: one signature for each of the secrets `keys`."""
    signatures = [Webhook(key).sign(message, at, body.decode()) for key in keys]
    return {
        "Content-Type": "application/json",
        "User-Agent": "partner-portal-webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
