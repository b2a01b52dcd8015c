"""Gateways to be probed: real workers on the test's database, and servers that only claim to be some."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = "--interface wsgi --host 127.0.0.1 --workers 2 --blocking-threads 4 --log-level warning"
READY_SECONDS = 60
Says = Callable[[str], tuple[int, dict[str, str]]]


@contextmanager
def workers(app: Flask, **others: str) -> Iterator[str]:
    """Two workers of `wsgi:gateway` on the database of `app`, ready; their address. `others` are further settings."""
    settings = app.config["PORTAL"]
    known = {
        "PORTAL_MODE": "production",
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "SECRET_KEY": settings.secret_key,
        "KEK": settings.kek,
        "PASSWORD_PEPPER": settings.password_pepper,
        "EXTERNAL_BASE_URL": "https://portal.example.com",
        "MAIL_FROM": settings.mail_from,
        "DATA_FOLDER": str(settings.data_folder),
    }
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", *OPTIONS.split(), "--port", str(port), "wsgi:gateway"]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | known | others)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_until_ready(url: str) -> None:
    """Return when twenty answers in a row say that what decides is loaded: then both workers were asked."""
    deadline, in_a_row = time.monotonic() + READY_SECONDS, 0
    while in_a_row < 20:
        try:
            with urlopen(f"{url}/gateway/ready", timeout=10):  # noqa: S310 - our own address
                in_a_row += 1
        except (URLError, HTTPException, OSError):
            in_a_row = 0
            assert time.monotonic() < deadline, "the gateway did not become ready"
            time.sleep(0.1)


@contextmanager
def server_that(says: Says) -> Iterator[str]:
    """A server that answers each credential as `says` does, with a status and headers; its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers = says(self.headers.get("X-Portal-Credential", ""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
