"""How the database's tables stand to this release: the mark that the last migration left, against those of the code."""

from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import column, inspect, select, table

from portal.foundation.database import LOOKS, db

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
MARK = table("alembic_version", column("version_num"))


class Stand(StrEnum):
    """`AHEAD`: a migration that this release does not know was run, so a later one did."""

    AT_HEAD = "at head"
    BEHIND = "behind"
    AHEAD = "ahead"


def stand() -> Stand:
    """How the database stands now. It goes past the session, as `look` does. Raises: whatever the database raises."""
    marks = marks_of_database()
    if marks == heads_of_code():
        return Stand.AT_HEAD
    return Stand.BEHIND if marks <= _known() else Stand.AHEAD


def marks_of_database() -> frozenset[str]:
    """The migrations after which no other one was run: one, as a rule, and none in an empty database."""
    with db.engines[LOOKS].connect() as connection:
        if not inspect(connection).has_table(MARK.name):
            return frozenset()
        return frozenset(connection.scalars(select(MARK.c.version_num)))


@cache
def heads_of_code() -> frozenset[str]:
    """The last migrations of this release."""
    return frozenset(_scripts().get_heads())


@cache
def _known() -> frozenset[str]:
    return frozenset(script.revision for script in _scripts().walk_revisions())


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))
