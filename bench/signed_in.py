"""What a signed-in page pays for knowing who asks: session, rights, and telling PostgreSQL whose rows it may see.

    .venv/bin/python -m bench.signed_in                                                      SQLite
    .venv/bin/python -m tests.database .venv/bin/python -m bench.signed_in --postgresql      a server of its own

Each page is asked for in turns: as it is, and with session, person and memberships given from memory and nothing said
to the database, whose superuser reads. The aims: at most 2 statements, and at most 15 % of the page's time.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import current_app

from bench.pages import PAGES, Side, side_of
from portal.access import wall
from portal.accounts import operations as accounts
from portal.accounts import passwords, store
from portal.foundation.database import db
from tests.database import postgres_cluster

STATEMENTS_AIM, SHARE_AIM = 2, 0.15
NAME = "portal_bench_signed_in"
# The dashboards of tenants: the vendor's pages ask for more than their reader's rights.
DASHBOARDS = {page: asked for page, asked in PAGES.items() if not page.startswith("console")}


class Remembered:
    """Answers what was answered the first time, put into the session of the request without a statement."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self._known: dict[Any, Any] = {}

    def __call__(self, asked: Any) -> Any:
        if asked not in self._known:
            with current_app.app_context():  # which has a session of its own
                self._known[asked] = self._ask(asked)
                db.session.expunge_all()
        known = self._known[asked]
        if isinstance(known, Sequence):
            return [db.session.merge(row, load=False) for row in known]
        return db.session.merge(known, load=False)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--postgresql", action="store_true")
    wish = parser.parse_args()
    passwords.use_cheap_profile()
    with ExitStack() as stack:
        pays = side_of(stack.enter_context(_postgresql() if wish.postgresql else _sqlite()), wish.tenants)
        knows = Side(pays.app, pays.world, pays.clients, {}, {})
        given = _given(Remembered(accounts.session_for), Remembered(store.memberships_of))
        for _round in range(wish.rounds + 1):
            for page, (who, path) in DASHBOARDS.items():
                pays.get(page, who, path)
                with given():
                    knows.get(page, who, path)
    _print(pays, knows)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder).resolve() / 'bench.sqlite3'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    with postgres_cluster() as cluster:
        cluster.create_database(NAME)
        try:
            yield cluster.superuser_url(NAME)
        finally:
            cluster.drop_database(NAME)


def _given(session_for: Remembered, memberships_of: Remembered) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def given() -> Iterator[None]:
        with (
            patch.object(accounts, "session_for", session_for),
            patch.object(store, "memberships_of", memberships_of),
            patch.object(wall, "_say", lambda _connection, _wanted: None),
        ):
            yield

    return given


def _print(pays: Side, knows: Side) -> None:
    print(f"\n{'page':<34} {'without':>10} {'with':>10} {'share':>6} {'statements':>11}")
    shares, statements = [], 0
    for page in DASHBOARDS:
        # The first round loads templates and caches.
        free, paid = (statistics.median(side.seconds[page][1:]) * 1000 for side in (knows, pays))
        more = pays.statements[page] - knows.statements[page]
        shares.append(1 - free / paid)
        statements = max(statements, more)
        print(f"{page:<34} {free:7.1f} ms {paid:7.1f} ms {shares[-1]:6.0%} {more:11}")
    middle, most = statistics.median(shares), max(shares)
    print(f"\nmedian share {middle:.0%}, largest {most:.0%}, aim {SHARE_AIM:.0%}", end="; ")
    print(f"most statements {statements}, aim {STATEMENTS_AIM}")


if __name__ == "__main__":
    main()
