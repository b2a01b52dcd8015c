"""The worker's tasks, noticed, and a small server that says so on this machine."""

import time
from collections.abc import Callable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from portal.foundation import metrics, tracing
from portal.watching.door import Door, Surroundings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADDRESS = "127.0.0.1"
PATIENCE_SECONDS = 5


def noticed(name: str, run: Callable[[], int]) -> int:
    """What `run` says it dealt with. Raises: what it raises."""
    began, outcome = time.perf_counter(), "failed"
    try:
        with tracing.span(f"worker {name}", **{"portal.task": name}):
            done = run()
        outcome = "done"
    finally:
        metrics.tasks.labels(name, outcome).inc()
        metrics.task_seconds.labels(name).observe(time.perf_counter() - began)
    metrics.tasks_done.labels(name).inc(done)
    metrics.task_worked_at.labels(name).set_to_current_time()
    return done


def serve(port: int, surroundings: Surroundings) -> WSGIServer:
    """Answer /metrics at this port of this machine, by a thread, until the process ends. Raises: OSError."""
    door = Door(_nothing_else, surroundings, takes_ids=False)
    server = make_server(ADDRESS, port, door, server_class=_Server, handler_class=_Quiet)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = PATIENCE_SECONDS  # for whoever connects and says nothing

    def log_message(self, *_words: Any) -> None:
        """Nothing: the door has its own line in the log."""


def _nothing_else(_environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []
