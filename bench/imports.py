"""How long an import of accounts and contracts takes, and how the pages fare meanwhile.

    .venv/bin/python -m bench.imports                     10,000 lines, on a SQLite file in a temporary folder
    .venv/bin/python -m bench.imports --lines 20000
    .venv/bin/python -m bench.imports --url URL [--migration-url URL]      an empty PostgreSQL database

Three imports through the worker's own code, in a process of its own: every line a new account with its contract and its
owner; the same file again, which changes nothing; the same accounts with a later last day, so that every contract is
extended. While they run, this process reads the page of tenants and writes a profile's language again and again. The
first import, check and application together, is to take less than 60 s for 10,000 lines. Ends with 1 else.
"""

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy.exc import OperationalError

from bench import accounts
from bench.serving import environment
from portal.access.actor import system_actor
from portal.accounts import operations as people
from portal.accounts import store as account_store
from portal.accounts.models import Language
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import search
from portal.imports import operations as imports
from portal.imports import store, working
from portal.imports.models import ImportState
from portal.tenants import operations as tenants

LINES, MOST_SECONDS = 10_000, 60.0
PAUSE_SECONDS = 0.05


@dataclass
class Times:
    """How long each read and each write took while an import ran, in milliseconds, and how many writes were refused."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> int:
    """Import, look, print."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        settings = environment(wish.url or f"sqlite:///{temporary}/bench.sqlite3", 0, temporary)
        settings["EXTERNAL_BASE_URL"] = "http://localhost"
        settings |= {"MIGRATION_DATABASE_URL": wish.migration_url} if wish.migration_url else {}
        app = accounts.prepared(settings)
        with app.app_context():
            person_id, _tenant_id = accounts.an_owner("somebody@example.com")
            with transaction():
                vendor_id = tenants.create(system_actor("bench"), "Vendor", is_vendor=True).id
        first, *_others = (
            _measured(app, settings, vendor_id, person_id, name, _file(wish.lines, days))
            for name, days in (("new", 365), ("the same again", 365), ("extended", 730))
        )
    return int(first > MOST_SECONDS * wish.lines / LINES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database")
    parser.add_argument("--migration-url", default="")
    return parser.parse_args()


def _file(lines: int, days: int) -> bytes:
    """A file with so many accounts, each with a contract of so many days."""
    first = clock.now().date()
    last = first + timedelta(days=days)
    rows = ["name,owner_email,edition,first_day,last_day"]
    rows += [f"Shop {n} 商店,owner{n}@example.com,adobe-commerce,{first},{last}" for n in range(lines)]
    return "\r\n".join(rows).encode()


def _measured(app: Flask, settings: dict[str, str], vendor_id: Any, person_id: Any, name: str, octets: bytes) -> float:
    """Seconds from the file to the end of its application, as printed."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    worker = context.Process(target=_import, args=(settings, vendor_id, octets, queue))
    times = Times()
    worker.start()
    while worker.is_alive():
        with app.app_context():
            times.reads.append(_timed(_read))
            try:
                times.writes.append(_timed(lambda: _write(person_id, len(times.writes))))
            except OperationalError:  # SQLite let it wait for as long as it may
                times.refused += 1
        time.sleep(PAUSE_SECONDS)
    checked, applied, processor, changes = queue.get(timeout=10)
    print(f"{name}: checked in {checked:.1f} s, applied in {applied:.1f} s, {changes} lines with changes")
    print(f"  processor time {processor:.1f} s; the rest is what others on this machine took")
    print(f"  meanwhile, reads {_told(times.reads)}; writes {_told(times.writes)}, {times.refused} refused", flush=True)
    return float(checked + applied)


def _import(settings: dict[str, str], vendor_id: Any, octets: bytes, queue: Any) -> None:
    app = accounts.prepared(settings)
    with app.app_context():
        began, used = time.monotonic(), time.process_time()
        actor, file = system_actor("bench", vendor_id), imports.opened("bench.csv", octets)
        with transaction():
            row = imports.give(actor, file)
            job = working.lease(row)
        working.work(job)
        checked = time.monotonic()
        changes = _apply(actor, job)
        queue.put((checked - began, time.monotonic() - checked, time.process_time() - used, changes))


def _apply(actor: Any, job: working.Job) -> int:
    with transaction():
        row = store.lock(job.tenant_id, job.import_id)
        if not row.changes:
            imports.discard(actor, row)
            return 0
        imports.confirm(actor, row, row.version)
        confirmed = working.lease(row)
    working.work(confirmed, operator=actor)
    with transaction():
        row = store.lock(job.tenant_id, job.import_id)
        if row.state is not ImportState.APPLIED:
            raise SystemExit(f"the import is {row.state.value}")
        return row.changes


def _timed(act: Any) -> float:
    began = time.monotonic()
    act()
    return (time.monotonic() - began) * 1000


def _read() -> None:
    search.tenants("Shop 1", None, None)
    db.session.rollback()


def _write(person_id: Any, number: int) -> None:
    with transaction():
        person = account_store.get_person(person_id)
        people.change_looks(person, language=list(Language)[number % 2])


def _told(times: list[float]) -> str:
    return f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
