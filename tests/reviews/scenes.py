"""Campaigns at every stage, and what the worker does to them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from portal.access.actor import Actor, system_actor
from portal.access.rows import Reader, across_tenants
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from portal.reviews import operations as reviews
from portal.reviews import store, upkeep
from portal.reviews.models import Campaign, Decision, Line, Outcome, Question, ReviewSubject, Silence
from portal.reviews.wanted import Wanted
from portal.usage import traces
from tests.factories import a_call, a_delegation, a_key, a_licensee, an_integrator

DELEGATIONS, KEYS, ENTITLEMENTS = ReviewSubject.DELEGATIONS, ReviewSubject.KEYS, ReviewSubject.ENTITLEMENTS
WORKER = system_actor("worker")


def member(actor: Actor) -> Membership:
    """The membership by which the actor may be named as a reviewer, as a form finds it."""
    found = accounts.get_membership(actor, actor.membership_id)  # type: ignore[arg-type]
    return found


def make(admin: Actor, subject: ReviewSubject = DELEGATIONS, **changed: Any) -> Campaign:
    """A campaign that is to be frozen: all there are, decided by who makes it, due in 30 days; but for `changed`."""
    usual: dict[str, Any] = {
        "name": "Autumn",
        "subject": subject,
        "wanted": Wanted(),
        "reviewers": [admin],
        "fallbacks": [],
        "due_at": clock.now().replace(microsecond=0) + timedelta(days=30),
        "silence": Silence.KEEP,
        "recurs_days": None,
    }
    chosen = usual | changed
    with transaction():
        for who in ("reviewers", "fallbacks"):
            chosen[who] = [member(actor) for actor in chosen[who]]
        return reviews.make(admin, **chosen)


def an_open(admin: Actor, subject: ReviewSubject = DELEGATIONS, **changed: Any) -> Campaign:
    """A campaign that is open, its parties told."""
    campaign = make(admin, subject, **changed)
    work()
    return seen(admin, campaign)


def work() -> None:
    """All that the worker has to do now."""
    upkeep.freeze(WORKER)
    upkeep.close(WORKER)
    upkeep.tell(WORKER)
    upkeep.warn(WORKER)
    upkeep.tell(WORKER)


def seen(admin: Actor, campaign: Campaign) -> Campaign:
    """The campaign as it is now."""
    db.session.rollback()
    return store.get_campaign(admin, campaign.public_id)


def lines(admin: Actor, campaign: Campaign, **wanted: Any) -> Sequence[Line]:
    """Its lines as they are now."""
    db.session.rollback()
    return store.lines_page(admin, campaign, **wanted).rows


def decide(
    actor: Actor, campaign: Campaign, decision: Decision, reason: str = "Looked at.", *positions: int, **others: Any
) -> int:
    """Decide these lines, or all of the first page."""
    with transaction():
        found = store.get_campaign(actor, campaign.public_id)
        chosen = store.get_lines(actor, found, positions) if positions else store.lines_page(actor, found).rows
        return reviews.decide(actor, found, chosen, decision, reason, seconds_taken=7, **others)


def close(admin: Actor, campaign: Campaign) -> Campaign:
    """The campaign, closed and carried out."""
    with transaction():
        found = store.get_campaign(admin, campaign.public_id)
        reviews.close(admin, found, found.version)
    work()
    return seen(admin, campaign)


def outcomes(admin: Actor, campaign: Campaign) -> list[Outcome | None]:
    return [line.outcome for line in lines(admin, campaign)]


def days_later(days: float, *, after: datetime | None = None) -> AbstractContextManager[None]:
    """Inside, it is so many days later."""
    return clock.travelled_to((after or clock.now()) + timedelta(days=days))


def through_the_ladder(campaign: Campaign) -> None:
    """The worker at work on each day of the ladder."""
    due_at = campaign.due_at
    for days in (14, 7, 3, 1):
        with days_later(-days, after=due_at + timedelta(minutes=1)):
            work()


def question_for(actor: Actor) -> Question:
    """The newest question to the actor's own tenant."""
    return store.questions_of(actor).rows[0]


def events(name: str) -> list[AuditEvent]:
    """All events of this name, over all tenants."""
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event == name)
    return list(db.session.scalars(rows.order_by(AuditEvent.at)))


def mails(template: str) -> list[outbox.Message]:
    """What left by this template, the oldest first."""
    return [message for message in reversed(outbox.read_all(500)) if message.template == template]


def used(pair: Any, *, days_ago: float) -> None:
    """The pair was used so many days ago."""
    a_call(pair, at=clock.now() - timedelta(days=days_ago))
    traces.flush()


def parties() -> tuple[Actor, Actor]:
    """An owner and its integrator, with a delegation between them."""
    owner, integrator = a_licensee(name="Owner"), an_integrator(name="Agency")
    a_delegation(owner, integrator)
    return owner, integrator


def some_keys(number: int) -> Actor:
    """An owner with so many key pairs."""
    owner = a_licensee(name="Owner of keys")
    for _one in range(number):
        a_key(owner)
    return owner


Act = Callable[[], Any]
