"""Asks the gateway's door as a gateway or a service does."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from werkzeug.test import EnvironBuilder, run_wsgi_app

from portal.access.actor import Actor
from portal.contracts.models import Service
from portal.credentials import operations as credentials
from portal.foundation.database import db
from portal.gateway.door import Door
from tests.connector.shop import Shop

SERVICE = "live-search"


def a_credential(admin: Actor, service: str | None = None, **others: Any) -> str:
    """A new service credential, in the caller's transaction; for every service where none is named."""
    found = None if service is None else db.session.get_one(Service, service)
    return credentials.issue(admin, f"For {service or 'all'}", found, **others).token


@dataclass(frozen=True)
class Told:
    """An answer: its status, its headers in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def reason(self) -> str | None:
        return self.headers.get("x-portal-reason")

    @property
    def sentence(self) -> str:
        return unquote(self.headers.get("x-portal-sentence", ""))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    """One process's door; `credential` is what it is asked with."""

    door: Door
    credential: str = ""

    def look(self) -> "Gateway":
        """As after its next look at the database."""
        self.door.follower.look()
        return self

    def check(
        self, shop: Shop | None = None, service: str | None = SERVICE, space: str | None = None, **headers: str | None
    ) -> Told:
        """What `GET /gateway/check` says of a call by this shop; headers may be changed, or left out as None."""
        sent: dict[str, str | None] = dict(shop.headers()) if shop is not None else {}
        sent |= {"Magento-Environment-Id": space}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path = "/gateway/check" + (f"/{service}" if service else "")
        return self.ask("GET", path, {name: value for name, value in sent.items() if value is not None})

    def decide(self, content: Any, **headers: str) -> Told:
        """What `POST /gateway/decisions` says."""
        octets = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/gateway/decisions", {"Content-Type": "application/json"} | named, octets)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, octets: bytes = b"") -> Told:
        """The answer to any request."""
        environ = self.environ(method, path, headers or {}, octets)
        body, status, answered = run_wsgi_app(self.door, environ, buffered=True)
        named = {name.lower(): value for name, value in answered.items()}
        return Told(int(status[:3]), named, b"".join(body))

    def environ(self, method: str, path: str, headers: dict[str, str], octets: bytes = b"") -> dict[str, Any]:
        """The request as a server hands it over, from elsewhere."""
        own = {"X-Portal-Credential": self.credential} if self.credential else {}
        builder = EnvironBuilder(path, method=method, headers=own | headers, data=octets)
        return builder.get_environ() | {"REMOTE_ADDR": "192.0.2.7"}
