"""Medians of every dashboard in a small database and in one a hundred times as large, side by side, with the ratio.

    .venv/bin/python -m bench.pages                          two SQLite files in a temporary folder
    .venv/bin/python -m bench.pages --keep var/bench         the same, kept: a second run need not fill them again
    .venv/bin/python -m bench.pages --small URL --large URL  two empty databases; their role may create tables

The large one has 10,000 tenants, 100,000 keys and 50,000 projects; the small one 1 % of each. Pages are asked for in
the process itself, small and large in turn, so that whatever else the machine does meets both alike. The aim is a ratio
of at most 1.5 (performance.md). Figures move from run to run; ratios hold.
"""

import argparse
import base64
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import Engine, event, text

from bench.filling import Filler, World
from portal.accounts import passwords, sessions
from portal.accounts.models import Person
from portal.app import create_app
from portal.config import MailBackend, Mode, Settings
from portal.contracts import catalogue
from portal.foundation.database import db, transaction

AIM = 1.5


@dataclass
class Side:
    """One database with the portal on it, somebody of each kind signed in, and what was measured."""

    app: Flask
    world: World
    clients: dict[str, tuple[FlaskClient, str]]
    seconds: dict[str, list[float]]
    statements: dict[str, int]

    def get(self, page: str, who: str, path: str) -> None:
        """Ask for the page once and note how long it took, and how many statements."""
        client, account = self.clients[who]
        sent: list[str] = []
        event.listen(Engine, "before_cursor_execute", _noting := _note(sent))
        began = time.perf_counter()
        answer = client.get(path.format(account=account, world=self.world, **self._ids()))
        self.seconds.setdefault(page, []).append(time.perf_counter() - began)
        event.remove(Engine, "before_cursor_execute", _noting)
        self.statements[page] = len(sent)
        if answer.status_code != 200:
            raise SystemExit(f"{page}: answered with {answer.status_code}")

    def _ids(self) -> dict[str, str]:
        return {f"{who}_id": account for who, (_client, account) in self.clients.items()}


def _note(sent: list[str]) -> Any:
    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    return note


PAGES: dict[str, tuple[str, str]] = {
    "licensee: overview": ("licensee", "/{account}"),
    "licensee: keys": ("licensee", "/{account}/keys"),
    "licensee: projects": ("licensee", "/{account}/projects"),
    "licensee: activity": ("licensee", "/{account}/activity"),
    "licensee: activity of one person": ("licensee", "/{account}/activity?person=Person+3"),
    "integrator: overview": ("integrator", "/{account}"),
    "integrator: clients": ("integrator", "/{account}/clients"),
    "partner: overview": ("partner", "/{account}"),
    "console: overview": ("vendor", "/{account}/console/overview"),
    "console: tenants": ("vendor", "/{account}/console/tenants"),
    "console: tenants, suspended": ("vendor", "/{account}/console/tenants?standing=suspended"),
    "console: tenants by name": ("vendor", "/{account}/console/tenants?q={world.name}"),
    "console: search by name": ("vendor", "/{account}/console/search?q={world.name}"),
    "console: search by one letter": ("vendor", "/{account}/console/search?q=a"),
    "console: search, all projects": ("vendor", "/{account}/console/search?q=r&kind=project"),
    "console: search by account id": ("vendor", "/{account}/console/search?q={licensee_id}"),
    "console: search by API key": ("vendor", "/{account}/console/search?q={world.api_key}"),
    "console: search by 8 of an API key": ("vendor", "/{account}/console/search?q={world.api_key:.8}"),
    "console: search by data space": ("vendor", "/{account}/console/search?q={world.space_id}"),
    "console: search by e-mail": ("vendor", "/{account}/console/search?q={world.email}"),
    "console: search by person": ("vendor", "/{account}/console/search?q={world.person}"),
    "console: search by project": ("vendor", "/{account}/console/search?q={world.project}"),
    "console: search by shop address": ("vendor", "/{account}/console/search?q=https://www.{world.host}"),
    "console: search by contract": ("vendor", "/{account}/console/search?q={world.contract_id}"),
    "console: one tenant": ("vendor", "/{account}/console/tenants/{licensee_id}"),
    "console: contracts": ("vendor", "/{account}/console/contracts"),
    "console: contracts, 30 days": ("vendor", "/{account}/console/contracts?ends=30"),
    "console: contracts of the suspended": ("vendor", "/{account}/console/contracts?standing=suspended"),
    "console: contracts of partners": ("vendor", "/{account}/console/contracts?kind=partner"),
    "console: entitlements": ("vendor", "/{account}/console/entitlements"),
    "console: entitlements, one service": ("vendor", "/{account}/console/entitlements?service=live-search"),
    "console: entitlements of partners": ("vendor", "/{account}/console/entitlements?edition=solution-partner"),
    "console: entitlements, 30 days": ("vendor", "/{account}/console/entitlements?ends=30"),
    "console: access": ("vendor", "/{account}/console/access"),
    "console: access of one holder": ("vendor", "/{account}/console/access?holder={integrator_id}"),
    "console: access in production": ("vendor", "/{account}/console/access?environment=production"),
    "console: access, revoked": ("vendor", "/{account}/console/access?state=revoked"),
    "console: access, compromised": ("vendor", "/{account}/console/access?state=compromised"),
    "console: access, 30 days": ("vendor", "/{account}/console/access?ends=30"),
    "console: access of partners": ("vendor", "/{account}/console/access?edition=solution-partner"),
    "console: access, never used": ("vendor", "/{account}/console/access?unused=never"),
    "console: installations": ("vendor", "/{account}/console/installations"),
    "console: installations, colliding": ("vendor", "/{account}/console/installations?claim=colliding"),
    "console: installations by address": ("vendor", "/{account}/console/installations?address={world.host}"),
    "console: installations, not seen": ("vendor", "/{account}/console/installations?seen=not&side=production"),
    "console: delegations": ("vendor", "/{account}/console/delegations"),
    "console: delegations, paused": ("vendor", "/{account}/console/delegations?state=paused"),
    "console: requests": ("vendor", "/{account}/console/requests"),
}


def main() -> None:
    """Fill, measure, print."""
    wish = _arguments()
    passwords.use_cheap_profile()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wish.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        small = side_of(wish.small or f"sqlite:///{folder.resolve() / 'small.sqlite3'}", wish.tenants // 100)
        large = side_of(wish.large or f"sqlite:///{folder.resolve() / 'large.sqlite3'}", wish.tenants)
        for _round in range(wish.rounds + 1):
            for page, (who, path) in PAGES.items():
                for side in (small, large):
                    side.get(page, who, path)
    _print(small, large)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="folder for the SQLite files")
    parser.add_argument("--small", help="URL of an empty database for 1 %%")
    parser.add_argument("--large", help="URL of an empty database for 100 %%")
    return parser.parse_args()


def side_of(url: str, tenants: int, migration_url: str = "") -> Side:
    """A portal on this database, filled with so many tenants unless it is filled already."""
    app = create_app(settings_of(url, migration_url))
    with app.app_context():
        upgrade()
        with transaction():
            catalogue.load()
        filler = Filler(tenants)
        if not _is_filled():
            print(f"filling {tenants} tenants …", flush=True)
            with db.engine.begin() as connection:
                filler.fill(connection)
            _analyze()
        else:
            filler.make()
        clients = clients_of(app, filler.world)
    return Side(app, filler.world, clients, {}, {})


def settings_of(url: str, migration_url: str = "") -> Settings:
    """A demo's settings on this database, whose own role migrates it unless another one is named."""
    return Settings(
        portal_mode=Mode.DEMO,
        database_url=url,
        migration_database_url=(migration_url or url) if url.startswith("postgres") else "",
        secret_key="for measuring only, and long enough",  # noqa: S106
        kek=base64.b64encode(bytes(32)).decode(),
        external_base_url="http://localhost",
        mail_backend=MailBackend.MAILBOX,
    )


def _is_filled() -> bool:
    with db.engine.connect() as connection:
        return connection.execute(text("SELECT 1 FROM tenants LIMIT 1")).first() is not None


def _analyze() -> None:
    # PostgreSQL does it by itself before long; nobody does it for SQLite, so neither does this.
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def clients_of(app: Flask, world: World) -> dict[str, tuple[FlaskClient, str]]:
    """Somebody of each kind, signed in: a browser, and their account's id."""
    found = {}
    for who, tenant_id in world.tenants.items():
        with transaction():
            person = db.session.get_one(Person, world.people[tenant_id])
            _row, token = sessions.begin_session(person, "Bench", home_id=tenant_id)
        client = app.test_client()
        client.set_cookie("sid", token)
        found[who] = (client, world.accounts[tenant_id])
    return found


def _print(small: Side, large: Side) -> None:
    print(f"\n{'page':<38} {'1 %':>9} {'100 %':>9} {'ratio':>6} {'statements':>11}")
    worst = 0.0
    for page in PAGES:
        # The first round loads templates and caches.
        medians = [statistics.median(side.seconds[page][1:]) * 1000 for side in (small, large)]
        ratio = medians[1] / medians[0]
        worst = max(worst, ratio)
        mark = "" if ratio <= AIM else "  <"
        print(f"{page:<38} {medians[0]:6.1f} ms {medians[1]:6.1f} ms {ratio:6.2f} {large.statements[page]:11}{mark}")
    print(f"\nlargest ratio {worst:.2f}, aim {AIM}")


if __name__ == "__main__":
    main()
