"""What offline tests need: tables that change at random, and a portal that signs bundles of them over HTTP."""

import json
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.access.roles import Environment
from portal.impact import bundled
from portal.impact.bundled import Rows
from portal.impact.bundles import Behind, Issuer
from portal.verifier import bundle as bundles
from portal.verifier.bundle import Bundle, Sign, State
from portal.verifier.decision import Call, Policy
from portal.verifier.records import ContractRow, DelegationRow, GrantRow, GrantsRow, KeyRow, SpaceRow, TenantRow
from portal.verifier.rows import name_of
from portal.verifier.tables import Delta, Tables
from tests.connector.shop import a_token
from tests.factories import a_private_key

NOON, DAY = 1_795_000_000.0, 86_400.0
SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
OWNER, INTEGRATOR, CONTRACT, DELEGATION, PROJECT = (uuid.UUID(int=n) for n in range(10, 15))
OWN, DELEGATED, LIVE = "0" * 32, "1" * 32, "2" * 32  # of the sandbox, but the last
NUMBERS = {OWN: 500, DELEGATED: 501, LIVE: 502}
SPACE, LIVE_SPACE = "space-test", "space-live"
SERVICE = "search"


@cache
def private_of(number: int) -> RSAPrivateKey:
    return a_private_key(number)  # which itself forgets keys, when there are many


@cache
def spki_of(number: int) -> bytes:
    return private_of(number).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def a_key(api_key: str, environment: Environment = SANDBOX, delegation: uuid.UUID | None = None) -> KeyRow:
    holder = OWNER if delegation is None else INTEGRATOR
    facts = (environment.value, "active", None, None, None, spki_of(NUMBERS.get(api_key, 500)))
    return KeyRow(api_key, uuid.UUID(int=int(api_key, 16) + 99), OWNER, holder, CONTRACT, delegation, *facts)


def a_world() -> Delta:
    """An owner with a key on each side and two data spaces, and an integrator with a delegated one."""
    reach = (("production", "sandbox"), ("keys", "view"), None)
    return Delta(
        tenants=[
            TenantRow(OWNER, "MAG000000001", "Aurora 光輝", "good"),
            TenantRow(INTEGRATOR, "MAG000000002", "Brückner", "good"),
        ],
        contracts=[ContractRow(CONTRACT, NOON - 30 * DAY, NOON + 30 * DAY, None)],
        grants=[GrantsRow(OWNER, (GrantRow(SERVICE, CONTRACT, NOON - DAY, NOON + 20 * DAY, None, False),))],
        delegations=[DelegationRow(DELEGATION, "dlg_1", "active", NOON + 9 * DAY, *reach)],
        keys=[a_key(OWN), a_key(DELEGATED, delegation=DELEGATION), a_key(LIVE, PRODUCTION)],
        spaces=[
            SpaceRow(SPACE, OWNER, PROJECT, "sandbox", False),
            SpaceRow(LIVE_SPACE, OWNER, PROJECT, "production", False),
        ],
        services=frozenset({SERVICE, "payments"}),
    )


def revoked(api_key: str = OWN) -> Delta:
    return Delta(keys=[a_key(api_key)._replace(state="revoked")])


def some_tables(policy: Policy = Policy.REPORT) -> Tables:
    tables = Tables(policy)
    tables.apply(a_world(), 1)
    return tables


def a_call(at: float = NOON, api_key: str = OWN, service: str | None = SERVICE, space: str | None = SPACE) -> Call:
    return Call(api_key, a_token(private_of(NUMBERS[api_key]), int(at) + 300), service, space)


class SigningKeys:
    """The portal's keys for bundles, without a database."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.retired: list[Ed25519PrivateKey] = []

    def rotate(self, *, forget: bool = False) -> None:
        self.retired = [] if forget else [self.private]
        self.private = Ed25519PrivateKey.generate()

    def signer(self, _environment: Environment) -> tuple[str, Sign]:
        return key_id(self.private), self.private.sign

    @property
    def jwks(self) -> dict[str, Any]:
        every = [self.private, *self.retired]
        return {"keys": [bundles.as_jwk(key_id(key), key.public_key().public_bytes_raw()) for key in every]}


def key_id(key: Ed25519PrivateKey) -> str:
    return f"sig_{key.public_key().public_bytes_raw().hex()[:24]}"


@dataclass
class Worker:
    """A portal that gives bundles over HTTP, as of `as_of`; what it answered and was told is kept."""

    tables: Tables = field(default_factory=some_tables)
    keys: SigningKeys = field(default_factory=SigningKeys)
    as_of: float = NOON
    port: int = 0
    asked: list[str] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    is_away: bool = False
    instead: bytes | None = None  # what it gives in the place of a bundle
    credentials: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def restart(self) -> None:
        """Know nothing of earlier versions, as another worker."""
        self._issuers: dict[Environment, Issuer] = {}

    def change(self, delta: Delta) -> None:
        self.tables.apply(delta, self.tables.version + 1)

    def issue(self, environment: Environment = SANDBOX, since: State | None = None) -> bytes:
        if environment not in self._issuers:
            self._issuers[environment] = Issuer(self.url, environment, 300, self.keys.signer)
            self._issuers[environment].short_seconds = 60  # however busy the machine is
        return self._issuers[environment].issue(self.tables, self.as_of, since).octets

    def read(self, octets: bytes) -> Bundle:
        return bundles.read(octets, bundles.public_keys(self.keys.jwks).get)

    def answer(self, path: str) -> tuple[int, bytes]:
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(path)
        if self.is_away:
            return 502, b""
        if parts.path.startswith("/gateway/jwks/"):
            return 200, json.dumps(self.keys.jwks).encode()
        if self.instead is not None:
            return 200, self.instead
        since = State(int(asked["since"]), asked["digest"]) if "since" in asked else None
        try:
            return 200, self.issue(Environment(asked["environment"]), since)
        except Behind:
            return 503, b""

    @property
    def asked_for(self) -> list[str]:
        """Which kinds of answers were asked for."""
        return ["keys" if "jwks" in path else "delta" if "since" in path else "whole" for path in self.asked]


@contextmanager
def serving(worker: Worker) -> Iterator[Worker]:
    """The worker answers on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            worker.credentials.append(self.headers["Authorization"])
            self._send(*worker.answer(self.path))

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            worker.reports.append(content)
            self._send(502 if worker.is_away else 200, b"{}")

        def _send(self, status: int, octets: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    worker.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield worker
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_random_change(chance: random.Random, tables: Tables) -> Delta:
    """Something of what can happen: new, changed and gone keys and spaces, tenants, contracts, grants, delegations."""
    number = chance.randrange(10**6)
    tenant = chance.choice([OWNER, INTEGRATOR, uuid.UUID(int=1000 + number % 7)])
    contract = ContractRow(uuid.UUID(int=2000 + number % 5), NOON - DAY, NOON + number, chance.choice([None, NOON]))
    delta = Delta(tenants=[TenantRow(tenant, f"MAG{number % 7:09}", f"Tenant {number}", "good")], contracts=[contract])
    delta.grants = [GrantsRow(tenant, tuple(_grant(chance, contract.id) for _ in range(chance.randrange(3))))]
    side = chance.choice([SANDBOX, PRODUCTION])
    state = chance.choice(["active", "retiring", "revoked"])
    key = a_key(f"{100 + number % 30:032x}", side)._replace(tenant_id=tenant, holder_id=tenant, state=state)
    if key.api_key not in tables.keys:
        delta.keys = [key]
    elif chance.random() < 0.5:
        delta.gone_keys = [key.api_key]
    delta.spaces = [SpaceRow(f"space-{number % 20}", tenant, PROJECT, side.value, chance.random() < 0.5)]
    if chance.random() < 0.3 and tables.spaces:
        delta.gone_spaces = [chance.choice(sorted(tables.spaces.keys() - {delta.spaces[0].public_id}))]
    delta.delegations = [
        DelegationRow(DELEGATION, "dlg_1", chance.choice(["active", "paused"]), NOON + number, ("sandbox",), (), None)
    ]
    if chance.random() < 0.1:
        delta.services = frozenset({SERVICE, f"service-{number % 4}"})
    return delta


def _grant(chance: random.Random, contract_id: uuid.UUID) -> GrantRow:
    return GrantRow(chance.choice([SERVICE, "payments"]), contract_id, NOON, NOON + DAY, None, chance.random() < 0.5)


def rows_of(tables: Tables, environment: Environment) -> Rows:
    """What a bundle lists, worked out anew: the keys of the environment and all that they need."""
    keys = [key for key in tables.keys.values() if key.environment == environment.value]
    owners = {key.owner.id: key.owner for key in keys}
    grants = [grant for owner in owners.values() for several in owner.grants.values() for grant in several]
    rows: dict[str, list[Any]] = {
        "tenants": [bundled._tenant(tenant) for key in keys for tenant in (key.owner, key.holder)],
        "contracts": [bundled._contract(one.contract) for one in (*keys, *grants)],
        "grants": [bundled._grants(owner) for owner in owners.values()],
        "delegations": [bundled._delegation(key.delegation) for key in keys if key.delegation is not None],
        "keys": [bundled._key(key) for key in keys],
        "spaces": [bundled._space(space) for space in tables.spaces.values() if space.owner.id in owners],
    }
    return {kind: {name_of(row): row for row in some} for kind, some in rows.items()}
