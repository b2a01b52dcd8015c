"""Challenges that a private key signs: nothing is stored, for the portal's own seal says that it made them."""

import secrets
from datetime import datetime, timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from portal.foundation import clock
from portal.keys.errors import RevocationRefused

LIFETIME = timedelta(minutes=5)


def to_revoke(api_key: str) -> str:
    """A challenge to revoke the pair with this API key, whether there is one or not; good for five minutes."""
    ends_at = clock.now() + LIFETIME
    return _serializer().dumps([api_key, secrets.token_hex(16), ends_at.isoformat()])


def require(challenge: str, api_key: str) -> None:
    """Nothing, when the challenge was made here, for this API key, within the last five minutes.

    Raises: RevocationRefused.
    """
    try:
        named, _nonce, ends_at = _serializer().loads(challenge)
    except BadSignature as error:
        raise RevocationRefused() from error
    if named != api_key or clock.now() >= datetime.fromisoformat(ends_at):
        raise RevocationRefused()


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="portal-revoke-by-key")
