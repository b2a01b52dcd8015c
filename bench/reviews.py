"""How long a campaign of about 20,000 lines takes: to be frozen, to be looked at page by page, to be carried out.

    .venv/bin/python -m bench.reviews                    key pairs, in an SQLite file in a temporary folder
    .venv/bin/python -m bench.reviews --url URL          in an empty database; its role may create tables
    .venv/bin/python -m bench.reviews --subject entitlements --tenants 5900

A third of the key pairs was used three times. The aims are 30 s for freezing and 2 s for any page (the queries are
measured here, without drawing them). Figures move from run to run.
"""

import argparse
import base64
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert

from bench.filling import Filler, World
from portal.access.actor import Actor, system_actor
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.app import create_app
from portal.config import MailBackend, Mode, Settings
from portal.contracts import catalogue
from portal.contracts.store import powers_of
from portal.delegations.people import as_member
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys.models import KeyPair
from portal.reviews import closing, contexts, evidence, freezing, store, telling
from portal.reviews import operations as reviews
from portal.reviews.models import Campaign, Decision, ReviewSubject, Silence
from portal.reviews.wanted import Wanted
from portal.usage.models import KeyUse, UseClient

ROUNDS = 9
USED_DAYS_AGO = (3, 40, 90)


def main() -> None:
    """Fill, measure, print."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        app = _app(wish.url or f"sqlite:///{Path(folder, 'reviews.sqlite3')}")
        with app.app_context():
            upgrade()
            with transaction():
                catalogue.load()
            filler = Filler(wish.tenants)
            with transaction():
                world = filler.fill(db.session.connection())
                _use(filler)
            _measure(*_admin(world), wish.subject)


def _measure(admin: Actor, member: Membership, subject: ReviewSubject) -> None:
    count = _timed("the preview's count", lambda: reviews.preview(admin, subject, Wanted()))
    print(f"{subject.value}: {count:,}")
    unused = Wanted(unused_for_days=0)
    _timed("the count of what was not used", lambda: reviews.preview(admin, subject, unused))
    campaign_id = _made(admin, member, subject).public_id
    _timed("FREEZING all lines", lambda: _until_done(freezing.run_once))
    campaign = store.get_campaign(admin, campaign_id)
    print(f"frozen: {campaign.frozen:,} lines, {campaign.state.value}")
    _timed("telling the parties", lambda: _until_done(telling.run_once))
    _pages(admin, campaign)
    _decide(admin, campaign_id)
    campaign = store.get_campaign(admin, campaign_id)
    _timed("the forecast", lambda: reviews.forecast(admin, campaign))
    with clock.travelled_to(campaign.due_at + timedelta(minutes=1)):
        with transaction():
            reviews.close(admin, found := store.get_campaign(admin, campaign_id), found.version)
        _timed("carrying out all lines, signing the evidence", lambda: _until_done(closing.run_once))
    campaign = store.get_campaign(admin, campaign_id)
    print({outcome.value: number for outcome, number in store.outcomes_of(campaign).items()})
    _timed("the signed file", lambda: evidence.signed(campaign))
    _timed("the table", lambda: list(evidence.rows(campaign)))


def _pages(admin: Actor, campaign: Campaign) -> None:
    """What the pages of a campaign ask: its head, a page of lines, their context."""
    middle = (f"{campaign.frozen // 2}").encode().hex()
    campaign_id = campaign.public_id
    _median("the head with its progress", lambda: _head(admin, campaign_id))
    _median("the first page with context", lambda: _page(admin, campaign))
    _median("a page in the middle with context", lambda: _page(admin, campaign, place=middle))
    _median("undecided lines with context", lambda: _page(admin, campaign, decision="undecided"))
    _median("a search by name with context", lambda: _page(admin, campaign, text="Storefront 3"))
    _median("lines that a side needs no longer", lambda: _page(admin, campaign, said="not_needed"))


def _head(admin: Actor, campaign_id: str) -> Any:
    return store.progress_of(admin, store.get_campaign(admin, campaign_id))


def _page(admin: Actor, campaign: Campaign, **wanted: Any) -> Any:
    page = store.lines_page(admin, campaign, **wanted)
    return contexts.of(admin, campaign, page.rows)


def _made(admin: Actor, member: Membership, subject: ReviewSubject) -> Campaign:
    with transaction():
        return reviews.make(
            admin,
            name="Bench",
            subject=subject,
            wanted=Wanted(),
            reviewers=[member],
            due_at=clock.now() + timedelta(days=30),
            silence=Silence.END,
        )


def _decide(admin: Actor, campaign_id: str) -> None:
    """Fifty at a time: ten times keep, ten times end."""
    began = time.perf_counter()
    for number in range(20):
        with transaction():
            campaign = store.get_campaign(admin, campaign_id)
            page = store.lines_page(admin, campaign, decision="undecided")
            decision = Decision.END if number % 2 else Decision.KEEP
            reviews.decide(admin, campaign, page.rows[:50], decision, "Measured.", seconds_taken=1)
    print(f"{'deciding fifty lines':<46} {(time.perf_counter() - began) / 20 * 1000:9.1f} ms")


def _until_done(run_once: Callable[[Any], int]) -> int:
    total = 0
    while done := run_once(clock.now()):
        total += done
    return total


def _timed(what: str, act: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    result = act()
    print(f"{what:<46} {(time.perf_counter() - began) * 1000:9.1f} ms", flush=True)
    return result


def _median(what: str, act: Callable[[], Any]) -> None:
    seconds = []
    for _round in range(ROUNDS):
        db.session.remove()
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    print(f"{what:<46} {statistics.median(seconds) * 1000:9.1f} ms", flush=True)


def _use(filler: Filler) -> None:
    """Three uses of every third key pair."""
    clients, uses = [], []
    for pair in filler.rows[KeyPair][::3]:
        held = {name: pair[name] for name in ("tenant_id", "holder_id", "environment")}
        client = held | {"id": filler._id(), "words": "Magento", "network": "192.0.2.0", "identity": "Magento"}
        clients.append(client)
        for days in USED_DAYS_AGO:
            at = filler.now - timedelta(days=days)
            when = {"day": at.date(), "first_at": at, "last_at": at, "count": 7, "listed": False}
            uses.append(held | when | {"id": filler._id(), "key_pair_id": pair["id"], "client_id": client["id"]})
    for model, rows in ((UseClient, clients), (KeyUse, uses)):
        for start in range(0, len(rows), 5000):
            db.session.connection().execute(insert(model.__table__), rows[start : start + 5000])


def _admin(world: World) -> tuple[Actor, Membership]:
    vendor_id = world.tenants["vendor"]
    (membership,) = accounts.memberships_of(world.people[vendor_id])
    actor = as_member(membership, powers_of(membership, clock.now()))
    return actor, accounts.get_membership(system_actor("bench", vendor_id), membership.id)


def _app(url: str) -> Flask:
    return create_app(
        Settings(
            portal_mode=Mode.DEMO,
            database_url=url,
            migration_database_url=url if url.startswith("postgres") else "",
            secret_key=secrets.token_urlsafe(48),
            kek=base64.b64encode(secrets.token_bytes(32)).decode(),
            password_pepper=secrets.token_urlsafe(48),
            external_base_url="http://localhost",
            mail_backend=MailBackend.MAILBOX,
            data_folder=Path(tempfile.gettempdir()),
        )
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tenants", type=int, default=1760)
    parser.add_argument("--subject", type=ReviewSubject, default=ReviewSubject.KEYS)
    parser.add_argument("--url", help="URL of an empty database")
    return parser.parse_args()


if __name__ == "__main__":
    main()
