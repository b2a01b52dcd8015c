"""Mail to those who may rotate a key pair, about what the clock does to it; each once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.access.actor import Actor, system_actor
from portal.access.roles import ENVIRONMENT_NAMES, Permission
from portal.accounts import store as accounts
from portal.accounts.models import Membership, Person
from portal.contracts import store as contracts
from portal.contracts.models import ContractKind
from portal.foundation import clock
from portal.handoffs import store as hand_offs
from portal.impact.rotation import holder_of, owner_of, users_of
from portal.keys import store
from portal.keys.models import KeyPair, KeyState, NoticeKind
from portal.outbox import operations as outbox

STOPS_SOON = "key_stops_soon"
TEMPLATES = {
    NoticeKind.STOPS_IN_30: STOPS_SOON,
    NoticeKind.STOPS_IN_7: STOPS_SOON,
    NoticeKind.STOPS_IN_1: STOPS_SOON,
    NoticeKind.YEAR_OLD: "key_year_old",
    NoticeKind.HELD_OPEN: "key_held_open",
}
MOST_NAMED = 10


def post(pair: KeyPair, kind: NoticeKind, *, about: datetime, installations: Sequence[str] = ()) -> bool:
    """Whether this notice goes out now: one mail for each of the pair's people, unless it went out before.

    Where nobody holds the role it waits for somebody who does. The caller holds the pair, as `get` loads it.
    """
    people = people_of(pair)
    if not people or not store.add_notice(pair, kind, about):
        return False
    facts = _facts(pair, about, installations)
    for person in people:
        told = facts | {"name": person.name}
        outbox.post(TEMPLATES[kind], person.email, person.language.value, told, pair.holder_id)
    return True


def post_leak(actor: Actor, pair: KeyPair, *, after: timedelta | None) -> None:
    """One mail to everybody on both sides who may do something about a pair that leaked: who declared it, what stops
    when, which installations have to act. The caller holds the pair.

    after: how long the pair goes on once its successor is in service; None when it is stopped.
    """
    mending = people_of(pair)
    told = {person.id: person for person in accounts.people_with(pair.tenant_id, Permission.KEY_REVOKE)}
    told |= {person.id: person for person in mending}
    for person in told.values():
        is_holder = person in mending
        names = _to_move(pair, holder_of(pair) if is_holder else owner_of(pair))
        facts = _facts(pair, clock.now(), names) | _of_leak(actor, pair, after)
        facts |= {"name": person.name, "mends": is_holder, "holder": pair.holder.name}
        outbox.post("key_leaked", person.email, person.language.value, facts, pair.tenant_id)
    _post_to_copies(actor, pair, after)


def _post_to_copies(actor: Actor, pair: KeyPair, after: timedelta | None) -> None:
    """To those who were handed a copy: the pair's own page is not theirs to see."""
    for copy in hand_offs.copies_of(system_actor("worker", pair.tenant_id), pair):
        for person in accounts.people_with(copy.holder_id, Permission.HAND_OFF):
            facts = _facts(pair, clock.now(), ()) | _of_leak(actor, pair, after)
            facts |= {"name": person.name, "account": copy.holder.account_id}
            outbox.post("key_copy_leaked", person.email, person.language.value, facts, copy.holder_id)


def _to_move(pair: KeyPair, reader: Actor) -> Sequence[str]:
    return [user.installation.name for user in users_of(pair, reader).laggards]


def _of_leak(actor: Actor, pair: KeyPair, after: timedelta | None) -> dict[str, outbox.Fact]:
    ends_at = pair.retiring_until if pair.state is KeyState.RETIRING else None
    return {
        "by": actor.label,
        "party": actor.home_name,
        "stopped": after is None,
        "hours": None if after is None else int(after.total_seconds()) // 3600,
        "ends_on": ends_at.date().isoformat() if ends_at else None,
        "ends_time": f"{ends_at:%H:%M}" if ends_at else None,
    }


def people_of(pair: KeyPair) -> Sequence[Person]:
    """Who may rotate the pair now: the holder's people with the role, or those who sign its partner contract."""
    if pair.contract.kind is not ContractKind.PARTNER:
        return accounts.people_with(pair.holder_id, Permission.KEY_ROTATE)
    contract, now = contracts.get_by_id(system_actor("worker", pair.tenant_id), pair.contract_id), clock.now()
    acting: list[Membership] = [row.membership for row in contract.deputies if row.is_inside(now)]
    if contract.signer is not None:
        acting.insert(0, contract.signer)
    people = {row.person_id: row.person for row in acting if row.ended_at is None and row.person.disabled_at is None}
    return list(people.values())


def _facts(pair: KeyPair, about: datetime, installations: Sequence[str]) -> dict[str, outbox.Fact]:
    return {
        "account": pair.owner.account_id,
        "owner": pair.owner.name,
        "api_key": pair.api_key,
        "pair": pair.name,
        "environment": ENVIRONMENT_NAMES[pair.environment],
        "retiring": pair.retiring_until is not None,
        "day_of": about.date().isoformat(),
        "time_of": f"{about:%H:%M}",
        "ended_on": pair.retiring_until.date().isoformat() if pair.retiring_until else None,
        "installations": ", ".join(installations[:MOST_NAMED]),
        "more": max(0, len(installations) - MOST_NAMED),
    }
