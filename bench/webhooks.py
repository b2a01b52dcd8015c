"""How many webhooks a worker delivers in a second, in which order, and what is left when workers are killed.

    .venv/bin/python -m bench.webhooks                     2000 messages, on a SQLite file in a temporary folder
    .venv/bin/python -m bench.webhooks --kills 200         workers killed 200 times, a receiver that fails 30 %
    .venv/bin/python -m bench.webhooks --url URL [--migration-url URL]      an empty PostgreSQL database

The receiver is a process of its own and keeps what it took; so is the worker, `flask worker`, as a service starts it.
What happens are request codes of several tenants (`--subjects`), so that order matters. In the end what was taken is
held against the audit events: every one of them must have been taken, those of one subject in order, and one that came
twice under one id. Ends with 1 else.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any

from flask import Flask
from sqlalchemy import func

from bench import accounts
from bench.serving import environment, free_port
from portal.access.actor import Actor, system_actor
from portal.access.rows import Reader, across_tenants
from portal.app import create_app
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tenants import operations as tenants
from portal.webhooks import operations, store
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal.webhooks.states import DeliveryState

CODE_MADE = "tenant.request_code_made"
LEAST_PER_SECOND = 200
FAILS = 0.3
PAUSE_SECONDS = (0.0, 1.5)  # before each kill, once something was taken since the last one
LONGEST_SECONDS = 3600


@dataclass(frozen=True)
class Taken:
    """One message as the receiver took it: its id, whose it is, and its number in the tenant's chain."""

    message: str
    account: str
    number: int
    accepted: bool


def main() -> int:
    """Fill, receive, deliver, compare, print."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as temporary, receiver(FAILS if wish.kills else 0.0, Path(temporary)) as port:
        settings = environment(wish.url or f"sqlite:///{temporary}/bench.sqlite3", free_port(), temporary)
        settings |= {"WEBHOOK_RECEIVERS": "loopback", "PORTAL_MODE": "demo"}  # who may call this machine
        settings |= {"MIGRATION_DATABASE_URL": wish.migration_url} if wish.migration_url else {}
        app = accounts.prepared(settings)
        with app.app_context():
            owners = _owners(wish.subjects, port)
            work = _killed if wish.kills else _measured
            figures = work(wish, app, owners, settings, Path(temporary)) | _compared(Path(temporary))
            db.session.remove()
            db.engine.dispose()
    print(json.dumps(figures) if wish.json else "\n".join(f"{name:<34}{value:>8}" for name, value in figures.items()))
    return int(any(figures[name] for name in ("lost", "out of order", "unknown")) or figures.get("too slow", 0))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--subjects", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2, help="how many at once while they are killed")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--url", help="URL of an empty PostgreSQL database")
    parser.add_argument("--migration-url", help="the same for a role that may create tables, where the first may not")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def receiver(fails: float, folder: Path) -> Iterator[int]:
    """The port of a receiver in a process of its own, which refuses such a part of what it gets, and writes it down."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_receive, args=(theirs, fails, folder / "taken.jsonl"), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _receive(pipe: Any, fails: float, file: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    pipe.send(listening.getsockname()[1])
    with file.open("a", buffering=1) as log:
        while True:
            stream, _address = listening.accept()
            Thread(target=_take, args=(stream, fails, log), daemon=True).start()


def _take(stream: socket.socket, fails: float, log: Any) -> None:
    # A sender that was killed meanwhile is no matter of the receiver's.
    with suppress(OSError), stream:
        octets = b""
        while b"\r\n\r\n" not in octets:
            octets += stream.recv(65536) or _gone()
        head, _end, body = octets.partition(b"\r\n\r\n")
        names = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
        while len(body) < int(names["content-length"]):
            body += stream.recv(65536) or _gone()
        accepted, data = random.random() >= fails, json.loads(body)["data"]  # noqa: S311
        line = [data["id"], data["account"], data["number"], accepted, names["webhook-id"]]
        log.write(json.dumps(line) + "\n")
        status = b"200 OK" if accepted else b"503 Busy"
        stream.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def _gone() -> bytes:
    raise ConnectionError


def portal() -> Flask:
    """The portal for the worker: on any database, and though it may call this machine."""
    return create_app(Settings())  # type: ignore[call-arg]


def _owners(count: int, port: int) -> list[Actor]:
    """So many tenants with an endpoint each, as their actors."""
    found, opener = [], system_actor("bench")
    for number in range(count):
        with transaction():
            tenant = tenants.create(opener, f"Tenant {number}")
        owner = system_actor("bench", tenant.id)
        with transaction():
            operations.add(owner, f"http://127.0.0.1:{port}/hook", "Receiver", [CODE_MADE])
        found.append(owner)
    return found


def _happen(owners: list[Actor], messages: int) -> None:
    for number in range(messages):
        with transaction():
            tenants.make_request_code(owners[number % len(owners)])


@contextmanager
def _worker(settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = _started(settings)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _started(settings: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flask", "--app", "bench.webhooks:portal", "worker"]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, env=os.environ | settings, stdout=nowhere, stderr=nowhere)  # noqa: S603


def _measured(
    wish: argparse.Namespace, _app: Flask, owners: list[Actor], settings: dict[str, str], folder: Path
) -> dict[str, Any]:
    """Let it all wait, then count the seconds from the first message that was taken to the last one settled."""
    _happen(owners, wish.messages)
    file = folder / "taken.jsonl"
    with _worker(settings):
        while not file.stat().st_size:
            time.sleep(0.01)
        began = time.monotonic()
        _until_settled(wish.messages)
        seconds = time.monotonic() - began
    rate = wish.messages / seconds
    return {
        "database": db.engine.dialect.name,
        "messages": wish.messages,
        "seconds": round(seconds, 2),
        "per second": round(rate),
        "too slow": int(rate < LEAST_PER_SECOND),
    }


def _killed(
    wish: argparse.Namespace, app: Flask, owners: list[Actor], settings: dict[str, str], folder: Path
) -> dict[str, Any]:
    """Kill workers while things happen, then let one finish."""
    began, stop, made = time.monotonic(), Event(), []

    def go_on() -> None:
        with app.app_context():
            while not stop.is_set():
                _happen(owners, len(owners))
                made.append(len(owners))
                stop.wait(2.0)  # so that it can be delivered between two kills, on a busy machine too
            db.session.remove()

    happening = Thread(target=go_on)
    happening.start()
    workers = [_started(settings) for _ in range(wish.workers)]
    for number in range(wish.kills):
        victim = number % len(workers)
        _until_more_is_taken(folder / "taken.jsonl")
        time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = _started(settings)
    stop.set()
    happening.join()
    _hurry()
    _until_settled(sum(made), hurry=True)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        worker.wait()
    return {"kills": wish.kills, "messages": sum(made), "seconds": round(time.monotonic() - began)}


def _until_more_is_taken(file: Path) -> None:
    size, until = file.stat().st_size, time.monotonic() + 15
    while file.stat().st_size == size and time.monotonic() < until:
        time.sleep(0.02)


def _hurry() -> None:
    """What waits for its next attempt waits no longer, and what was claimed by the dead is free."""
    with transaction():
        for endpoint in db.session.scalars(across_tenants(WebhookEndpoint, reason=Reader.UPKEEP)).all():
            store.let_go(endpoint, clock.now())


def _until_settled(messages: int, *, hurry: bool = False) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        db.session.rollback()
        if _delivered() >= messages:
            return
        if hurry:
            _hurry()
        time.sleep(0.5 if hurry else 0.2)
    raise SystemExit("the worker did not finish")


def _delivered() -> int:
    rows = across_tenants(func.count(), reason=Reader.UPKEEP).select_from(WebhookDelivery)
    return db.session.scalar(rows.where(WebhookDelivery.state == DeliveryState.DELIVERED)) or 0


def _compared(folder: Path) -> dict[str, int]:
    """What was taken beside what happened."""
    lines = [json.loads(line) for line in (folder / "taken.jsonl").read_text().splitlines()]
    taken = [Taken(message, account, number, accepted) for message, account, number, accepted, _id in lines]
    accepted = [one for one in taken if one.accepted]
    db.session.rollback()
    rows = across_tenants(AuditEvent.seq, reason=Reader.UPKEEP).where(AuditEvent.event == CODE_MADE)
    happened = len(db.session.scalars(rows).all())
    ids_of = defaultdict(set)
    for one in taken:
        ids_of[one.account, one.number].add(one.message)
    return {
        "taken": len(taken),
        "taken more than once": len(accepted) - len({one.message for one in accepted}),
        "lost": happened - len({one.message for one in accepted}),
        "out of order": _out_of_order(accepted),
        "unknown": sum(len(found) > 1 for found in ids_of.values()) + sum(line[0] != line[4] for line in lines),
    }


def _out_of_order(accepted: list[Taken]) -> int:
    """How many were taken for the first time after a later one of their subject."""
    newest: dict[str, int] = {}
    seen: set[str] = set()
    wrong = 0
    for one in accepted:
        if one.message not in seen and one.number < newest.get(one.account, 0):
            wrong += 1
        seen.add(one.message)
        newest[one.account] = max(newest.get(one.account, 0), one.number)
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
