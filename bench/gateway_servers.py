"""Our own servers in the race: a trivial WSGI app, a trivial Flask route, and the door with so and so many keys."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import gateway_keys, gateway_records
from bench.accounts import prepared
from bench.gateway_keys import Token
from bench.gateway_load import SERVER_CORE, Asked, Span, answers, load, pinned, shops_headers, written
from bench.gateway_target import CREDENTIAL, FACTS, FORGET
from bench.serving import ROOT, environment, free_port, running

# As docs/gateway.md starts the workers that answer checks, and with one worker.
GRANIAN = "-m granian --interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 1 --log-level warning"
FEW = 2000  # tokens that have been seen
READY_SECONDS = 300
WHO = ("X-Portal-Account", "X-Portal-Tenant", "X-Portal-Holder", "X-Portal-Data-Space", "X-Portal-Environment")


@dataclass(frozen=True)
class Server:
    """A server with one set of prepared requests for tokens that it has seen, and one for tokens that are new to it."""

    port: int
    seen_file: Path
    new_file: Path

    def seen(self, seconds: float) -> Span:
        """A span in which each token has come before."""
        return load(self.port, self.seen_file, seconds)

    def new(self, seconds: float) -> Span:
        """A span in which each token comes for the first time."""
        return load(self.port, self.new_file, seconds)

    def facts(self) -> dict[str, float]:
        """What the door's process says of itself."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", FACTS)
        facts: dict[str, float] = json.loads(connection.getresponse().read())
        return facts


@contextmanager
def served(python: str, target: str, keys: int, bits: int, tokens: list[Token], folder: Path) -> Iterator[Server]:
    """This target of bench/gateway_target.py on the servers' core, once it answers. Raises: SystemExit."""
    port = free_port()
    settings = environment(f"sqlite:///{folder}/{target}-{keys}.sqlite3", port, str(folder))
    settings |= {"BENCH_KEYS": str(keys), "BENCH_BITS": str(bits)}
    words = [python, *GRANIAN.split(), "--port", str(port), f"bench.gateway_target:{target}"]
    if target == "door":
        prepared(settings)  # its workers report how they are
    asked = [_asked(*token) for token in tokens]
    with running([*pinned(SERVER_CORE), *words], port, settings, ROOT):
        _wait_until_ready(port, asked[0])
        if target == "door":
            _look_at(port, asked)
        files = folder / f"{target}-{keys}-seen", folder / f"{target}-{keys}-new"
        # The door forgets the tokens that it has seen as often as they begin anew.
        yield Server(port, written(files[0], asked[:FEW]), written(files[1], [Asked(FORGET, {}), *asked]))


def _asked(number: int, token: str) -> Asked:
    headers = shops_headers(gateway_keys.api_key(number), token, gateway_records.space_of(number))
    return Asked(f"/gateway/check/{gateway_records.SERVICE}", headers | {"X-Portal-Credential": CREDENTIAL})


def _wait_until_ready(port: int, asked: Asked) -> None:
    deadline = time.monotonic() + READY_SECONDS
    status: Any = "nothing"
    while time.monotonic() < deadline:
        try:
            status = next(answers(port, [asked])).status
        except OSError:
            status = "nothing"
        if status == 204:
            return
        time.sleep(0.2)
    raise SystemExit(f"the server on port {port} answers with {status}")


def _look_at(port: int, asked: list[Asked]) -> None:
    """Nothing, when the door says who calls, and refuses a token that was tampered with. Raises: SystemExit."""
    (good,) = answers(port, asked[:1])
    missing = [name for name in WHO if good.getheader(name) is None]
    headers = asked[0].headers
    tampered = headers | {"x-gw-signature": headers["x-gw-signature"][:-8] + "AAAAAAAA"}
    (bad,) = answers(port, [Asked(asked[0].path, tampered)])
    if missing or bad.status != 401:
        raise SystemExit(f"the door answers without {missing}, and {bad.status} to a tampered token")
