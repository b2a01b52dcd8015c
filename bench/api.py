"""What a list costs at the API's door, beside a plain Flask route with the same query and JSON, in the same run.

    .venv/bin/python -m bench.api                      a SQLite file in a temporary folder
    .venv/bin/python -m bench.api --url URL            an empty PostgreSQL database; its role may create tables
    .venv/bin/python -m bench.api --profile            where the time of the API goes, in this process

Both servers are Granian as script/server starts it, with one worker. One connection asks each in turn, so that whatever
else the machine does meets both alike; the ratio is the median of the rounds' ratios. The aim: a list of 100 key pairs
takes at most 1.3 × the plain route, whose rows nobody has to be let in for. Figures move from run to run; ratios hold.
"""

import argparse
import cProfile
import json
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from flask import Flask, Response, jsonify
from flask_migrate import upgrade

from bench.connector import Connection, a_project, pair_of, request
from bench.serving import environment as settings_of
from bench.serving import free_port, served
from portal.access.actor import Actor, system_actor
from portal.access.roles import Role, Scope
from portal.accounts import members, passwords, people
from portal.accounts import store as accounts
from portal.app import create_app
from portal.config import Settings
from portal.contracts import catalogue
from portal.contracts import store as contracts
from portal.delegations.people import as_member
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import LOOKS, db, transaction
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.keys.status import LIVE, status_of
from portal.projects import store as projects
from portal.projects.models import Project
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tokens import operations as tokens
from portal.usage import store as usage
from portal.usage.store import LastUse

ROWS = 100
AIM = 1.3
ACCOUNT = "BENCH_ACCOUNT"  # whose rows the plain routes list
PLAIN = "plain route"


def plain(environ: Any, start_response: Any) -> Any:
    """The plain routes: Flask, its SQLAlchemy as its own manual sets it up, and no portal around them."""
    return _plain()(environ, start_response)


@cache
def _plain() -> Flask:
    app = Flask("plain")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    app.config["SQLALCHEMY_BINDS"] = {LOOKS: os.environ["DATABASE_URL"]}
    db.init_app(app)
    with app.app_context():
        tenant = tenant_store.get_by_account_id(os.environ[ACCOUNT])
        actor = system_actor("bench", tenant.id)
    for name, (path, list_of) in LISTS.items():
        app.add_url_rule(path.format(account=os.environ[ACCOUNT]), name, partial(_answered, list_of, actor))
    return app


def _answered(list_of: Callable[[Actor], dict[str, Any]], actor: Actor) -> Response:
    return jsonify(list_of(actor))


def list_of_projects(actor: Actor) -> dict[str, Any]:
    """What the API answers, by hand."""
    page = projects.page(actor, place=None)
    return {"items": [_project(row) for row in page.rows], "next": page.next_place}


def _project(row: Project) -> dict[str, Any]:
    spaces = [
        {
            "id": one.public_id,
            "name": one.name,
            "type": one.type.value,
            "environment": one.environment.value,
            "surplus": one.surplus and one.surplus.value,
            "version": one.version,
        }
        for one in row.data_spaces
    ]
    return {
        "id": row.public_id,
        "name": row.name,
        "contract": row.contract.public_id,
        "edition": row.contract.edition.code,
        "created_at": moment(row.created_at),
        "data_spaces": spaces,
        "version": row.version,
    }


def list_of_keys(actor: Actor) -> dict[str, Any]:
    """What the API answers, by hand: pairs of both environments, and who used them last."""
    page = keys.listed(actor, None, place=None)
    uses, now = usage.last_uses(actor, page.rows), clock.now()
    return {"items": [_key(row, uses.get(row.id), now) for row in page.rows], "next": page.next_place}


def _key(row: KeyPair, use: LastUse | None, now: datetime) -> dict[str, Any]:
    status, ended_at = status_of(row, now), row.revoked_at or row.retired_at
    return {
        "api_key": row.api_key,
        "name": row.name,
        "environment": row.environment.value,
        "live": status in LIVE,
        "status": status.value,
        "owner": row.owner.account_id,
        "owner_name": row.owner.name,
        "holder": row.holder.account_id,
        "holder_name": row.holder.name,
        "contract": row.contract.public_id,
        "contract_kind": row.contract.kind.value,
        "edition": row.contract.edition.code,
        "delegation": row.delegation and row.delegation.public_id,
        "origin": row.origin.value,
        "made_by": row.made_by and row.made_by.name,
        "public_key_sha256": row.spki_sha256.hex(),
        "bits": row.bits,
        "created_at": moment(row.created_at),
        "activated_at": row.activated_at and moment(row.activated_at),
        "expires_at": row.expires_at and moment(row.expires_at),
        "retiring_until": row.retiring_until and moment(row.retiring_until),
        "ending": row.ending and row.ending.value,
        "stops_at": row.stops_at and moment(row.stops_at),
        "ended_at": ended_at and moment(ended_at),
        "last_used_at": use and moment(use.at),
        "last_used_by": use and use.installation,
        "version": row.version,
    }


def moment(at: datetime) -> str:
    """As the API writes it."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


LISTS: dict[str, tuple[str, Callable[[Actor], dict[str, Any]]]] = {
    "keys": ("/api/v1/{account}/keys", list_of_keys),
    "projects": ("/api/v1/{account}/projects", list_of_projects),
}


def main() -> None:
    """Fill, serve, measure, print; 1 when the aim was missed."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        portal_port, plain_port = free_port(), free_port()
        environment = settings_of(wish.url or f"sqlite:///{temporary}/bench.sqlite3", portal_port, temporary)
        app = create_app(Settings.model_validate({name.lower(): value for name, value in environment.items()}))
        with app.app_context():
            account, token = _fill()
        headers = {"Authorization": f"Bearer {token}"}
        if wish.profile:
            return _profile(app, account, headers)
        stack.enter_context(served("wsgi:app", portal_port, environment))
        stack.enter_context(served("bench.api:plain", plain_port, environment | {ACCOUNT: account}))
        lines = [
            _measured(name, path.format(account=account), (portal_port, plain_port), headers, wish)
            for name, (path, _list_of) in LISTS.items()
        ]
    print(f"{'list of 100':<12} {'API':>10} {PLAIN:>12} {'ratio':>6} {'aim':>5}")
    print("\n".join(lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--times", type=int, default=20, help="each is asked in a round")
    parser.add_argument("--url", help="URL of an empty PostgreSQL database")
    parser.add_argument("--profile", action="store_true")
    return parser.parse_args()


def _fill() -> tuple[str, str]:
    """An account with 100 projects and 100 key pairs; gives its id and its owner's token."""
    upgrade()
    bench, now = system_actor("bench"), clock.now()
    with transaction():
        catalogue.load()
    with transaction():
        tenant = tenants.create(bench, "Aurora")
        terms = (now - timedelta(days=1), now + timedelta(days=365))
        contract = entitlements.conclude(bench, tenant, contracts.edition("adobe-commerce"), *terms)
        for number in range(ROWS):
            a_project(contract, number)
            pair_of(contract, os.urandom(294), 2048, f"Shop {number:03}")
        account, tenant_id = tenant.account_id, tenant.id
    return account, _token(system_actor("bench", tenant_id), now)


def _token(bench: Actor, now: datetime) -> str:
    email, name = "nina@example.com", "Nina"
    chosen = passwords.choose("a long one, for measuring only", email=email, name=name)
    with transaction():
        person = people.create(system_actor("bench"), email, name, chosen)
        membership = members.add(bench, person, Role.OWNER)
        whole = accounts.get_membership(bench, membership.id)
        owner = as_member(whole, contracts.powers_of(whole, now))
        ends_at = now + timedelta(days=30)
        return tokens.issue(owner, name="Bench", scopes=frozenset({Scope.READ}), ends_at=ends_at).secret


def _measured(name: str, path: str, ports: tuple[int, int], headers: dict[str, str], wish: argparse.Namespace) -> str:
    """The line of one list, after a first round that warms up and shows that both answer the same."""
    asked = [(Connection(port), request(port, path, headers)) for port in ports]
    answers = [connection.ask(octets) for connection, octets in asked]
    if any(status != 200 for status, _body in answers) or _differs(*(body for _status, body in answers)):
        raise SystemExit(f"{name}: the answers differ: {[(status, body[:300]) for status, body in answers]}")
    rounds = [_round(asked, wish.times) for _round_number in range(wish.rounds + 1)][1:]
    ratio = statistics.median(api / other for api, other in rounds)
    api, other = (statistics.median(each) for each in zip(*rounds, strict=True))
    missed = "" if ratio <= AIM else "  <"
    return f"{name:<12} {api * 1e6:7.0f} µs {other * 1e6:9.0f} µs {ratio:6.2f} {AIM:5.2f}{missed}"


def _differs(one: bytes, other: bytes) -> bool:
    return bool(json.loads(one) != json.loads(other))


def _round(asked: list[tuple[Connection, bytes]], times: int) -> tuple[float, float]:
    """Median seconds of the API and of the plain route, asked in turn."""
    seconds: list[list[float]] = [[], []]
    for _time in range(times):
        for taken, (connection, octets) in zip(seconds, asked, strict=True):
            began = time.perf_counter()
            connection.ask(octets)
            taken.append(time.perf_counter() - began)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def _profile(app: Flask, account: str, headers: dict[str, str]) -> None:
    client = app.test_client()
    for name, (path, _list_of) in LISTS.items():
        ask = partial(client.get, path.format(account=account), headers=headers, base_url=_base_of(app))
        for _time in range(10):
            ask()
        profile = cProfile.Profile()
        profile.enable()
        for _time in range(100):
            ask()
        profile.disable()
        print(name)
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)


def _base_of(app: Flask) -> str:
    address: str = app.config["PORTAL"].external_base_url
    return address


if __name__ == "__main__":
    main()
