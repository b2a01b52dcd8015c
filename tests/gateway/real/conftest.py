"""Gateways in front of the real door, with real services behind them; each test runs for each of the programs."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.gateway.real import behind
from tests.gateway.real.behind import Server
from tests.gateway.real.doors import a_door
from tests.gateway.real.programs import PROGRAMS, Gateway, Run, running
from tests.gateway.real.world import World, a_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Accounts and keys in every state."""
    with a_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="session")
def door(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the portal's gateway door."""
    with a_door(world.settings, tmp_path_factory.mktemp("door"), "report") as port:
        yield port


@pytest.fixture(scope="session")
def strict_door(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of one that refuses keys of the other side."""
    with a_door(world.settings, tmp_path_factory.mktemp("strict"), "matched") as port:
        yield port


@pytest.fixture(scope="session")
def all_services() -> Iterator[Server]:
    with behind.services() as services:
        yield services


@pytest.fixture
def services(all_services: Server) -> Server:
    """What stands behind the gateway; nothing has arrived there yet."""
    all_services.arrived.clear()
    return all_services


@pytest.fixture(scope="session", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def gateway(
    program: str, world: World, door: int, all_services: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that asks the door."""
    folder = tmp_path_factory.mktemp(program)
    with running(
        program, folder, portal=door, services=all_services.server_port, credential=world.credential
    ) as gateway:
        yield gateway


@pytest.fixture
def run(program: str, all_services: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs another gateway, which asks at the port `portal`; the services may be at another port too."""
    with ExitStack() as stack:

        def start(portal: int, credential: str = "psc_of-nobody", services: int = all_services.server_port) -> Gateway:
            folder = tmp_path_factory.mktemp(program)
            gateway = running(program, folder, portal=portal, services=services, credential=credential)
            return stack.enter_context(gateway)

        yield start
