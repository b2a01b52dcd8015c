"""A gateway for tests: the door in front of nothing, asked as a server asks it, and shops that call through it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.config import Listener, Questions
from portal.foundation.database import transaction
from portal.gateway.bundles import Offline
from portal.gateway.door import Door, alone
from portal.gateway.following import Following
from portal.usage import writing
from portal.usage.buffer import buffer
from portal.verifier.decision import Policy
from tests.connector.conftest import a_shop, owner, send, shop  # noqa: F401 - fixtures of the shops
from tests.factories import a_vendor
from tests.gateway.asking import Gateway, a_credential

MakeGateway = Callable[..., Gateway]


@pytest.fixture
def a_gateway(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeGateway]:
    """Makes a gateway that has loaded what there is; it looks at the database when it is told to."""
    buffer.begin_anew()
    monkeypatch.setattr(writing.writer, "before", [])  # what other gateways counted is theirs
    made: list[Gateway] = []

    def make(
        listener: Listener = Listener.CREDENTIAL,
        policy: Policy = Policy.REPORT,
        credential: str = "",
        cut_off_seconds: float = 300,
        questions: Questions = Questions.ALL,
    ) -> Gateway:
        following = Following(policy, 0.5, cut_off_seconds)
        door = Door(alone, following, listener, app.app_context, Offline("http://localhost"), questions)
        door.follower.begin = lambda: None  # type: ignore[method-assign]
        door.follower.look()
        made.append(Gateway(door, credential))
        return made[-1]

    yield make
    for gateway in made:
        gateway.door.tally.begin_anew()
    buffer.begin_anew()


@pytest.fixture
def admin() -> Actor:
    """A partner admin of the vendor."""
    return a_vendor()


@pytest.fixture
def gateway(a_gateway: MakeGateway, admin: Actor) -> Gateway:
    """A gateway asked with a credential for every service."""
    with transaction():
        credential = a_credential(admin)
    return a_gateway(credential=credential)
