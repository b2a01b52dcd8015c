"""Load for the gateway and its peers: wrk, which comes from Debian, with requests that were prepared in a file."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

SCRIPT = Path(__file__).with_name("gateway_load.lua")
CONNECTIONS = 16
AGENT = "Magento Services Connector (Magento: Community 2.4.8-p1)"
SERVER_CORE, LOAD_CORE = "0", "1"


@dataclass(frozen=True)
class Asked:
    """A request that is sent many times."""

    path: str
    headers: dict[str, str]
    method: str = "GET"
    body: str = ""

    def octets(self) -> bytes:
        """As it goes over the wire."""
        length = {"Content-Length": str(len(self.body))} if self.body else {}
        lines = [f"{name}: {value}" for name, value in ({"Host": "127.0.0.1"} | self.headers | length).items()]
        return "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", self.body]).encode()


@dataclass(frozen=True)
class Span:
    """What came of a short span of load. Times are microseconds."""

    answers: int
    seconds: float
    sent: int
    refused: int
    broken: int
    p50: int
    p99: int
    longest: int

    @property
    def good_rate(self) -> float:
        """Answers in a second. Raises: SystemExit, when any was a refusal."""
        if self.refused or self.broken:
            raise SystemExit(f"of {self.answers} answers {self.refused} were refusals, {self.broken} did not come")
        return self.answers / self.seconds


def have_wrk() -> None:
    """Return when wrk is there: root gets it from Debian. Raises: SystemExit."""
    if shutil.which("wrk"):
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", "wrk"]
    if os.geteuid() or not shutil.which("apt-get"):
        raise SystemExit(f"wrk is missing, which makes the load; as root: apt-get update && {' '.join(install)}")
    print("Installing wrk from Debian, which makes the load", flush=True)
    for command in (install, ["apt-get", "update"], install):
        if subprocess.run(command, capture_output=True).returncode == 0 and command is install:  # noqa: S603
            return
    raise SystemExit("apt-get could not install wrk")


def pinned(core: str) -> list[str]:
    """What stands before a command to keep it on this core; nothing on a machine with a single one."""
    alone = (os.cpu_count() or 1) < 2 or not shutil.which("taskset")
    return [] if alone else ["taskset", "--cpu-list", core]


def shops_headers(api_key: str, token: str, data_space: str) -> dict[str, str]:
    """The headers of a stock shop's call."""
    return {
        "magento-api-key": api_key,
        "x-api-key": api_key,
        "x-gw-signature": token,
        "Magento-Environment-Id": data_space,
        "User-Agent": AGENT,
        "Content-Type": "application/json",
        "Accept": "*/*",
    }


def written(file: Path, asked: Iterable[Asked]) -> Path:
    """The file, with these requests as the load wants them."""
    with file.open("wb") as out:
        for octets in map(Asked.octets, asked):
            out.write(b"%d\n%s" % (len(octets), octets))
    return file


def load(port: int, file: Path, seconds: float, connections: int = CONNECTIONS) -> Span:
    """Send the requests of `file` over and over for so long. Raises: SystemExit."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT)]
    command = [*pinned(LOAD_CORE), *words, f"http://127.0.0.1:{port}", "--", str(file)]
    wrk = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if wrk.returncode:
        raise SystemExit(f"wrk ended with {wrk.returncode}: {wrk.stderr}{wrk.stdout}")
    return Span(**json.loads(wrk.stdout.splitlines()[-1]))


def answers(port: int, asked: Iterable[Asked]) -> Iterator[HTTPResponse]:
    """The answers to these requests, one after the other over one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for one in asked:
        connection.request(one.method, one.path, one.body or None, one.headers)
        response = connection.getresponse()
        response.read()
        yield response
    connection.close()
