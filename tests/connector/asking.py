"""Asks once, without the client's habits, and the answers that are fixed word by word."""

import json

from tests.connector.shop import PING, Shop

Body = dict[str, object]

CLIENT_ID_INVALID = {
    "status": 403,
    "statusText": "FORBIDDEN",
    "message": "Client ID is invalid",
    "error": {
        "code": "Forbidden",
        "message": "Client ID is invalid",
        "details": {"error_code": "403003"},
    },
}
NOT_FOUND = {"status": 404, "statusText": "Not Found", "message": "Merchant registry not found"}


def asked(shop: Shop, path: str = PING, **headers: str | None) -> tuple[int, Body]:
    """Status and body for this path with some headers changed, or left out when None."""
    sent = {**shop.headers(), **{name.replace("_", "-"): value for name, value in headers.items()}}
    status, _headers, body = shop.send("GET", path, {k: v for k, v in sent.items() if v is not None}, b"")
    return status, json.loads(body)
