"""The portal as somebody runs it: Granian in a process of its own, by itself on a SQLite file with the demo world."""

import http.client
import os
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from tests import sqlite

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 60, 10, 0.05
OPTIONS = "--interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 4 --log-level warning"
SIGN_IN_LINE = re.compile(r"^ +(\S+@\S+) +(\S+)", re.MULTILINE)
DEMO = ("flask", "--app", "wsgi", "portal", "demo")


@dataclass(frozen=True)
class Served:
    """A running portal. `settings` is its environment, `said` what was printed when its database was filled.

    `origin` is where people find it, `port` where the server itself listens.
    """

    origin: str
    settings: dict[str, str]
    said: str
    folder: Path
    port: int

    @cached_property
    def passwords(self) -> dict[str, str]:
        """Those of the demo's people by e-mail address, and of whoever joins in a story."""
        return dict(SIGN_IN_LINE.findall(self.said))

    @property
    def database(self) -> Path:
        return self.folder / "demo.sqlite3"

    @property
    def log(self) -> str:
        """What the server has said until now."""
        return (self.folder / "server.log").read_text(encoding="utf-8")

    def keep(self) -> None:
        """From now on `restore` brings back what the database holds at this moment."""
        sqlite.copy(self.database, self._kept)

    def restore(self) -> None:
        """The database as it was kept, while the portal runs on."""
        sqlite.copy(self._kept, self.database)

    def refresh_sign_ins(self) -> None:
        """Let nobody be asked who they are for having signed in long ago: the stories take longer than ten minutes."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
            connection.execute("UPDATE sessions SET reauthenticated_at = ?, last_seen_at = ?", (now, now))

    def run(self, module: str, *words: str) -> str:
        """What a Python module prints that runs with this portal's settings."""
        return _run(self.settings, module, *words)

    @property
    def _kept(self) -> Path:
        return self.folder / "kept.sqlite3"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def served(folder: Path, filling: tuple[str, ...] = DEMO, **others: str) -> Iterator[Served]:
    """A new portal, its data in `folder`, until the block ends.

    filling: the Python module, and its words, that puts a world into the database. others: settings that differ.
    """
    port = free_port()
    settings = _settings(folder, port) | others
    _run(settings, "flask", "--app", "wsgi", "db", "upgrade")
    said = _run(settings, *filling)
    with (folder / "server.log").open("wb") as log:
        server = _start(settings, port, log.fileno())
        try:
            _wait_until_it_answers(server, port, folder)
            yield Served(settings["EXTERNAL_BASE_URL"], settings, said, folder, port)
        finally:
            _end(server)


def _settings(folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "FLASK_"))}
    made = {name: b64encode(secrets.token_bytes(32)).decode() for name in ("SECRET_KEY", "KEK", "PASSWORD_PEPPER")}
    demo = {
        "PORTAL_MODE": "demo",
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "EXTERNAL_BASE_URL": f"http://localhost:{port}",
        "MIGRATION_DATABASE_URL": "",
        "MAIL_BACKEND": "mailbox",
        "DATA_FOLDER": str(folder),
        "PYTHONUNBUFFERED": "1",
    }
    return kept | made | demo


def _run(settings: dict[str, str], module: str, *words: str) -> str:
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{module} {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def _start(settings: dict[str, str], port: int, log: int) -> subprocess.Popen[bytes]:
    # The kernel ends the server when the tests are killed.
    front = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    command = [*front, sys.executable, "-m", "granian", *OPTIONS.split(), "--port", str(port), "wsgi:app"]
    return subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=subprocess.STDOUT)


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.request("GET", "/sign-in", headers={"Host": f"localhost:{port}"})
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
        except OSError:
            pass
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the portal did not start: {(folder / 'server.log').read_text(encoding='utf-8')}")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
