"""The database: whether it answers, whether its tables are those of this release, and what SQLite is set to."""

import sqlite3
import stat
from collections.abc import Iterator

from portal.cli.checking import catalogues
from portal.cli.checking.findings import Deployment, Finding, fail, ok
from portal.cli.checking.own_settings import opened_to_others, sqlite_file
from portal.foundation import migrations
from portal.foundation.migrations import Stand

OLDEST_SQLITE = (3, 35, 0)  # RETURNING
BESIDE = ("", "-wal", "-shm")
UPGRADE = "Run `flask --app wsgi db upgrade` with MIGRATION_DATABASE_URL set."


def reachable(at: Deployment) -> Iterator[Finding]:
    """Whether it answers to the application's role."""
    try:
        catalogues.value("SELECT 1")
    except Exception as error:  # drivers stumble over odd servers in ways of their own
        words = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
        yield fail(f"The database does not answer: {words}", "See DATABASE_URL, and whether the server runs.")
    else:
        yield ok("The database answers.")


def migrated(at: Deployment) -> Iterator[Finding]:
    """Whether its tables are those of this release."""
    marks = ", ".join(sorted(migrations.marks_of_database())) or "none"
    heads = ", ".join(sorted(migrations.heads_of_code()))
    match migrations.stand():
        case Stand.AT_HEAD:
            yield ok(f"The database's tables are those of this release ({heads}).")
        case Stand.BEHIND:
            yield fail(f"The database is behind this release: its last migration is {marks}, not {heads}.", UPGRADE)
        case Stand.AHEAD:
            yield fail(
                f"The database is ahead of this release, which does not know its migration {marks}.",
                "Run the release that made it, or restore the backup from before.",
            )


def journal(at: Deployment) -> Iterator[Finding]:
    """Whether SQLite is one that keeps what it says."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield fail(f"SQLite is {sqlite3.sqlite_version}, and the portal needs 3.35.", "Use a newer Python or SQLite.")
    mode = catalogues.value("PRAGMA journal_mode")
    if mode == "wal":
        yield ok(f"SQLite {sqlite3.sqlite_version} writes ahead (WAL).")
    else:
        yield fail(
            f"SQLite's journal is {mode} and not WAL: whoever reads holds up whoever writes.",
            "Put the file on a local disk: in memory and on network drives there is no WAL.",
        )
    if catalogues.value("PRAGMA foreign_keys") != 1:
        yield fail("SQLite does not hold foreign keys.", "Use a SQLite that was built with them.")


def files(at: Deployment) -> Iterator[Finding]:
    """Whether the file of the database is nobody else's."""
    file = sqlite_file(at.settings)
    if file is None:
        yield fail("The database is in this process's memory, and ends with it.", "Name a file in DATABASE_URL.")
        return
    if not file.parent.stat().st_mode & stat.S_IXOTH:
        yield ok("The database's file lies in a folder that other users of this machine cannot enter.")
        return
    for each in (file.with_name(file.name + ending) for ending in BESIDE):
        if each.exists():
            found = opened_to_others(f"The database's file {each}", each.stat().st_mode, f"chmod o= {each}")
            if found is not None:
                yield found


SQLITE = (journal, files)
