"""200 people sign in at the same moment: what memory it takes, and what it does to the checks of the gateway.

    .venv/bin/python -m bench.sign_ins                       on SQLite and on PostgreSQL
    .venv/bin/python -m bench.sign_ins --people 50 --seconds 3

Pages and the gateway run as docs/gateway.md has them, each in workers of its own. One connection asks the gateway a
hundred times a second, first with nobody else there, then while everybody signs in, again and again. The aims: the
portal's processes stay under 600 MB together, and the gateway's 99th percentile under 1.5 times what it is in quiet.
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from bench.accounts import an_owner
from bench.gateway_revocation import POSTGRESQL, SQLITE, Asker, Made, filled, portal_on
from bench.makers import Visitor, sign_in
from bench.serving import free_port, served

MEMORY_AIM_MB, RATIO_AIM = 600, 1.5
EVERY_SECONDS = 0.01
PASSWORD = "a password that is long enough for this"  # noqa: S105 - of people who exist for minutes
PAGE_WORKERS = 2


@dataclass
class Checks:
    """How long each check of the gateway took, in seconds, until told to stop."""

    asker: Asker
    made: Made
    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Meanwhile, one check after the other, each with a token that the gateway has seen."""
        stop, headers = Event(), self.made.headers()

        def ask() -> None:
            while not stop.wait(EVERY_SECONDS):
                began = time.perf_counter()
                if self.asker.ask(headers)[0] != 204:
                    raise SystemExit("the gateway refused a call")
                self.seconds.append(time.perf_counter() - began)

        thread = Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def percentile(self, part: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


def main() -> None:
    """Measure on both databases, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long the gateway is asked in quiet")
    wish = parser.parse_args()
    print("| database | sign-ins | slowest | a second | memory | check in quiet, p50, p99 | meanwhile | ratio of p99 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for database in (SQLITE, POSTGRESQL):
        print(_measured(database, wish.people, wish.seconds), flush=True)


def _measured(database: str, number: int, quiet_seconds: float) -> str:
    with ExitStack() as stack:
        app, settings, _folder = portal_on(stack, database)
        _actor, made = filled(app, 1)
        with app.app_context():
            people = [_somebody(place) for place in range(number)]
        gateway_port, port = free_port(), urlsplit(settings["EXTERNAL_BASE_URL"]).port or 0
        stack.enter_context(served("wsgi:gateway", gateway_port, settings))
        pages = stack.enter_context(served("wsgi:app", port, settings, PAGE_WORKERS))
        asker = Asker(gateway_port, made[0].headers())
        asker.until(204, made[0].headers())
        quiet, busy = Checks(asker, made[0]), Checks(asker, made[0])
        visitors = [_visitor(settings["EXTERNAL_BASE_URL"], place) for place in range(number)]
        _sign_in_all(visitors[:4], people[:4])  # what a process does once
        with quiet.running():
            time.sleep(quiet_seconds)
        with busy.running():
            took, slowest = _sign_in_all(visitors, people)
        memory = sum(_most_resident(process) for process in _family(pages.pid)) / 2**20
    ratio = busy.percentile(0.99) / quiet.percentile(0.99)
    told = (f"{checks.percentile(0.5):.1f} ms, {checks.percentile(0.99):.1f} ms" for checks in (quiet, busy))
    figures = [database, number, f"{slowest:.1f} s", f"{number / took:.0f}", f"{memory:.0f} MB", *told, f"{ratio:.2f}"]
    return f"| {' | '.join(map(str, figures))} |"


def _somebody(place: int) -> str:
    email = f"person-{place}@example.com"
    an_owner(email, PASSWORD)
    return email


def _visitor(origin: str, place: int) -> Visitor:
    """From an address of its own: attempts are counted by address."""
    return Visitor(origin, Event(), lambda: None, f"127.0.{1 + place // 250}.{1 + place % 250}")


def _sign_in_all(visitors: list[Visitor], people: list[str]) -> tuple[float, float]:
    """Seconds for all of them, and for the slowest."""

    def one(visitor: Visitor, email: str) -> float:
        began = time.perf_counter()
        sign_in(visitor, email, PASSWORD)
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(len(people)) as threads:
        each = list(threads.map(one, visitors, people))
    return time.perf_counter() - began, max(each)


def _family(pid: int) -> list[int]:
    """The process and those that it began."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _most_resident(pid: int) -> int:
    """The most octets that this process ever had in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
