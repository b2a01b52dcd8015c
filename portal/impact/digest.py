"""The week's mail to partner admins, on Mondays (UTC): what ends within 30 days, and who waits; if there is something.

A worker that was away on Monday sends it later in the week. Another kind that expires comes along by `EXPIRING`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.accounts import store as accounts
from portal.accounts.models import Person
from portal.entitlements.models import ContractRequest, RequestState
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact.expiring import Term
from portal.impact.figures import COUNTED_TO, Figures, figures
from portal.impact.models import Digest
from portal.outbox import operations as outbox
from portal.tenants import store as tenants
from portal.tenants.models import Tenant

TEMPLATE = "digest"


def run(_actor: Actor) -> int:
    """How many mails the week's digest is, when nobody settled this week before; else 0.

    Opens a transaction of its own: the row of the week and its mails stand or fall together.
    """
    vendor, week = tenants.find_vendor(), monday(clock.now())
    is_settled = vendor is None or db.session.get(Digest, week) is not None
    db.session.rollback()
    if vendor is None or is_settled:
        return 0
    with transaction():
        return _settle(vendor, week) if _claim(week) else 0


def monday(at: datetime) -> date:
    """The first day, in UTC, of the week that this moment lies in."""
    return at.date() - timedelta(days=at.weekday())


def _claim(week: date) -> bool:
    # Who comes second waits here until the first one's transaction ends, and then finds the row.
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(Digest).values(week=week, settled_at=clock.now(), mails=0).on_conflict_do_nothing()
    return db.session.scalar(row.returning(Digest.week)) is not None


def _settle(vendor: Tenant, week: date) -> int:
    at = clock.now()
    found = figures(at)
    readers = _readers(vendor) if _has_something(found) else []
    facts = _facts(found, at) | {"account": vendor.account_id}
    for person in readers:
        outbox.post(TEMPLATE, person.email, person.language.value, facts | {"name": person.name}, vendor.id)
    db.session.get_one(Digest, week).mails = len(readers)
    return len(readers)


def _readers(vendor: Tenant) -> Sequence[Person]:
    return [person for person in accounts.people_with(vendor.id, Role.PARTNER_ADMIN) if person.wants_digest]


def _has_something(found: Figures) -> bool:
    return found.requests_waiting > 0 or any(terms[Term.THIRTY_DAYS] for terms in found.ending.values())


def _facts(found: Figures, at: datetime) -> dict[str, outbox.Fact]:
    facts: dict[str, outbox.Fact] = {"requests": found.requests_waiting, "requests_said": _said(found.requests_waiting)}
    for kind, terms in found.ending.items():
        facts[kind.value] = _said(terms[Term.THIRTY_DAYS]) if terms[Term.THIRTY_DAYS] else None
        facts[f"{kind.value}_soon"] = _said(terms[Term.SEVEN_DAYS])
    return facts | {"longest": _longest_wait(at)}


def _longest_wait(at: datetime) -> int:
    """For how many whole days the oldest request has waited."""
    waiting = across_tenants(func.min(ContractRequest.created_at), reason=Reader.WORKER)
    since = db.session.scalar(waiting.where(ContractRequest.state == RequestState.WAITING))
    return 0 if since is None else (at - since).days


def _said(count: int) -> str:
    return f"{COUNTED_TO:,}+" if count > COUNTED_TO else f"{count:,}"
