"""A small OpenID provider on this machine: discovery, authorize, token with PKCE, keys that rotate, bad manners."""

import base64
import hashlib
import hmac
import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.factories import a_private_key

_numbers = itertools.count()
SECRET = "s3cret&of=the client"
CLIENT_ID = "portal-client"


@dataclass
class Provider:
    """What it says of whom. `spoil` changes the claims of its ID tokens, `sign` how they are signed."""

    port: int = 0
    subject: str = "subject-1"
    email: str = "ann@contoso.example"
    algorithm: str = "RS256"
    spoil: Callable[[dict[str, Any]], None] = lambda claims: None
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    on_path: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rotate()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/of/contoso"

    def rotate(self) -> None:
        """Sign with another key from now on, and publish no other."""
        kid = secrets.token_hex(4)
        made = {"RS256": _rsa, "PS256": _rsa, "ES256": _ec}[self.algorithm](kid)
        self.keys = [made]

    def asked_for(self, path: str) -> int:
        """How often this path was asked for."""
        return sum(1 for asked in self.asked if asked == path)

    def authorize(self, query: dict[str, str]) -> str:
        """The address to which somebody who signs in here is sent back."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer} | self.answers
        return f"{query['redirect_uri']}?{urlencode({name: value for name, value in back.items() if value})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers."""
        query = self.codes.pop(form.get("code", ""), None)
        if authorization != _basic(CLIENT_ID, SECRET):
            return 401, {"error": "invalid_client"}
        if query is None or form.get("redirect_uri") != query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if query["code_challenge_method"] != "S256" or _text(digest) != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self.id_token(query, access)}

    def id_token(self, query: dict[str, str], access: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": query["client_id"],
            "exp": now + 300,
            "iat": now,
            "nonce": query["nonce"],
            "email": self.email,
            "at_hash": _text(hashlib.sha256(access.encode()).digest()[:16]),
        }
        self.spoil(claims)
        if self.sign is not None:
            return self.sign(claims)
        (key,) = self.keys
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, claims, key, algorithms=[self.algorithm])

    def described(self) -> dict[str, Any]:
        here = f"http://127.0.0.1:{self.port}"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            "authorization_response_iss_parameter_supported": True,
        } | self.metadata

    def published(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


def unsigned(claims: dict[str, Any]) -> str:
    """With the algorithm `none`."""
    head, body = (_text(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
    return f"{head}.{body}."


def with_shared_key(provider: Provider) -> Callable[[dict[str, Any]], str]:
    """Signed by HS256 with what everybody knows: the provider's public key."""

    def sign(claims: dict[str, Any]) -> str:
        (key,) = provider.keys
        head = {"alg": "HS256", "kid": key.kid}
        signed = ".".join(_text(json.dumps(part).encode()) for part in (head, claims))
        digest = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_text(digest)}"

    return sign


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider, for as long as the block lasts."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path in provider.on_path:
                provider.on_path[parts.path](self)
                return
            query = _one_each(parts.query)
            if parts.path == "/of/contoso/.well-known/openid-configuration":
                say(self, 200, provider.described())
            elif parts.path == "/jwks":
                say(self, 200, provider.published())
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            elif parts.path == "/token":
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                say(self, *provider.token(_one_each(body.decode()), self.headers.get("Authorization", "")))
            else:
                say(self, 404, {})

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def say(handler: BaseHTTPRequestHandler, status: int, said: Any, **headers: str) -> None:
    """Answer with this JSON."""
    body = json.dumps(said).encode()
    handler.send_response(status)
    for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(body))} | headers).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _one_each(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


def _basic(client_id: str, secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _rsa(kid: str) -> RSAKey:
    private = a_private_key(200 + next(_numbers) % 2)  # two take turns: making one takes long
    return RSAKey.import_key(private, {"kid": kid, "use": "sig"})


def _ec(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"}, private=True)
