"""Copying a SQLite database that may be open elsewhere."""

import sqlite3
from contextlib import closing
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Make `target` hold what `source` holds.

    Through SQLite, which takes the locks: a copied file under an open connection is a broken database for it.
    Raises: sqlite3.OperationalError, when somebody holds the target for 10 s.
    """
    with closing(sqlite3.connect(source)) as rows, closing(sqlite3.connect(target, timeout=10)) as copied:
        rows.backup(copied)
