"""Calls of scripts: JSON in and out, no cookie, no token of a form."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from portal.access.actor import Actor
from tests.conftest import PortalClient
from tests.factories import a_licensee

Call = Callable[..., TestResponse]


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def call(client: PortalClient) -> Call:
    """Posts these members to a path below /api/v1/."""

    def post(path: str, network: str = "192.0.2.7", **content: Any) -> TestResponse:
        return client.open(f"/api/v1/{path}", method="POST", json=content, environ_overrides={"REMOTE_ADDR": network})

    return post
