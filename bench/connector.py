"""What a shop's calls cost at the connector's door, beside a bare Flask route under the same server in the same run.

    .venv/bin/python -m bench.connector                a SQLite file in a temporary folder
    .venv/bin/python -m bench.connector --url URL      an empty PostgreSQL database; its role may create tables

Both servers are Granian as script/server starts it, with one worker. One connection asks each in turn, so that whatever
else the machine does meets all alike. Aims: a verified ping costs at most 4 × the bare route; the list of an account
with 300 data spaces takes at most 3 × a ping; leaving traces costs a ping at most 5 %, seen beside a portal that leaves
none. Figures move from run to run; ratios hold.
"""

import argparse
import base64
import hashlib
import json
import socket
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from flask_migrate import upgrade

from bench.serving import environment as settings_of
from bench.serving import free_port, served
from portal.access.actor import system_actor
from portal.access.roles import Environment
from portal.app import create_app
from portal.config import Settings
from portal.contracts import catalogue
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.words import same_name
from portal.keys.models import KeyOrigin, KeyPair, KeyState
from portal.projects import store as projects
from portal.projects.models import DataSpace, DataSpaceType, Project
from portal.tenants import operations as tenants

PING, REGISTRY = "/merchant-registry/v1/ping", "/merchant-registry/v1/registry"
SPACES = 300
QUIET_PING = "ping without traces"
AIMS = {"ping": [("bare route", 4.0), (QUIET_PING, 1.05)], "registry": [("ping", 3.0)]}

bare = Flask("bare")


@bare.route("/")
def hello() -> str:
    """The route that everything is held against."""
    return "hello"


def quiet(environ: Any, start_response: Any) -> Any:
    """The portal, leaving no traces."""
    import wsgi
    from portal.connector import door

    door.traces.gather = lambda _trace: None  # type: ignore[assignment]
    return wsgi.app(environ, start_response)


class Connection:
    """One kept connection that sends prepared octets and reads one answer, with as little of its own as possible."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self.socket.sendall(request)
        octets = b""
        while b"\r\n\r\n" not in octets:
            octets += self.socket.recv(65_536)
        head, _end, body = octets.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self.socket.recv(min(missing, 1_048_576)))
            missing -= len(parts[-1])
        return int(head[9:12]), b"".join(parts)


def request(port: int, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b"") -> bytes:
    """The octets of a request."""
    all_headers = {"Host": f"localhost:{port}", "Content-Length": str(len(body))} | headers
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def main() -> None:
    """Fill, serve, measure, print."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        portal_port, quiet_port, bare_port = free_port(), free_port(), free_port()
        environment = settings_of(wish.url or f"sqlite:///{temporary}/bench.sqlite3", portal_port, temporary)
        private = rsa.generate_private_key(65537, wish.bits)
        api_key = _fill(environment, private)
        stack.enter_context(served("wsgi:app", portal_port, environment))
        quietly = environment | {"EXTERNAL_BASE_URL": f"http://localhost:{quiet_port}"}
        stack.enter_context(served("bench.connector:quiet", quiet_port, quietly))
        stack.enter_context(served("bench.connector:bare", bare_port, environment))
        seconds = _measure(wish.rounds, (portal_port, quiet_port, bare_port), api_key, private)
    _print(seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--bits", type=int, default=3072, help="of the key pair")
    parser.add_argument("--url", help="URL of an empty PostgreSQL database")
    return parser.parse_args()


def _fill(environment: dict[str, str], private: rsa.RSAPrivateKey) -> str:
    """An account with one key pair and 300 data spaces; gives the API key."""
    settings = {name.lower(): value for name, value in environment.items()}
    app = create_app(Settings.model_validate(settings))
    with app.app_context():
        upgrade()
        with transaction():
            catalogue.load()
        with transaction():
            tenant, now = tenants.create(system_actor("bench"), "Aurora"), clock.now()
            terms = (now - timedelta(days=1), now + timedelta(days=365))
            contract = entitlements.conclude(system_actor("bench"), tenant, contracts.edition("adobe-commerce"), *terms)
            pair = a_pair(contract, private)
            for number in range(SPACES // 3):
                a_project(contract, number)
            return pair.api_key


def a_pair(contract: Contract, private: rsa.RSAPrivateKey, name: str = "Shop") -> KeyPair:
    """An active key pair of production under this contract."""
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pair_of(contract, spki, private.key_size, name)


def pair_of(contract: Contract, spki: bytes, bits: int, name: str) -> KeyPair:
    """As `a_pair`, with whatever octets for a public key."""
    pair = KeyPair(
        tenant_id=contract.tenant_id,
        holder_id=contract.tenant_id,
        contract_id=contract.id,
        environment=Environment.PRODUCTION,
        name=name,
        name_key=same_name(name),
        spki=spki,
        spki_sha256=hashlib.sha256(spki).digest(),
        bits=bits,
        state=KeyState.ACTIVE,
        origin=KeyOrigin.UPLOAD,
    )
    db.session.add(pair)
    db.session.flush()
    return pair


def a_project(contract: Contract, number: int) -> None:
    """A project with three data spaces."""
    name = f"Shop {number:03}"
    project = Project(tenant_id=contract.tenant_id, contract_id=contract.id, name=name, name_key=same_name(name))
    spaces = [
        DataSpace(type=kind, environment=kind.environment, name=name, name_key=same_name(name), position=position)
        for position, (kind, name) in enumerate(
            [
                (DataSpaceType.PRODUCTION, "Production"),
                (DataSpaceType.TESTING, "Testing 1"),
                (DataSpaceType.TESTING, "Testing 2"),
            ]
        )
    ]
    projects.add_project(project, spaces)


def _measure(
    rounds: int, ports: tuple[int, int, int], api_key: str, private: rsa.RSAPrivateKey
) -> dict[str, list[float]]:
    """Seconds of each call, by its name; the first round warms up and is left out."""
    portal_port, quiet_port, bare_port = ports
    portal, silent, flask = (Connection(port) for port in ports)
    seconds: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        headers = shops_headers(api_key, private)
        calls: list[tuple[str, Connection, bytes, int]] = [
            ("bare route", flask, request(bare_port, "/", headers), 50),
            (QUIET_PING, silent, request(quiet_port, PING, headers), 50),
            ("ping", portal, request(portal_port, PING, headers), 50),
            ("registry", portal, request(portal_port, REGISTRY, headers), 20),
        ]
        for name, connection, octets, times in calls:
            for _time in range(times):
                _timed(seconds, name, connection, octets)
        space_id = json.loads(portal.ask(calls[-1][2])[1])["results"][0]["environmentId"]
        body = json.dumps({"environmentName": f"Round {number}"}).encode()
        rename = request(portal_port, f"{REGISTRY}/environments/{space_id}", headers, "PATCH", body)
        _timed(seconds, "rename", portal, rename)
        _timed(seconds, "registry after a change", portal, calls[-1][2])
        if number == 0:
            seconds = {}
    return seconds


def shops_headers(api_key: str, private: rsa.RSAPrivateKey) -> dict[str, str]:
    """What a stock shop sends for the next five minutes."""
    claims = {"exp": int(time.time()) + 300, "iss": "bench", "https://ims.example.com/s/ent_magento": True}
    message = f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(claims)}"
    signature = private.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        "magento-api-key": api_key,
        "x-api-key": api_key,
        "x-gw-signature": f"{message}.{_encoded(signature)}",
        "User-Agent": "Magento Services Connector (Magento: Community 2.4.8-p1)",
        "Content-Type": "application/json",
    }


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _timed(seconds: dict[str, list[float]], name: str, connection: Connection, octets: bytes) -> None:
    began = time.perf_counter()
    status, body = connection.ask(octets)
    seconds.setdefault(name, []).append(time.perf_counter() - began)
    if status != 200:
        raise SystemExit(f"{name}: answered with {status}: {body[:200]!r}")


def _print(seconds: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{'call':<26} {'median':>10} {'compared with':>20} {'ratio':>6} {'aim':>5}")
    for name, median in medians.items():
        lines = [
            f" {other:>20} {median / medians[other]:6.2f} {aim:5.2f}{'' if median <= aim * medians[other] else '  <'}"
            for other, aim in AIMS.get(name, [])
        ]
        for line in lines or [""]:
            print(f"{name:<26} {median * 1e6:7.0f} µs{line}")


if __name__ == "__main__":
    main()
