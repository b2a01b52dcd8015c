"""The configurations know every header that the door reads or writes; a new one belongs into each of them."""

import re
from pathlib import Path

import pytest

import portal.gateway
from portal.credentials import showing
from tests.gateway.real.programs import FILES, PROGRAMS

pytestmark = pytest.mark.no_database

CHECK = FILES.parents[1] / "script" / "check.py"
ROOM = Path(portal.gateway.__file__).parent
PATHS = [*sorted(ROOM.glob("*.py")), Path(showing.__file__)]
SOURCES = "".join(path.read_text(encoding="utf-8") for path in PATHS)
WRITTEN = set(re.findall(r"\"(X-Portal-[A-Za-z-]+)\"", SOURCES))
READ = {"X-Portal-" + name.replace("_", "-").title() for name in re.findall(r"\"HTTP_X_PORTAL_([A-Z_]+)\"", SOURCES)}
FOR_SHOPS = {"X-Portal-Reason", "X-Portal-Sentence", "X-Portal-Mend"}
FOR_SERVICES = WRITTEN - FOR_SHOPS - {"X-Portal-Worker"}  # that one is for whoever looks after the portal


def has(file: str, header: str) -> bool:
    return re.search(rf"(?i)(?<![\w-]){header}(?![\w-])", (FILES / file).read_text(encoding="utf-8")) is not None


def test_the_door_has_the_headers_that_are_looked_for():
    assert {"X-Portal-Account", "X-Portal-Delegation"} <= FOR_SERVICES
    assert {"X-Portal-Credential", "X-Portal-Client-Address"} <= READ


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile", "portal.lua", "traefik.yml"])
@pytest.mark.parametrize("header", sorted(FOR_SERVICES))
def test_what_the_door_says_of_a_caller_goes_on_to_the_service(file: str, header: str):
    assert has(file, header)


# The others take away all that begins so.
@pytest.mark.parametrize("file", ["nginx.conf", "traefik.yml"])
@pytest.mark.parametrize("header", sorted(WRITTEN | READ))
def test_what_only_the_door_may_say_is_taken_from_the_shop(file: str, header: str):
    assert has(file, header)


@pytest.mark.parametrize("file", sorted(path.name for path in FILES.iterdir()))
def test_the_documentation_names_each_file(file: str):
    assert f"(gateways/{file})" in (FILES.parent / "gateways.md").read_text(encoding="utf-8")


def test_the_script_that_runs_the_tests_has_each_program_installed():
    (servers,) = re.findall(r"^SERVERS = \((.+)\)$", CHECK.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(PROGRAMS) <= set(re.findall(r"\w+", servers))
