"""`flask worker`: delivers mail and lets pass what time has ended. Several may run at once."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from structlog import get_logger

from portal.access.actor import system_actor
from portal.accounts import operations as accounts
from portal.contracts import signers
from portal.delegations import operations as delegations
from portal.foundation import changes, clock
from portal.foundation.database import db, transaction
from portal.gateways import operations as gateways
from portal.handoffs import operations as hand_offs
from portal.impact import digest, reminders, renewal, retiring
from portal.imports import operations as import_operations
from portal.imports import working as imports
from portal.keys import operations as keys
from portal.lookins import operations as look_ins
from portal.outbox import operations as messages
from portal.outbox import worker as outbox
from portal.providers import store as providers
from portal.repeats import operations as repeats
from portal.reviews import upkeep as reviews
from portal.tokens import devices
from portal.usage import reports
from portal.usage import upkeep as uses
from portal.watching import tasks
from portal.web.mail import sender
from portal.webhooks import posting as webhooks
from portal.webhooks.delivering import Deliverer

log = get_logger()

LOOK_SECONDS = 1.0  # a mail leaves at most this much after its transaction
STOPPING = (signal.SIGTERM, signal.SIGINT)


@dataclass
class Task:
    """Something done again and again; `run` says how much there was to do."""

    name: str
    every: timedelta
    run: Callable[[], int]
    due_at: datetime | None = None


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then end; with 1 when something of it failed.")
@with_appcontext
def worker(once: bool) -> None:
    """Deliver mail and webhooks, and end what has run out: unconfirmed and retiring key pairs, unanswered and finished
    delegations. Hand over to contracts that have begun, and make other signers so who have waited.

    Before a key pair stops, and while one is held open past its date, its people are told.
    """
    stop, broken, todo = Event(), Event(), _tasks()
    _serve_figures()
    for number in STOPPING:
        signal.signal(number, lambda *_: stop.set())
    if once:
        if not _round([*todo, Task("webhooks", timedelta(), Deliverer().run_until_done)], stop):
            raise SystemExit(1)
        return
    delivering = _delivering(stop, broken)
    while not stop.is_set():
        _round(todo, stop)
        stop.wait(LOOK_SECONDS)
    delivering.join()  # what is being sent is settled
    if broken.is_set():
        raise SystemExit(1)  # who supervises it starts it again


def _delivering(stop: Event, broken: Event) -> Thread:
    """Delivers webhooks in a thread of its own, so that a receiver that takes its time holds up nothing else.

    Where that ends before it is told to, it sets `broken`, and the worker stops: it would deliver none from then on.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def deliver() -> None:
        try:
            with app.app_context():
                Deliverer().run(stop)
        except BaseException as error:
            log.error("webhooks ended", error=type(error).__name__, exc_info=error)
        finally:
            if not stop.is_set():
                broken.set()
            stop.set()

    thread = Thread(target=deliver, name="webhooks")
    thread.start()
    return thread


def _serve_figures() -> None:
    port = current_app.config["PORTAL"].worker_metrics_port
    if not port:
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        tasks.serve(port, app.app_context)
    except OSError as error:
        raise click.ClickException(f"WORKER_METRICS_PORT={port} cannot be listened on: {error.strerror}.") from error


def _tasks() -> list[Task]:
    send = sender(current_app.config["PORTAL"])
    actor = system_actor("worker")
    return [
        Task("mail", timedelta(seconds=LOOK_SECONDS), lambda: outbox.run_once(send)),
        Task("forgotten passwords", timedelta(seconds=LOOK_SECONDS), lambda: _until_done(_answer_resets, actor)),
        Task("lost second steps", timedelta(minutes=10), lambda: _until_done(accounts.lapse_recoveries, actor)),
        Task("key pairs", timedelta(seconds=30), lambda: _until_done(keys.lapse_due, actor)),
        Task("rotations", timedelta(minutes=1), lambda: retiring.run(actor)),
        Task("reminders", timedelta(hours=1), lambda: reminders.run(actor)),
        Task("digest", timedelta(minutes=10), lambda: digest.run(actor)),
        Task("delegations", timedelta(seconds=30), lambda: _until_done(delegations.lapse_due, actor)),
        Task("hand-offs", timedelta(seconds=30), lambda: _until_done(hand_offs.lapse_due, actor)),
        Task("imports", timedelta(seconds=LOOK_SECONDS), imports.run),
        Task("look-ins", timedelta(seconds=30), lambda: _until_done(look_ins.lapse_due, actor)),
        Task("copies", timedelta(minutes=1), lambda: _until_done(hand_offs.start_rotations, actor)),
        Task("lists of reviews", timedelta(seconds=2), lambda: reviews.freeze(actor)),
        Task("reviews", timedelta(seconds=2), lambda: reviews.close(actor)),
        Task("parties of reviews", timedelta(seconds=2), lambda: reviews.tell(actor)),
        Task("warnings of reviews", timedelta(minutes=1), lambda: reviews.warn(actor)),
        Task("renewals", timedelta(minutes=1), lambda: _until_done(lambda _actor: renewal.run_due(clock.now()), actor)),
        Task("signers", timedelta(minutes=1), lambda: _until_done(lambda _actor: signers.run_due(clock.now()), actor)),
        Task("what is no longer needed", timedelta(hours=1), _tidy_up),
    ]


def _answer_resets(_actor: Any) -> int:
    return accounts.answer_reset_requests()


def _until_done(lapse: Callable[[Any], int], actor: Any) -> int:
    total = 0
    while True:
        with transaction():
            done = lapse(actor)
        total += done
        if not done:
            return total


def _tidy_up() -> int:
    with transaction():
        accounts.tidy_up()
        messages.tidy_up()
        hand_offs.tidy_up()
        import_operations.tidy_up(system_actor("worker"))
        reports.tidy_up()
        devices.tidy_up()
        changes.prune(clock.now() - changes.LOG_KEPT)
        gateways.tidy_up()
        repeats.tidy_up()
        providers.tidy_up(clock.now())
    return _until_done(lambda _actor: uses.tidy_up(), None) + _until_done(lambda _actor: webhooks.tidy_up(), None)


def _round(todo: list[Task], stop: Event) -> bool:
    """Whether everything that was due worked. One task that fails does not keep the others from their turn."""
    fine = True
    for task in todo:
        now = clock.now()
        if stop.is_set() or (task.due_at is not None and now < task.due_at):
            continue
        task.due_at = now + task.every
        fine = _run(task) and fine
    return fine


def _run(task: Task) -> bool:
    try:
        if done := tasks.noticed(task.name, task.run):
            log.info("worked", task=task.name, done=done)
    except Exception as error:  # the database may be away for a while; the next round tries again
        log.error("worker task failed", task=task.name, error=type(error).__name__, exc_info=error)
        return False
    finally:
        db.session.remove()
    return True
