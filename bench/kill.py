"""What is left when workers are killed with SIGKILL, again and again, while people make key pairs.

    .venv/bin/python -m bench.kill                    300 kills, on a SQLite file in a temporary folder
    .venv/bin/python -m bench.kill --kills 50
    .venv/bin/python -m bench.kill --url URL [--migration-url URL]      an empty PostgreSQL database

The portal is Granian as script/server starts it, with two workers, which it starts anew. Clients make pairs in every
way that goes over HTTP (bench/makers.py), hand copies over and open them, and repeat what was not answered. In the end
the database is held against what the clients were told. Every figure but the first ones must be 0 (security.md, section
3, number 14). Ends with 1 else.
"""

import argparse
import json
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from flask import Flask

from bench import accounts
from bench.makers import WAYS, Made, Maker, Owner, Receiver, Stopped, Visitor, a_name
from bench.serving import age_seconds, children_of, environment, free_port, served
from portal.access.rows import Reader, across_tenants
from portal.audit import events
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.foundation.database import db
from portal.handoffs.models import HandOff, HandOffState, KeyCopy
from portal.keys.models import KeyIntent, KeyPair, KeyState
from portal.tenants import store as tenants

KILLS = 300
EACH_WAY = 2  # clients
LONGEST_SECONDS = 3600
ROUNDS_PER_SIGN_IN = 10
GROWN_UP_SECONDS = 6  # Granian gives up when a worker that it started anew ends sooner
PAUSE_SECONDS = (2.0, 4.0)  # so that one of two works while the other one is started
RESPAWN = ("--respawn-failed-workers", "--respawn-interval", "0.1")
IN_SERVICE = {events.Event.KEY_ACTIVATED.value, events.Event.KEY_ROTATED.value}


@dataclass
class Diary:
    """What the clients were told, and when the portal last answered anybody."""

    made: list[Made] = field(default_factory=list)
    lost: int = 0
    answers: int = 0
    failures: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def answered(self) -> None:
        with self.lock:
            self.answers += 1


def main() -> int:
    """Fill, serve, kill, look, print."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        port = free_port()
        settings = environment(wish.url or f"sqlite:///{temporary}/bench.sqlite3", port, temporary)
        settings |= {"MIGRATION_DATABASE_URL": wish.migration_url} if wish.migration_url else {}
        app = accounts.prepared(settings)
        people = _people(app, len(WAYS) * EACH_WAY)
        diary, began = Diary(), time.monotonic()
        with served("wsgi:app", port, settings, 2, *RESPAWN) as server:
            kills = _while_killed(server.pid, wish.kills, settings["EXTERNAL_BASE_URL"], people, diary)
        figures = {"kills": kills, "seconds": round(time.monotonic() - began)} | _figures(app, diary)
    print(json.dumps(figures) if wish.json else "\n".join(f"{name:<34}{value:>8}" for name, value in figures.items()))
    print("\n".join(diary.failures), file=sys.stderr)
    return int(any(figures[name] for name in ZERO) or bool(diary.failures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--url", help="URL of an empty PostgreSQL database")
    parser.add_argument("--migration-url", help="the same for a role that may create tables, where the first may not")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _people(app: Flask, count: int) -> list[Owner]:
    """Owners of accounts of their own, each with an integrator."""
    found = []
    with app.app_context():
        for number in range(count):
            email, to, password = (
                f"owner{number}@example.com",
                f"receiver{number}@example.com",
                secrets.token_urlsafe(24),
            )
            owner = accounts.an_owner(email, password)
            account, key, private = accounts.a_receiver(to, password, owner)
            receiver = Receiver(account, to, password, key.public_id, private)
            found.append(Owner(tenants.get(owner[1]).account_id, email, password, receiver))
            db.session.rollback()
        db.engine.dispose()
    return found


def _while_killed(server: int, kills: int, origin: str, people: list[Owner], diary: Diary) -> int:
    """Let the clients work while workers are killed; gives the number of kills once all have ended what they began."""
    stop = Event()
    threads = []
    for number, owner in enumerate(people):
        maker = WAYS[number % len(WAYS)](Visitor(origin, stop, diary.answered), owner)
        threads.append(Thread(target=_work, args=(maker, diary, stop)))
    for thread in threads:
        thread.start()
    try:
        return _kill(server, kills, diary)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _work(maker: Maker, diary: Diary, stop: Event) -> None:
    rounds = 0
    try:
        while not stop.is_set():
            if rounds % ROUNDS_PER_SIGN_IN == 0:
                maker.visitor.until_answered(maker.sign_in)
            rounds += 1
            made = Made(maker.way, a_name(maker.way), maker.holder_made)
            with diary.lock:
                diary.made.append(made)
            maker.make(made)
    except (RuntimeError, Stopped) as reason:
        diary.failures.append(f"{maker.way}: {type(reason).__name__} {reason}")
    finally:
        with diary.lock:
            diary.lost += maker.visitor.lost


def _kill(server: int, kills: int, diary: Diary) -> int:
    """Kill a worker at a time of chance, whenever the portal has answered since the last time."""
    done, answers, deadline = 0, 0, time.monotonic() + LONGEST_SECONDS
    chance = random.Random(14)  # noqa: S311 - nothing secret
    while done < kills and time.monotonic() < deadline and not diary.failures:
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        workers = _workers(server)
        if diary.answers == answers or not workers:
            continue
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
            done, answers = done + 1, diary.answers
    return done


def _workers(server: int) -> list[int]:
    """The server's own children that serve, without those that were started just now."""
    found = []
    for child in children_of(server):
        with suppress(OSError):
            if b"granian" in Path(f"/proc/{child}/cmdline").read_bytes() and age_seconds(child) > GROWN_UP_SECONDS:
                found.append(child)
    return found


def _figures(app: Flask, diary: Diary) -> dict[str, int]:
    with app.app_context():
        rows = Rows.read()
        told = [made for made in diary.made if made.api_key]
        opened = sum(made.opened for made in diary.made)
        figures = {"wishes": len(diary.made), "pairs acknowledged": len(told), "hand-offs opened and proved": opened}
        figures |= {"answers lost": diary.lost}
        return figures | {name: count(rows, diary.made) for name, count in ZERO.items()}


@dataclass
class Rows:
    """What is in the database."""

    pairs: dict[str, KeyPair]
    intents: list[KeyIntent]
    hand_offs: dict[str, HandOff]
    copies: list[KeyCopy]
    events: list[AuditEvent]
    breaks: int

    @classmethod
    def read(cls) -> "Rows":
        def every(model: Any) -> list[Any]:
            return list(db.session.scalars(across_tenants(model, reason=Reader.UPKEEP)))

        originals = [event for event in every(AuditEvent) if event.copy_of is None]
        pairs = {pair.api_key: pair for pair in every(KeyPair)}
        given = {row.public_id: row for row in every(HandOff)}
        return cls(pairs, every(KeyIntent), given, every(KeyCopy), originals, len(list(audit.verify())))


def half_issued(rows: Rows, _made: list[Made]) -> int:
    """Pairs without their intent or their event, intents and events without what they tell of."""
    by_subject: dict[str, set[str]] = {}
    for event in rows.events:
        by_subject.setdefault(event.subject_id, set()).add(event.event)
    led_to = Counter(intent.key_pair_id for intent in rows.intents if intent.key_pair_id)
    wrong = sum(led_to[pair.id] != 1 for pair in rows.pairs.values())
    for pair in rows.pairs.values():
        told = by_subject.get(pair.api_key, set())
        if pair.state is KeyState.ACTIVE:
            wrong += not told & IN_SERVICE or pair.activated_at is None
        else:
            wrong += events.Event.KEY_MADE.value not in told
    wrong += sum(events.Event.KEY_INTENDED.value not in by_subject.get(row.public_id, set()) for row in rows.intents)
    wrong += sum(_is_half(rows, row, by_subject.get(row.public_id, set())) for row in rows.hand_offs.values())
    subjects = {*rows.pairs, *(intent.public_id for intent in rows.intents)}
    return wrong + sum(event.subject_id not in subjects for event in rows.events if event.event.startswith("key."))


def _is_half(rows: Rows, row: HandOff, told: set[str]) -> bool:
    """Whether a hand-off is without one of its events, a done one with ciphertext, an opened one without its copy."""
    is_done, is_opened = row.state is HandOffState.DONE, row.opened_at is not None
    copied = any(copy.key_pair_id == row.key_pair_id for copy in rows.copies)
    needed = {events.Event.HAND_OFF_OFFERED.value}
    needed |= {events.Event.HAND_OFF_OPENED.value} if is_opened else set()
    needed |= {events.Event.HAND_OFF_DONE.value} if is_done else set()
    return not needed <= told or copied != is_opened or (row.envelope is None) != is_done


def missing(rows: Rows, made: list[Made]) -> int:
    """Pairs that a client was told are in service, and are not there so, with its very key."""
    told = [one for one in made if one.api_key]
    lost = sum(not _is_there(rows.pairs.get(one.api_key), one) for one in told)
    return lost + sum(not _was_passed(rows.hand_offs.get(one.hand_off), one) for one in made if one.hand_off)


def _was_passed(row: HandOff | None, one: Made) -> bool:
    return row is not None and (row.state is HandOffState.DONE) is one.opened


def _is_there(pair: KeyPair | None, one: Made) -> bool:
    return pair is not None and pair.state is KeyState.ACTIVE and pair.spki_sha256 == one.spki_sha256


def duplicates(rows: Rows, made: list[Made]) -> int:
    """Pairs above one for a wish, and open intents above one."""
    live = Counter(pair.name for pair in rows.pairs.values() if pair.state in (KeyState.ACTIVE, KeyState.PENDING))
    begun = Counter(intent.name for intent in rows.intents if intent.discarded_at is None)
    passed = Counter(row.key_pair_id for row in rows.hand_offs.values())
    twice = sum(count - 1 for count in passed.values())
    return twice + sum(max(0, count[one.name] - 1) for one in made for count in (live, begun))


def shown_twice(_rows: Rows, made: list[Made]) -> int:
    """Pages with a private key above one for an intent."""
    return sum(max(0, times - 1) for one in made for times in one.shown.values())


def audit_gaps(rows: Rows, _made: list[Made]) -> int:
    """Chains that are not whole."""
    return rows.breaks


def never_seen(rows: Rows, made: list[Made]) -> int:
    """Keys that a holder made and went on with, and that the portal does not know."""
    known = {pair.spki_sha256 for pair in rows.pairs.values()}
    return sum(one.spki_sha256 not in known for one in made if one.holder_made and one.spki_sha256)


ZERO: dict[str, Callable[[Rows, list[Made]], int]] = {
    "half-issued": half_issued,
    "acknowledged but missing": missing,
    "duplicates per intent": duplicates,
    "shown twice": shown_twice,
    "audit gaps": audit_gaps,
    "holder-made keys never seen": never_seen,
}


if __name__ == "__main__":
    sys.exit(main())
