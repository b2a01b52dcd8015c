"""`flask worker`: delivers mail, lets pass what time has ended, and stops when it is told to."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from portal.access.roles import Role
from portal.access.rows import owned_by
from portal.accounts import operations as accounts
from portal.audit import store as audit
from portal.delegations import store as delegations
from portal.delegations.models import DelegationState
from portal.foundation import changes, clock
from portal.foundation.database import db, transaction
from portal.keys import making, store
from portal.keys.models import KeyState
from portal.outbox import worker as outbox
from portal.usage import traces
from portal.usage.models import KeyUse
from portal.webhooks import operations as webhooks
from portal.webhooks import store as webhook_store
from tests.cli.conftest import Run
from tests.factories import a_call, a_delegation, a_key, a_licensee, a_private_key, an_integrator, an_intent, public_of


@pytest.fixture
def owner():
    return a_licensee()


def events_of(actor) -> list[str]:
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_it_delivers_the_mail_that_waits(run: Run, owner, tmp_path: Path):
    with transaction():
        accounts.invite(owner, "ann@example.com", Role.VIEWER)

    result = run("worker", "--once")

    assert result.exit_code == 0
    (mail,) = (tmp_path / "mail").glob("*.eml")
    assert b"ann@example.com" in mail.read_bytes()


def test_it_delivers_each_mail_once(run: Run, owner, tmp_path: Path):
    with transaction():
        accounts.invite(owner, "ann@example.com", Role.VIEWER)
    run("worker", "--once")
    (mail,) = (tmp_path / "mail").glob("*.eml")
    mail.unlink()

    run("worker", "--once")

    assert not list((tmp_path / "mail").glob("*.eml"))


def test_it_lapses_pairs_that_nobody_confirmed(run: Run, owner):
    intent = an_intent(owner)
    with transaction():
        pair = making.issue(owner, intent, public_of(a_private_key()))
    api_key = pair.api_key

    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        run("worker", "--once")

    assert store.get(owner, api_key).state is KeyState.LAPSED
    assert "key.lapsed" in events_of(owner)


def test_it_lapses_offers_without_an_answer(run: Run, owner):
    delegation = a_delegation(owner, an_integrator(), accepted=False)

    with time_machine.travel(clock.now() + timedelta(days=31)):
        run("worker", "--once")

    assert delegations.get_given(owner, delegation.public_id).state is DelegationState.LAPSED


def test_it_ends_delegations_whose_end_has_come(run: Run, owner):
    delegation = a_delegation(owner, an_integrator(), days=5)

    with time_machine.travel(clock.now() + timedelta(days=6)):
        run("worker", "--once")

    assert delegations.get_given(owner, delegation.public_id).state is DelegationState.ENDED


def test_it_forgets_old_uses_of_keys(run: Run, owner):
    pair = a_key(owner)
    for days in (402, 1):
        a_call(pair, at=clock.now() - timedelta(days=days))
    traces.flush()

    run("worker", "--once")

    db.session.rollback()
    assert len(db.session.scalars(owned_by(owner, KeyUse)).all()) == 1


def test_a_task_that_fails_does_not_keep_the_others_from_their_turn(run: Run, owner, monkeypatch):
    def fail(*_args):
        raise ConnectionError("the mail server is away")

    monkeypatch.setattr(outbox, "run_once", fail)
    a_delegation(owner, an_integrator(), days=5)

    with time_machine.travel(clock.now() + timedelta(days=6)):
        result = run("worker", "--once")

    assert result.exit_code == 1
    assert "delegation.ran_out" in events_of(owner)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told_to(number, run: Run):
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    threading.Timer(1.5, signal.raise_signal, [number]).start()
    began = time.monotonic()

    try:
        result = run("worker")
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)

    assert result.exit_code == 0
    assert time.monotonic() - began < 10


def test_it_forgets_what_changed_more_than_a_day_ago(run: Run, owner):
    before = changes.version_of(changes.CALLS)
    a_key(owner)
    db.session.rollback()

    with time_machine.travel(clock.now() + timedelta(days=2), tick=True):
        result = run("worker", "--once")

    assert result.exit_code == 0
    assert isinstance(changes.since(db.session(), before), changes.Gap)
    assert isinstance(changes.since(db.session(), changes.version_of(changes.CALLS)), changes.News)


@pytest.fixture
def taken(production) -> Iterator[int]:
    """A port that somebody else listens on, which the worker is told to say its figures at."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        production.config["PORTAL"] = production.config["PORTAL"].model_copy(update={"worker_metrics_port": port})
        yield port


def test_it_does_not_start_where_it_cannot_say_its_figures(run: Run, taken: int):
    result = run("worker", "--once")

    assert result.exit_code == 1
    assert f"WORKER_METRICS_PORT={taken} cannot be listened on" in result.output


def test_it_delivers_webhooks(run: Run, owner):
    with transaction():
        endpoint = webhooks.add(owner, "https://nobody.invalid/hook", "Tickets", None).endpoint

    result = run("worker", "--once")

    (delivery,) = webhook_store.deliveries(owner, endpoint).rows
    assert result.exit_code == 0
    assert (delivery.event, delivery.attempts) == ("webhook.added", 1)
    assert delivery.last_problem in ("name", "timeout")  # as fast as this machine's resolver
