"""A person is disabled: what ends in each of their accounts, what rests there, and who owns what they owned alone."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access.actor import Actor
from portal.accounts import disabling, sessions, store
from portal.accounts import operations as accounts
from portal.accounts.errors import NotOneOfThem
from portal.accounts.models import Membership, Person, UserSession
from portal.foundation import clock
from portal.handoffs import leaving as hand_offs
from portal.impact.leaving import Leaving, hanging_on_member
from portal.keys import intent_store as intents
from portal.tokens import operations as tokens


@dataclass(frozen=True)
class Hanging:
    """What hangs on a person: all `sessions`, and for each membership what it carries.

    `last` are the memberships without which nobody could manage the account, each with who else belongs to it and
    could own it; nobody does where that list is empty.
    """

    sessions: Sequence[UserSession]
    memberships: Sequence[tuple[Membership, Leaving]]
    last: Sequence[tuple[Membership, Sequence[Membership]]]


def hanging_on_person(person: Person, at: datetime) -> Hanging:
    """What disabling this person ends, as of now, and what rests until they are enabled again."""
    memberships = store.memberships_of(person.id)
    return Hanging(
        sessions=sessions.sessions_of(person),
        memberships=[(row, hanging_on_member(row, at)) for row in memberships],
        last=[(row, store.other_members(row)) for row in disabling.last_of(memberships)],
    )


def disable_person(
    actor: Actor, person: Person, *, why: str, successors: Collection[uuid.UUID] = (), first_owner: str = ""
) -> None:
    """Disable the person, and end for good what hangs on their memberships. Disabled already, nothing changes.

    successors: memberships of others, in accounts that nobody else can manage. Raises: as `accounts.disable`.
    """
    accounts.require_may_keep(actor, person)
    memberships = disabling.hold(person)
    if person.disabled_at is not None:
        return
    chosen = _chosen(memberships, successors)
    accounts.disable(actor, person, memberships, why=why, successors=chosen, first_owner=first_owner)
    for membership in memberships:
        _end(actor, membership)


def _end(actor: Actor, membership: Membership) -> None:
    home, person_id, now = membership.tenant_id, membership.person_id, clock.now()
    tokens.end_of_member(actor, membership)
    hand_offs.close_of_person(actor, home, person_id)
    hand_offs.withdraw_envelope_key(home, person_id)
    for intent in intents.hold_begun_by(home, person_id, now):
        intent.discarded_at = now


def _chosen(memberships: Sequence[Membership], wanted: Collection[uuid.UUID]) -> list[Membership]:
    able = {other.id: other for row in disabling.last_of(memberships) for other in store.other_members(row)}
    if not able.keys() >= set(wanted):
        raise NotOneOfThem()
    return [able[one] for one in sorted(wanted)]
