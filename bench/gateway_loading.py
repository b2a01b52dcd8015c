"""What a gateway's worker does at its start: it loads everything from the portal's own database, a SQLite file here."""

import argparse
import gc
import resource
import tempfile
import time
from pathlib import Path

from bench.accounts import prepared
from bench.filling import Filler
from bench.serving import environment
from portal.foundation.database import db, transaction
from portal.impact import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it may be told."""
    parser.add_argument("--loading", action="store_true", help="loading from a real database instead")
    parser.add_argument("--tenants", type=int, default=8200, help="to be filled in; 8200 have 100,000 keys that matter")


def main(wish: argparse.Namespace) -> None:
    """Fill, load, print."""
    with tempfile.TemporaryDirectory() as folder:
        app = prepared(environment(f"sqlite:///{folder}/bench.sqlite3", 0, folder))
        with app.app_context():
            with transaction():
                Filler(wish.tenants).fill(db.session.connection())
            print(_loaded())


def _loaded() -> str:
    empty, began = _resident(), time.monotonic()
    tables = loading.load().tables
    seconds, keys = time.monotonic() - began, len(tables.keys)
    octets = _resident() - empty
    others = (
        f"{len(tables.tenants):,} accounts, {len(tables.delegations):,} delegations, {len(tables.spaces):,} data spaces"
    )
    return f"{keys:,} keys with {others}: {seconds:.1f} s, {octets / keys:,.0f} B for each key with all around it"


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
