"""`portal-key check` as its users run it: a process of its own, which loads nothing of the server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.verifier.pasting import PASTES, pem

pytestmark = pytest.mark.no_database

API_KEY = "0123456789abcdef0123456789abcdef"
COMMAND = (sys.executable, "-m", "portal.cli.holding", "check")


def check(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, str(file), *words], capture_output=True, text=True, timeout=60)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "private-key.pem"
    file.write_text(pem())
    return file


@contextmanager
def a_server(status: int, body: bytes, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[dict]]]:
    """Something at an address that answers each call so; and the headers of the calls that came."""
    calls: list[dict] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(dict(self.headers) | {"path": self.path})
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", calls
        server.shutdown()
        thread.join()


def test_a_private_key_that_a_shop_can_read_is_fine(file: Path):
    result = check(file)

    assert (result.returncode, result.stdout) == (0, "A shop can read this private key.\n")


@pytest.mark.parametrize("name", ["in one line", "indented", "without BEGIN", "the public key", "cut off"])
def test_s12_what_a_shop_would_stumble_over_is_said_with_its_cure(name: str, file: Path):
    paste, findings, _is_a_key = PASTES[name]
    file.write_text(paste())

    result = check(file, "--json")

    assert result.returncode == 1
    assert json.loads(result.stdout)["findings"] == findings


def test_a_mended_key_is_saved_for_its_holder_only_and_over_nothing(file: Path, tmp_path: Path):
    file.write_text(pem().replace("\n", " "))
    mended = tmp_path / "mended.pem"

    first, second = check(file, "--write", str(mended)), check(file, "--write", str(mended))

    assert mended.read_text() == pem()
    assert mended.stat().st_mode & 0o777 == 0o600
    assert "The mended key is in" in first.stdout
    assert "exists already; nothing was written" in second.stderr


def test_the_portal_is_asked_as_a_shop_asks_it(file: Path):
    with a_server(200, b'{"status": 200}') as (url, calls):
        result = check(file, "--api-key", API_KEY, "--portal", url)

    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "The portal accepts the pair.")
    sent = {name.lower(): value for name, value in calls[0].items()}
    assert sent["path"] == "/merchant-registry/v1/ping"
    assert sent["magento-api-key"] == sent["x-api-key"] == API_KEY
    assert sent["x-gw-signature"].count(".") == 2
    assert not any("PRIVATE" in value for value in sent.values())


@pytest.mark.parametrize(
    ("message", "cure"),
    [
        ("Client ID is invalid", "It knows no key pair in service with this API key"),
        ("JWT is invalid", "Often it is the one of the other environment: try the other file."),
    ],
)
def test_s12_the_portals_refusal_is_told_with_its_cure(file: Path, message: str, cure: str):
    with a_server(403, json.dumps({"status": 403, "message": message}).encode()) as (url, _calls):
        result = check(file, "--api-key", API_KEY, "--portal", url)

    assert result.returncode == 1
    assert f"The portal: {message}\n" in result.stdout
    assert cure in result.stdout


def test_an_address_that_leads_elsewhere_gets_no_second_call(file: Path):
    with a_server(200, b"{}") as (other, others), a_server(302, b"", {"Location": other}) as (url, _calls):
        result = check(file, "--api-key", API_KEY, "--portal", url)

    assert result.returncode == 3
    assert others == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "cannot be reached"),
        ("ftp://portal.example", "is no web address"),
        ("portal.example", "is no web address"),
        ("http://", "cannot be reached"),
    ],
)
def test_a_portal_that_cannot_be_asked_is_said(url: str, reason: str, file: Path):
    result = check(file, "--api-key", API_KEY, "--portal", url)

    assert result.returncode == 3
    assert reason in result.stdout


def test_what_is_no_portal_is_said(file: Path):
    with a_server(200, b"<html>welcome</html>") as (url, _calls):
        result = check(file, "--api-key", API_KEY, "--portal", url)

    assert result.returncode == 3
    assert "is not the portal" in result.stdout


def test_the_command_loads_nothing_of_the_server():
    names = "import portal.cli.holding, sys; print([one for one in ('flask', 'sqlalchemy') if one in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True)

    assert loaded.stdout == "[]\n"
