"""Scans a running portal: `script/scan` prepares what this needs and starts it.

For each caller: a first look at everything, which has to be answered as the access table says; then sqlmap, wapiti and
schemathesis, each in a world put back.
"""

import argparse
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from portal.app import create_app
from tests.browser.serving import free_port
from tests.conftest import settings_for
from tests.scanners import description, sqlmap, wapiti
from tests.scanners.between import Asked, Between, Tally, between
from tests.scanners.findings import Finding, unexplained
from tests.scanners.report import Part, summed_up
from tests.scanners.targets import KINDS, Target
from tests.scanners.world import Caller, Scanned, scanned

MINUTES, SHORT = 30.0, 6.0
SCANNERS = {"sqlmap": 0.5, "wapiti": 0.3, "schemathesis": 0.2}  # and the share of the time that each has
CALLERS = {"anonymous": 0.1, "owner": 0.4, "live": 0.2, "partner_admin": 0.25}
OTHERS = 0.05  # all further callers together, who have what lets in nobody of these
GRACE_SECONDS = 60  # to finish what it is at, and again to write its report


def main() -> int:
    """Scan, and print what came of it: 0 when nothing is unexplained and no part was blind."""
    wanted = _wanted()
    # Whatever started this, Ctrl-C works, wapiti's interruption too; and who ends it leaves nothing behind.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port = free_port()
    origin = f"http://localhost:{port}"
    app = create_app(settings_for("sqlite://", "", Path(tempfile.gettempdir())))
    parts: list[Part] = []
    with between(app, port) as server, scanned(wanted.database, origin) as world:
        server.lead_to(world.portal.port, world.put_back)
        print(f"Scanning {origin} on {wanted.database} for about {wanted.minutes:.0f} minutes", flush=True)
        callers = [one for one in world.callers if not wanted.caller or one.name in wanted.caller]
        scanners = wanted.scanner or list(SCANNERS)
        shares = {
            (one.name, scanner): SCANNERS[scanner] * _share(one, world) for one in callers for scanner in scanners
        }
        for caller in callers:
            parts += _shown(_first_look(server, caller))
            for scanner in scanners:
                seconds = wanted.minutes * 60 * shares[caller.name, scanner] / sum(shares.values())
                parts += _shown(_scan(server, scanner, caller, wanted.database, seconds))
    whole = not wanted.scanner and not wanted.caller
    summary, code = summed_up(parts, whole=whole)
    print(f"\n== summary\n{summary}")
    return code


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/scan", description=__doc__)
    parser.add_argument("--database", choices=sqlmap.DBMS, default="sqlite")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all parts together, about")
    parser.add_argument("--short", dest="minutes", action="store_const", const=SHORT, help=f"{SHORT:.0f} minutes")
    parser.add_argument("--scanner", choices=SCANNERS, action="append", help="only this one")
    parser.add_argument("--caller", choices=[*KINDS, "signer", "operator"], action="append", help="only as this one")
    return parser.parse_args()


def _share(caller: Caller, world: Scanned) -> float:
    others = len(world.callers) - len(CALLERS)
    return CALLERS.get(caller.name, OTHERS / max(others, 1))


def _shown(part: Part) -> list[Part]:
    print(part, *(f"  {finding}" for finding in unexplained(part.findings)), sep="\n", flush=True)
    return [part]


def _first_look(server: Between, caller: Caller) -> Part:
    """Everything once, as it is."""
    began, tally = time.monotonic(), server.begin(caller)
    for target in caller.targets:
        path, body = target.plain
        headers = {"Host": f"localhost:{server.server_port}"} | target.headers
        headers |= {"Content-Type": target.media} if target.media else {}
        server.ask(target.method, path, list(headers.items()), body.encode(), target.expected)
    return _part("first look", caller, began, tally, caller.targets, [], [])


def _scan(server: Between, scanner: str, caller: Caller, database: str, seconds: float) -> Part:
    began, tally, origin = time.monotonic(), server.begin(caller), f"http://localhost:{server.server_port}"
    if scanner == "schemathesis":
        meant = [target for target in caller.targets if target.use.startswith("api.") and target.about]
        return _part(scanner, caller, began, tally, meant, *description.run(caller, origin, seconds))
    with tempfile.TemporaryDirectory(prefix="portal-scan-") as folder:
        if scanner == "wapiti":
            meant = [target for target in caller.targets if target.plain[0] in wapiti.starts_of(caller.targets)]
            meant = [target for target in meant if target.method == "GET"]
            command = wapiti.command(meant, origin, Path(folder), seconds)
            output, _is_late = _run(command, folder, seconds + GRACE_SECONDS, wapiti.LAST_WORDS)
            found = wapiti.findings(Path(folder), server.endpoint_at)
            late = wapiti.cut_off(output)
        else:
            meant = sqlmap.in_turn((target for target in caller.targets if sqlmap.takes(target)), caller.name)
            found, late = _sqlmap(meant, origin, Path(folder), database, seconds, server.endpoint_at)
        return _part(scanner, caller, began, tally, meant, found, late)


def _sqlmap(
    targets: list[Target],
    origin: str,
    folder: Path,
    database: str,
    seconds: float,
    endpoint: Callable[[str, str], str],
) -> tuple[list[Finding], list[str]]:
    """Reading and writing apart: sqlmap takes an address once, whatever the method."""
    found, late, end = list[Finding](), list[str](), time.monotonic() + seconds
    for method, share in (("GET", 0.4), ("POST", 1.0)):
        own = folder / method
        own.mkdir()
        requests = own / "requests"
        requests.write_text(sqlmap.requests_of((one for one in targets if one.method == method), origin))
        command = sqlmap.command(requests, own, database)
        output, is_late = _run(command, str(own), max(5.0, (end - time.monotonic()) * share))
        found += sqlmap.findings(own, output, endpoint)
        late += [f"the last of {method}"] if is_late else []
    return found, late


def _run(command: list[str], folder: str, seconds: float, last_words: bytes = b"") -> tuple[str, bool]:
    """What it printed, and whether it had to be stopped after so many seconds.

    last_words: what is typed when it asks what to do, having been interrupted.
    """
    log = Path(folder, "output")
    keyboard, terminal = pty.openpty()  # sqlmap takes anything else for a list of addresses
    is_late = False
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=terminal, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            is_late = True
            if last_words:
                process.send_signal(signal.SIGINT)
                os.write(keyboard, last_words)
                _wait(process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            os.close(keyboard)
            os.close(terminal)
    return log.read_text(encoding="utf-8", errors="replace"), is_late


def _wait(process: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)


def _part(
    scanner: str,
    caller: Caller,
    began: float,
    tally: Tally,
    meant: Iterable[Target],
    found: list[Finding],
    late: list[str],
) -> Part:
    routes: set[Asked] = {(one.method, one.endpoint) for one in meant if one.lets_in}
    asked, reached = routes & tally.asked, routes & tally.reached
    failed = [Finding("portal", f"status {status}", f"{method} {name}") for method, name, status in tally.failures]
    return Part(
        scanner,
        caller.name,
        time.monotonic() - began,
        {digit: tally.of_class(digit) for digit in (2, 3, 4, 5)},
        len(routes),
        len(asked),
        len(reached),
        sorted(f"{method} {name}" for method, name in asked - reached),
        [*found, *failed],
        late,
    )


if __name__ == "__main__":
    sys.exit(main())
