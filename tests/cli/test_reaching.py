"""Every command that needs the portal says the same when it cannot be reached, or when something stands between."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder.envelope_keys import PKCS8
from tests.cli.test_holder import command, report
from tests.cli.test_holding import a_server
from tests.factories import a_private_key, pem_of

pytestmark = [pytest.mark.no_database, pytest.mark.usefixtures("files")]

COMMANDS = {
    "new": ("keys/making",),
    "rotate": ("keys/making", "--key", "key.pem"),
    "enroll": ("hand-offs/enrolling",),
    "seal": ("hand-offs/sealing", "--key", "key.pem"),
    "open": ("hand-offs/opening", "--envelope-key", "envelope-key.pem"),
}
each_command = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
def files(here: Path) -> None:
    (here / "key.pem").write_text(pem_of(a_private_key(720)))
    (here / "envelope-key.pem").write_bytes(X25519PrivateKey.generate().private_bytes(*PKCS8))


@contextmanager
def a_distrusted_server() -> Iterator[str]:
    """Something that speaks TLS with a certificate of its own making."""
    making = "openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.pem -days 2 -subj /CN=localhost"
    subprocess.run([*making.split(), "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("tls.pem", "tls.key")
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.handle_error = lambda *_words: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@each_command
def test_a_proxy_of_the_environment_is_used(name: str, monkeypatch: pytest.MonkeyPatch):
    path, *words = COMMANDS[name]
    problem = json.dumps({"code": "code_refused", "detail": "No."}).encode()
    with a_server(403, problem) as (proxy, calls):
        monkeypatch.setenv("http_proxy", proxy)
        ended = command(name, "--portal", "http://portal.example", "1", *words)

    assert (ended.returncode, ended.stderr) == (1, "Error: No.\n")
    assert calls[0]["path"] == f"http://portal.example/api/v1/{path}"


@each_command
def test_a_certificate_that_nobody_trusts_is_explained(name: str):
    with a_distrusted_server() as url:
        ended = command(name, "--portal", url, "1", *COMMANDS[name][1:])

    assert ended.returncode == 3
    assert "does not trust" in ended.stderr
    assert "SSL_CERT_FILE" in ended.stderr


@each_command
def test_a_host_that_is_not_there_is_another_end_than_a_refusal(name: str, here: Path):
    before = sorted(here.iterdir())

    ended = command(name, "--portal", "https://portal.invalid", "1", *COMMANDS[name][1:], "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (3, "unreachable")
    assert sorted(here.iterdir()) == before


@each_command
def test_a_command_that_is_typed_wrong_ends_with_2(name: str):
    assert command(name, "1").returncode == 2
