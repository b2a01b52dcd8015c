"""Two processes of the portal on the database of the tests, as somebody runs it."""

import http.client
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from portal.config import Settings
from tests.gateway.real.doors import environment
from tests.gateway.real.programs import POLL_SECONDS, READY_SECONDS, end, free_port

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = "--interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 2 --log-level warning"


@dataclass(frozen=True)
class Worker:
    """One process, by its port."""

    port: int

    def get(self, path: str, *, cookie: str = "", bearer: str = "") -> int:
        """The status of the answer to one request over a connection of its own."""
        return self._ask("GET", path, cookie, bearer)

    def post(self, path: str, form: str, *, cookie: str) -> int:
        return self._ask("POST", path, cookie, "", form)

    def _ask(self, method: str, path: str, cookie: str, bearer: str, body: str | None = None) -> int:
        headers = {"Host": "localhost"}
        headers |= {"Cookie": f"sid={cookie}"} if cookie else {}
        headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            return connection.getresponse().status


@pytest.fixture(scope="session")
def workers(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Worker]]:
    """Both of them, ready."""
    folder = tmp_path_factory.mktemp("workers")
    with ExitStack() as stack:
        yield [stack.enter_context(_a_worker(app.config["PORTAL"], folder)) for _number in range(2)]


@contextmanager
def _a_worker(settings: Settings, folder: Path) -> Iterator[Worker]:
    port = free_port()
    front = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    command = [*front, sys.executable, "-m", "granian", *OPTIONS.split(), "--port", str(port), "wsgi:app"]
    output = folder / f"{port}.log"
    with output.open("wb") as log:
        settled = environment(settings, folder, "report")
        process = subprocess.Popen(command, cwd=ROOT, env=settled, stdout=log, stderr=subprocess.STDOUT)
    try:
        worker = Worker(port)
        _wait_until_it_answers(process, worker, output)
        yield worker
    finally:
        end(process)


def _wait_until_it_answers(process: subprocess.Popen[bytes], worker: Worker, output: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if worker.get("/sign-in") == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the worker does not answer: {output.read_text(errors='replace')[-4000:]}")
