"""A running portal with the world of the access table, which can be put back while it runs."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, update

import portal.models  # noqa: F401 - every table is known
from portal.foundation import clock
from portal.foundation.database import Base
from tests.access.snapshot import keep_tables, reload_tables
from tests.browser.serving import Served, served
from tests.conftest import MEMORY
from tests.database import postgres_cluster
from tests.scanners.targets import Target

FURNISHING = ("tests.scanners.furnishing",)
# Intents, links and codes live for minutes; a scan takes longer.
LATER = timedelta(hours=6)
# As in production: pages answer pages, and call nobody but the open internet.
AS_IN_PRODUCTION = {"GATEWAY": "off", "WEBHOOK_RECEIVERS": "public", "IDENTITY_PROVIDERS": "public"}


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in: by `cookies` at pages, whose forms take `csrf_token`, and by `bearer` at calls."""

    name: str
    cookies: dict[str, str]
    csrf_token: str
    bearer: str
    targets: list[Target]


@dataclass(frozen=True)
class Scanned:
    """A running portal and who calls it. `put_back` makes the database what it was, everybody signed in just now."""

    portal: Served
    callers: list[Caller]
    put_back: Callable[[], None]


@contextmanager
def scanned(database: str, origin: str) -> Iterator[Scanned]:
    """A portal that is known as `origin`, the demo's on "sqlite", or one in production on "postgresql"."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="portal-scan-", dir=where) as folder:
        begin = _on_postgresql if database == "postgresql" else _on_sqlite
        with begin(Path(folder), {"EXTERNAL_BASE_URL": origin, **AS_IN_PRODUCTION}) as (portal, engine, restore):
            callers = [_caller(one) for one in json.loads(portal.said)]

            def put_back() -> None:
                restore()
                _as_if_just_now(engine)

            yield Scanned(portal, callers, put_back)


@contextmanager
def _on_sqlite(folder: Path, settings: dict[str, str]) -> Iterator[tuple[Served, Engine, Callable[[], None]]]:
    with served(folder, FURNISHING, **settings) as portal:
        engine = create_engine(portal.settings["DATABASE_URL"], poolclass=NullPool)
        _live_longer(engine)
        portal.keep()
        yield portal, engine, portal.restore


@contextmanager
def _on_postgresql(folder: Path, settings: dict[str, str]) -> Iterator[tuple[Served, Engine, Callable[[], None]]]:
    with postgres_cluster() as cluster:
        name = f"portal_scan_{os.getpid()}"
        url, migration_url = cluster.create_database(name)
        urls = {"DATABASE_URL": url, "MIGRATION_DATABASE_URL": migration_url}
        mail = {"MAIL_BACKEND": "folder", "MAIL_FOLDER": str(folder / "mail"), "MAIL_FROM": "portal@example.com"}
        engine = create_engine(cluster.superuser_url(name))
        try:
            with served(folder, FURNISHING, PORTAL_MODE="production", **settings, **urls, **mail) as portal:
                _live_longer(engine)
                keep_tables(engine)
                yield portal, engine, lambda: reload_tables(engine)
        finally:
            engine.dispose()
            cluster.drop_database(name)


def _caller(shown: dict[str, Any]) -> Caller:
    return Caller(**shown | {"targets": [Target(**target) for target in shown["targets"]]})


def _live_longer(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if "expires_at" in table.c:
                soon = table.c.expires_at.between(clock.now(), clock.now() + LATER)
                connection.execute(update(table).where(soon).values(expires_at=clock.now() + LATER))


def _as_if_just_now(engine: Engine) -> None:
    """Nobody is asked who they are for having signed in long ago."""
    now = {"reauthenticated_at": clock.now(), "last_seen_at": clock.now()}
    with engine.begin() as connection:
        connection.execute(update(Base.metadata.tables["sessions"]).values(**now))
