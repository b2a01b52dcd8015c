"""A shop with the connector, written from the facts (connector-protocol): it pings before each call, sends the key in
both headers, signs the same constant claims each time, and reads the body before the status."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PING = "/merchant-registry/v1/ping"
REGISTRY = "/merchant-registry/v1/registry"
USER_AGENT = "Magento Services Connector (Magento: Community 2.4.8-p1)"
HEADER = {"typ": "JWT", "alg": "RS256"}
CLAIMS = {
    "iss": "shop.example.com",
    "sub": "shop",
    "aud": "https://ims.example.com/c/magento",
    "https://ims.example.com/s/ent_magento": True,
    "https://ims.example.com/s/ent_sdk": True,
    "https://ims.example.com/s/ent_services": True,
    "https://ims.example.com/s/ent_search": True,
}
LIFETIME_SECONDS = 300

Content = dict[str, Any]
Sent = tuple[int, dict[str, str], bytes]
Send = Callable[[str, str, dict[str, str], bytes], Sent]


class KeysNotValid(Exception):
    """What the shop's admin is told when the ping was not answered with exactly 200."""


class Refused(Exception):
    """The sentence that the shop's admin is shown."""

    def __init__(self, message: str, body: Content) -> None:
        super().__init__(message)
        self.message, self.body = message, body


class NotUnderstood(Exception):
    """An answer that is no JSON object: the client shows a broken page."""


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def as_part(value: Any) -> str:
    """A part of a token: compact JSON in base64url."""
    return encoded(json.dumps(value, separators=(",", ":")).encode())


def signed(private: rsa.RSAPrivateKey, header: str, claims: str) -> str:
    """A token over these two parts, signed RS256."""
    message = f"{header}.{claims}"
    return f"{message}.{encoded(private.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def a_token(private: rsa.RSAPrivateKey, expires: float | None = None, **header: Any) -> str:
    """The connector's token; ends 300 seconds from now, or at `expires` in Unix seconds."""
    ends = int(time.time()) + LIFETIME_SECONDS if expires is None else expires
    return signed(private, as_part(HEADER | header), as_part({"exp": ends} | CLAIMS))


@dataclass
class Shop:
    """One shop: it sends by `send`, with one pair of keys. `ends_at` tells its clock, in Unix seconds."""

    send: Send
    api_key: str
    private: rsa.RSAPrivateKey
    seconds: Callable[[], float] = time.time
    pinged: int = field(default=0)

    def headers(self) -> dict[str, str]:
        return {
            "magento-api-key": self.api_key,
            "x-api-key": self.api_key,
            "x-gw-signature": a_token(self.private, int(self.seconds()) + LIFETIME_SECONDS),
            "User-Agent": USER_AGENT,
            "Content-Type": "application/json",
        }

    def ping(self) -> None:
        """Nothing, when the keys are valid. Raises: KeysNotValid."""
        self.pinged += 1
        status, _headers, octets = self.send("GET", PING, self.headers(), b"")
        body = _read(octets)
        if status != 200 or body.get("status") != 200 or "message" in body:
            raise KeysNotValid(body.get("message", ""))

    def call(self, method: str, path: str, content: Content | None = None) -> Content:
        """The body of a success. Raises: KeysNotValid, Refused, NotUnderstood."""
        self.ping()
        octets = b"" if content is None else json.dumps(content).encode()
        _status, _headers, answered = self.send(method, REGISTRY + path, self.headers(), octets)
        body = _read(answered)
        if "message" in body or body.get("status", 200) != 200:
            raise Refused(body.get("message", ""), body)
        return body

    def rows(self) -> list[Content]:
        return self.call("GET", "")["results"]

    def rows_of(self, project_id: str) -> list[Content]:
        return self.call("GET", f"/projects/{project_id}")["results"]

    def row(self, environment_id: str) -> Content:
        return self.call("GET", f"/environments/{environment_id}")

    def create(self, name: Any) -> list[Content]:
        return self.call("POST", "/initialize", {"projectName": name})["results"]

    def rename_project(self, project_id: str, name: Any) -> list[Content]:
        return self.call("PATCH", f"/projects/{project_id}", {"projectName": name})["results"]

    def rename_data_space(self, environment_id: str, name: Any) -> Content:
        return self.call("PATCH", f"/environments/{environment_id}", {"environmentName": name})

    def say_cloud(self, environment_id: str, cloud_id: str) -> Content:
        return self.call("PUT", f"/environments/{environment_id}/cloudid/{cloud_id}")

    def switch_on(self, environment_id: str, feature: str) -> Content:
        return self.call("PUT", f"/environments/{environment_id}/feature/{feature}")

    def clean_up(self, environment_id: str, name: Any) -> Content:
        return self.call("POST", f"/environments/{environment_id}/cleanup", {"environmentName": name})


def _read(octets: bytes) -> Content:
    try:
        body = json.loads(octets)
    except ValueError as error:
        raise NotUnderstood(octets[:200]) from error
    if not isinstance(body, dict):
        raise NotUnderstood(octets[:200])
    return body
