"""What the clock ends, and how soon. Lists, figures and the digest read this, so that a figure is what its list shows.

Another kind of thing that expires is one more entry of `EXPIRING`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from portal.contracts.models import Contract
from portal.credentials.models import ServiceCredential
from portal.delegations.models import RUNNING_STATES, Delegation, DelegationState
from portal.entitlements.models import Entitlement
from portal.foundation.database import Base
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.keys.status import LIVE_STATES
from portal.reviews.models import Campaign, CampaignState

Conditions = list[ColumnElement[bool]]

IS_OPEN = Campaign.state == CampaignState.OPEN  # what is prepared, closed or abandoned is due no more


class Term(StrEnum):
    """By when something ends."""

    ONE_DAY = "1"
    SEVEN_DAYS = "7"
    THIRTY_DAYS = "30"
    PAST = "past"


class Kind(StrEnum):
    """What ends."""

    CONTRACTS = "contracts"
    KEYS = "keys"
    DELEGATIONS = "delegations"
    ENTITLEMENTS = "entitlements"
    REVIEWS = "reviews"
    CREDENTIALS = "credentials"


@dataclass(frozen=True)
class Expires:
    """A table whose rows end by the clock: the conditions of those that end between two moments, and before one."""

    model: type[Base]
    between: Callable[[datetime, datetime], Conditions]
    past: Callable[[datetime], Conditions]


def in_term(kind: Kind, term: Term, at: datetime) -> Conditions:
    """The conditions of what ends within the term: running now and ending soon, or past its end."""
    found = EXPIRING[kind]
    return found.past(at) if term is Term.PAST else found.between(at, at + timedelta(days=int(term)))


def among(column: Any, common: Collection[StrEnum]) -> ColumnElement[bool]:
    """The condition that a state is among these, said by the others: most rows are in these, and where they are named a
    planner without statistics begins with the index on states instead of the one on what is rare.
    """
    condition: ColumnElement[bool] = column.not_in([state for state in column.type.enum_class if state not in common])
    return condition


def _contracts(after: datetime, until: datetime) -> Conditions:
    # One that another contract follows on needs nobody any more: what hangs on it goes on there.
    followed = Contract.renewal.has()
    return [Contract.ends_at > after, Contract.ends_at <= until, Contract.ended_at.is_(None), ~followed]


def _keys(after: datetime, until: datetime) -> Conditions:
    # `KeyPair.stops_at` as conditions: its own expiry, or an earlier hard end of its rotation.
    expires, retires = KeyPair.expires_at, KeyPair.retiring_until
    own = and_(_is_live(), expires > after, expires <= until, or_(~_is_hard(), retires > after))
    hard = and_(_is_hard(), retires > after, retires <= until, or_(expires.is_(None), expires > after))
    return [or_(own, hard)]


def _stopped_keys(at: datetime) -> Conditions:
    return [or_(and_(_is_live(), KeyPair.expires_at <= at), and_(_is_hard(), KeyPair.retiring_until <= at))]


def _is_live() -> ColumnElement[bool]:
    return among(KeyPair.state, LIVE_STATES)


def _is_hard() -> ColumnElement[bool]:
    return and_(KeyPair.state == KeyState.RETIRING, KeyPair.ending.in_((KeyEnding.HARD, KeyEnding.LEAK)))


def _delegations(after: datetime, until: datetime) -> Conditions:
    return [Delegation.ends_at > after, Delegation.ends_at <= until, among(Delegation.state, RUNNING_STATES)]


def _entitlements(after: datetime, until: datetime) -> Conditions:
    return [
        Entitlement.ends_at > after,
        Entitlement.ends_at <= until,
        Entitlement.ended_at.is_(None),
        Entitlement.contract.has(Contract.ended_at.is_(None)),
    ]


def _unfollowed() -> ColumnElement[bool]:
    # One that was revoked needs nobody any more, nor one that has a successor.
    return and_(ServiceCredential.revoked_at.is_(None), ServiceCredential.ends_at.is_(None))


EXPIRING: dict[Kind, Expires] = {
    Kind.CONTRACTS: Expires(Contract, _contracts, lambda at: [Contract.ends_at <= at]),
    Kind.KEYS: Expires(KeyPair, _keys, _stopped_keys),
    Kind.DELEGATIONS: Expires(
        Delegation,
        _delegations,
        lambda at: [Delegation.ends_at <= at, among(Delegation.state, (*RUNNING_STATES, DelegationState.ENDED))],
    ),
    Kind.ENTITLEMENTS: Expires(Entitlement, _entitlements, lambda at: [Entitlement.ends_at <= at]),
    Kind.REVIEWS: Expires(
        Campaign,
        lambda after, until: [Campaign.due_at > after, Campaign.due_at <= until, IS_OPEN],
        lambda at: [Campaign.due_at <= at, IS_OPEN],
    ),
    Kind.CREDENTIALS: Expires(
        ServiceCredential,
        lambda after, until: [
            ServiceCredential.expires_at > after,
            ServiceCredential.expires_at <= until,
            _unfollowed(),
        ],
        lambda at: [ServiceCredential.expires_at <= at, _unfollowed()],
    ),
}
