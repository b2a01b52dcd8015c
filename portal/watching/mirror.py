"""What the portal sees of a request once it is here: told to whoever holds this very portal's SECRET_KEY.

`flask portal check` asks so, to learn what the proxies on the way make of its requests. A question proves the secret,
and its answer is encrypted under it: a stranger gets none, and who repeats what was overheard cannot read the answer.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.foundation import clock

HEADER = "X-Portal-Check"
IN_ENVIRON = "HTTP_X_PORTAL_CHECK"
BEFORE_PROXIES = "werkzeug.proxy_fix.orig"
NONCE_BYTES, GCM_NONCE_BYTES, PROOF_DIGITS = 16, 12, 64
LONGEST_VALUE = 500


@dataclass(frozen=True)
class Seen:
    """How a request looked: scheme, host and address as the portal takes them, `peer` as they came over the wire.

    `forwarded_…` and `request_id` are the headers as they arrived, "" where there were none; `hops` is the PROXY_HOPS
    of who answers, and `at` its clock in Unix seconds.
    """

    scheme: str
    host: str
    address: str
    peer: str
    hops: int
    forwarded_for: str
    forwarded_proto: str
    forwarded_host: str
    request_id: str
    at: float

    @property
    def addresses(self) -> list[str]:
        """The addresses that arrived in X-Forwarded-For, the nearest proxy's last."""
        return [part.strip() for part in self.forwarded_for.split(",") if part.strip()]


class NotOurs(Exception):
    """What was answered was not said by a portal with this secret."""


class Mirror:
    """Questions and answers under one secret; `hops` are how many proxies who answers reckons with."""

    def __init__(self, secret_key: str, hops: int = 0) -> None:
        self._secret, self._hops = secret_key.encode(), hops

    def question(self) -> str:
        """A new question, for the header: nonce and proof."""
        nonce = secrets.token_hex(NONCE_BYTES)
        return f"{nonce}.{self._derived('question', nonce).hex()}"

    def answer(self, environ: Mapping[str, Any]) -> str:
        """What is seen of this request, encrypted as base64url; "" when it does not ask, or proves nothing."""
        nonce, _dot, proof = environ.get(IN_ENVIRON, "").partition(".")
        expected = self._derived("question", nonce).hex()
        if len(proof) != PROOF_DIGITS or not hmac.compare_digest(proof.encode(), expected.encode()):
            return ""
        own = secrets.token_bytes(GCM_NONCE_BYTES)
        text = json.dumps(asdict(self._seen(environ))).encode()
        return urlsafe_b64encode(own + self._cipher(nonce).encrypt(own, text, None)).decode()

    def read(self, question: str, answer: str) -> Seen:
        """What was seen of the request that carried `question`. Raises: NotOurs."""
        try:
            octets = urlsafe_b64decode(answer)
            cipher = self._cipher(question.partition(".")[0])
            text = cipher.decrypt(octets[:GCM_NONCE_BYTES], octets[GCM_NONCE_BYTES:], None)
            return Seen(**json.loads(text))
        except (ValueError, TypeError, InvalidTag) as error:
            raise NotOurs() from error

    def _cipher(self, nonce: str) -> AESGCM:
        return AESGCM(self._derived("answer", nonce))

    def _derived(self, purpose: str, nonce: str) -> bytes:
        """32 octets for this purpose only (HMAC-SHA256 as a pseudo-random function, RFC 2104)."""
        return hmac.digest(self._secret, f"portal-check\x1f{purpose}\x1f{nonce}".encode(), "sha256")

    def _seen(self, environ: Mapping[str, Any]) -> Seen:
        def header(name: str) -> str:
            return str(environ.get(f"HTTP_{name}", ""))[:LONGEST_VALUE]

        return Seen(
            scheme=environ["wsgi.url_scheme"],
            host=header("HOST"),
            address=environ.get("REMOTE_ADDR") or "",
            peer=environ.get(BEFORE_PROXIES, environ).get("REMOTE_ADDR") or "",
            hops=self._hops,
            forwarded_for=header("X_FORWARDED_FOR"),
            forwarded_proto=header("X_FORWARDED_PROTO"),
            forwarded_host=header("X_FORWARDED_HOST"),
            request_id=header("X_REQUEST_ID"),
            at=clock.unix_now(),
        )
