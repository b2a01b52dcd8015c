"""A script with a token, for tests of the calls."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from portal.access.actor import Actor
from portal.access.roles import Scope, scopes_within
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tokens import operations as tokens
from tests.conftest import PortalClient
from tests.factories import tenant_of


@dataclass(frozen=True)
class Script:
    """Calls the API as `bearer`; paths begin behind the account id."""

    app: Flask
    bearer: str
    account: str

    def get(self, path: str, **query: str) -> TestResponse:
        """The answer to a read."""
        return self._open("GET", path, query_string=query)

    def post(self, path: str, body: dict[str, Any] | None = None, *, version: int | None = None, key: str = "") -> Any:
        """The answer to a write. version: for `If-Match`; key: for `Idempotency-Key`."""
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        headers |= {"Idempotency-Key": key} if key else {}
        return self._open("POST", path, json=body or {}, headers=headers)

    def _open(self, method: str, path: str, headers: dict[str, str] | None = None, **sent: Any) -> TestResponse:
        client = PortalClient(self.app, self.app.response_class, use_cookies=False)
        where = f"/api/v1/{self.account}/{path}".rstrip("/")
        named = {"Authorization": f"Bearer {self.bearer}"} | (headers or {})
        return client.open(where, method=method, headers=named, **sent)


def a_script(app: Flask, actor: Actor, *scopes: Scope, account: str = "") -> Script:
    """A script of this member: a token of these scopes, or of all that its role has; at home, or in that account."""
    wanted = frozenset(scopes) or scopes_within(actor.permissions)
    with transaction():
        issued = tokens.issue(actor, name="A script", scopes=wanted, ends_at=clock.now() + timedelta(days=30))
        secret = issued.secret
    return Script(app, secret, account or tenant_of(actor).account_id)
