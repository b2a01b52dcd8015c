"""The portal of the test on a port of its own, in threads, for commands that run as processes; and what goes wrong."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context
from threading import Event, Thread
from typing import Any, NoReturn

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

PROOF = "/api/v1/keys/making/proof"


class Line:
    """The way between command and portal. `lost` answers to `path` never arrive, though the portal acted; `held`
    calls to it do not arrive themselves. The connection breaks with them, after `silence` seconds.
    """

    def __init__(self, app: Flask) -> None:
        self.app, self.path, self.lost, self.asked = app, PROOF, 0, []
        self.held, self.silence, self.reached = False, 0.0, Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == self.path and self.held:
            self.reached.set()
            self._break()  # before the portal heard of it
        answer = Context().run(self.app, environ, start_response)
        if environ["PATH_INFO"] == self.path and self.lost:
            self.lost -= 1
            list(answer)
            self._break()
        return answer

    def _break(self) -> NoReturn:
        time.sleep(self.silence)
        raise ConnectionResetError


class Quiet(WSGIRequestHandler):
    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        # Werkzeug would wait for the next call, and the command for an answer, until its patience ends.
        self.close_connection = True

    def log(self, *_words: object) -> None:
        pass


@contextmanager
def served(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Line]]:
    """The address of the portal, which calls itself so, and the line to it; until the block ends."""
    line = Line(app)
    server = make_server("127.0.0.1", 0, line, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    url = f"http://localhost:{server.server_port}"
    monkeypatch.setitem(app.config, "PORTAL", app.config["PORTAL"].model_copy(update={"external_base_url": url}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url, line
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
