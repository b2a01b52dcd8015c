"""What "may this call pass?" costs: the gateway's door and the verification library, beside what bounds them and peers.

    .venv/bin/python -m bench.gateway                                     everything; half an hour the first time
    .venv/bin/python -m bench.gateway --write docs/performance.md         the same, and its tables into that page
    .venv/bin/python -m bench.gateway --sizes 1000 --without-peers        a few minutes
    .venv/bin/python -m bench.gateway --revocation                        from revocation to refusal
    .venv/bin/python -m bench.gateway --loading                           from the start of a worker until it is ready

All servers run at the same time, one worker each on one core; every round asks each of them in turn for a short span,
with the same load from the other core: 16 connections, and a stock shop's headers. Figures are medians of the rounds.
They move from run to run and from machine to machine; ratios hold.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import gateway_keys, gateway_loading, gateway_peers, gateway_revocation, gateway_servers
from bench.gateway_keys import Pool
from bench.gateway_load import SERVER_CORE, have_wrk, load, pinned
from bench.gateway_report import (
    ANY,
    DOOR_NEW,
    DOOR_SEEN,
    FLASK,
    LIBRARY_NEW,
    LIBRARY_SEEN,
    RAW,
    TRIVIAL,
    Results,
    Row,
)
from bench.gateway_servers import Server
from bench.serving import ROOT

SIZES = (1_000, 100_000, 1_000_000)
PLACE = re.compile(r"(<!-- bench/gateway.py -->\n).*?(<!-- end of bench/gateway.py -->)", re.DOTALL)

Measure = Callable[[float], float]  # seconds -> calls in a second


def main() -> None:
    """Make ready, measure, print."""
    wish = _arguments()
    if wish.revocation:
        return gateway_revocation.main(wish)
    if wish.loading:
        return gateway_loading.main(wish)
    have_wrk()
    results = Results(sorted(wish.sizes))
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        pool = _prepared(wish)
        trivial, doors, rows = _ours(stack, pool, wish, folder)
        if not wish.without_peers:
            rows |= _theirs(stack, folder)
        _measure(results, rows, wish.rounds, wish.seconds)
        results.longest = {DOOR_SEEN: _longest(doors[max(doors)], wish), TRIVIAL: _longest(trivial, wish)}
        results.facts = {keys: door.facts() for keys, door in doors.items()}
    print(results.in_words())
    if wish.write:
        _write(wish.write, results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="KEYS", help="how many keys are known")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each span")
    parser.add_argument("--bits", type=int, default=3072, help="of the key pairs")
    parser.add_argument("--tokens", type=int, default=gateway_keys.TOKENS, help="prepared for each size")
    parser.add_argument("--without-peers", action="store_true", help="leave out the packages of others")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    gateway_revocation.add_arguments(parser)
    gateway_loading.add_arguments(parser)
    return parser.parse_args()


def _prepared(wish: argparse.Namespace) -> Pool:
    print("Making keys and tokens; the first time this takes minutes", flush=True)
    pool = gateway_keys.pool(max(wish.sizes), wish.bits)
    for keys in wish.sizes:
        gateway_keys.tokens(pool, keys, wish.tokens)
    return pool


def _ours(
    stack: ExitStack, pool: Pool, wish: argparse.Namespace, folder: Path
) -> tuple[Server, dict[int, Server], dict[Row, Measure]]:
    """The trivial app, the doors by their keys, and how to measure these and all the rest that is ours."""

    def serve(target: str, keys: int) -> Server:
        print(f"Starting the {target} with {keys:,} keys" if target == "door" else f"Starting {target}", flush=True)
        tokens = gateway_keys.tokens(pool, keys, wish.tokens)
        return stack.enter_context(gateway_servers.served(sys.executable, target, keys, pool.bits, tokens, folder))

    sizes = sorted(wish.sizes)
    trivial, flask = serve("trivial", sizes[0]), serve("flask", sizes[0])
    doors = {keys: serve("door", keys) for keys in sizes}
    library = stack.enter_context(_library(wish))
    rows: dict[Row, Measure] = {
        (TRIVIAL, ANY): lambda seconds: trivial.seen(seconds).good_rate,
        (FLASK, ANY): lambda seconds: flask.seen(seconds).good_rate,
        (RAW, ANY): lambda seconds: library("raw", sizes[0], seconds),
    }
    for keys, door in doors.items():
        rows[DOOR_SEEN, keys] = lambda seconds, door=door: door.seen(seconds).good_rate  # type: ignore[misc]
        rows[DOOR_NEW, keys] = lambda seconds, door=door: door.new(seconds).good_rate  # type: ignore[misc]
        rows[LIBRARY_SEEN, keys] = lambda seconds, keys=keys: library("seen", keys, seconds)  # type: ignore[misc]
        rows[LIBRARY_NEW, keys] = lambda seconds, keys=keys: library("new", keys, seconds)  # type: ignore[misc]
    return trivial, doors, rows


@contextmanager
def _library(wish: argparse.Namespace) -> Iterator[Callable[[str, int, float], float]]:
    """Asks the process in which the library is measured, on the servers' core."""
    print("Loading the library with the same keys", flush=True)
    numbers = [str(number) for number in (wish.bits, wish.tokens, *wish.sizes)]
    words = [*pinned(SERVER_CORE), sys.executable, "-m", "bench.gateway_library", *numbers]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]  # noqa: S603

        def ask(*question: object) -> float:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            return float(json.loads(process.stdout.readline()))

        json.loads(process.stdout.readline())  # it is ready
        try:
            yield ask
        finally:
            process.stdin.close()


def _theirs(stack: ExitStack, folder: Path) -> dict[Row, Measure]:
    """How to measure the packages of others."""
    peers = stack.enter_context(gateway_peers.served(folder))
    return {
        (peer.name, ANY): lambda seconds, peer=peer: load(peer.port, peer.file, seconds).good_rate  # type: ignore[misc]
        for peer in peers
    }


def _measure(results: Results, rows: dict[Row, Measure], rounds: int, seconds: float) -> None:
    """Ask each in turn; the first round warms up and is left out."""
    for number in range(rounds + 1):
        print(f"Round {number} of {rounds}" if number else "Warming up", flush=True)
        for row, measure in rows.items():
            rate = measure(seconds if number else 1)
            if number:
                results.add(row, rate)


def _longest(server: Server, wish: argparse.Namespace) -> float:
    """The longest that any of many calls waited, in milliseconds."""
    return max(server.seen(5 * wish.seconds).longest for _round in range(wish.rounds)) / 1000


def _write(page: Path, results: Results) -> None:
    """Put the tables where the page has a place for them. Raises: SystemExit."""
    text = page.read_text()
    if not PLACE.search(text):
        raise SystemExit(f"{page} has no place marked <!-- bench/gateway.py -->")
    day = datetime.now(UTC).date().isoformat()
    page.write_text(PLACE.sub(lambda place: place[1] + results.in_markdown(_machine(), day) + place[2], text))


def _machine() -> str:
    """This machine in a few words."""
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} cores ({(models or [platform.machine()])[0]}), Python {platform.python_version()}"


if __name__ == "__main__":
    main()
