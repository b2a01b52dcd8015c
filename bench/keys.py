"""How many pairs a second a batch of the command line puts into service, and what one costs the server.

    .venv/bin/python -m bench.keys                    a SQLite file in a temporary folder
    .venv/bin/python -m bench.keys --url URL          an empty PostgreSQL database; its role may create tables
    .venv/bin/python -m bench.keys --keys var/keys    private keys that are kept: a second run need not make them again

The portal is Granian as script/server starts it, with two workers; the client is `portal-key batch` as a process of its
own. The keys are there before, since making them is the holder's work. The aim is 50 completions a second, proofs
included. What one costs the server in processor time stands beside the least it could cost, an RSA-3072 verification
and one row committed, and beside the making of a key, of which there must be none. Figures move from run to run.
"""

import argparse
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench import accounts
from bench.serving import ROOT, children_of, environment, free_port, processor_seconds, served
from portal.access.roles import Environment
from portal.cli.holder import codes, files
from portal.delegations.people import as_of_now
from portal.foundation.database import db, transaction
from portal.keys import batch
from portal.keys.eligibility import usable_contracts

AIM = 50.0
BITS = 3072


def main() -> None:
    """Make keys, fill, serve, run the command, print."""
    wish = _arguments()
    names = [f"Storefront {number}" for number in range(wish.pairs)]
    with tempfile.TemporaryDirectory() as temporary:
        keys = wish.keys or Path(temporary, "keys")
        _have_keys(keys, names)
        port = free_port()
        settings = environment(wish.url or f"sqlite:///{temporary}/bench.sqlite3", port, temporary)
        file = Path(temporary, "codes.txt")
        began = time.perf_counter()
        file.write_text(_codes(settings, names))
        print(f"{len(names)} codes in {time.perf_counter() - began:.1f} s, migrations and account included")
        with served("wsgi:app", port, settings, 2) as server:
            workers = children_of(server.pid)
            before = sum(map(processor_seconds, workers))
            report = _run(file, settings["EXTERNAL_BASE_URL"], keys, wish.jobs)
            spent = (sum(map(processor_seconds, workers)) - before) / len(names)
            again = _run(file, settings["EXTERNAL_BASE_URL"], keys, wish.jobs)
        _print(report, again, spent, Path(temporary))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=batch.MOST)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--keys", type=Path, help="folder for the private keys")
    parser.add_argument("--url", help="URL of an empty PostgreSQL database")
    return parser.parse_args()


def _have_keys(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    missing = [file for name in names if not (file := folder / codes.key_file(name, "sandbox")).exists()]
    if missing:
        print(f"making {len(missing)} private keys of {files.BITS} bits …", flush=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda file: files.save(file, files.new_key()[1]), missing))


def _codes(settings: dict[str, str], names: list[str]) -> str:
    """The file that the page gives to somebody of a new account."""
    app = accounts.prepared(settings)
    with app.app_context():
        person_id, tenant_id = accounts.an_owner("bench@example.com")
        actor = as_of_now(person_id, home_id=tenant_id, tenant_id=tenant_id, under=None)
        with transaction():
            contract, lines = usable_contracts(actor)[0], batch.read_names("\n".join(names))
            begun = batch.begin(actor, environment=Environment.SANDBOX, contract=contract, lines=lines)
        db.engine.dispose()
    head = f"# portal-key batch {settings['EXTERNAL_BASE_URL']} sandbox"
    return "\n".join([head, *(f"{code}\t{name}" for code, name in begun.codes)]) + "\n"


def _run(file: Path, portal_url: str, keys: Path, jobs: int) -> dict[str, Any]:
    words = [str(file), "--portal", portal_url, "--dir", str(keys), "--jobs", str(jobs), "--json"]
    command = [sys.executable, "-m", "portal.cli.holding", "batch", *words]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    if ended.returncode:
        raise SystemExit(f"the command ended with {ended.returncode}: {ended.stdout[-2000:]}")
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


def _print(report: dict[str, Any], again: dict[str, Any], spent: float, folder: Path) -> None:
    rate = report["made_per_second"]
    mark = "" if rate >= AIM else "  <"
    print(f"{len(report['made'])} pairs in {report['seconds']:.1f} s: {rate} a second, aim {AIM:.0f}{mark}")
    print(f"the same again, all of them made: {again['made_per_second']} a second")
    least, making = _verify_and_insert(folder / "least.sqlite3"), _processor_time(_make_key, 5)
    print(f"\n{'processor time of the server':<46} {'each':>9} {'ratio':>6}")
    for what, seconds in (
        ("a verification and a row committed", least),
        ("a completion: code looked up, proof, pair", spent),
        ("the making of a key", making),
    ):
        print(f"{what:<46} {seconds * 1000:6.2f} ms {seconds / least:6.1f}")


def _processor_time(act: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _time in range(times):
        act()
    return (time.process_time() - began) / times


def _make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, BITS)


def _verify_and_insert(file: Path) -> float:
    private, message = _make_key(), secrets.token_bytes(400)
    signature, fit = private.sign(message, padding.PKCS1v15(), hashes.SHA256()), (padding.PKCS1v15(), hashes.SHA256())
    public = private.public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE pairs (id INTEGER PRIMARY KEY, spki BLOB)")

    def once() -> None:
        public.verify(signature, message, *fit)
        database.execute("INSERT INTO pairs (spki) VALUES (?)", (spki,))

    seconds = _processor_time(once, 300)
    database.close()
    return seconds


if __name__ == "__main__":
    main()
