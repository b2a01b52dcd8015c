"""Somebody leaves an account: what ends with the membership, who has to do what then, and what goes on."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.access.actor import Actor
from portal.access.rows import scoped_to
from portal.accounts import operations as accounts
from portal.accounts import sessions
from portal.accounts.models import Membership, UserSession
from portal.contracts.models import Contract, ContractKind, Deputy
from portal.contracts.store import in_term
from portal.delegations.models import RUNNING_STATES, Delegation
from portal.foundation.database import db
from portal.handoffs import operations as hand_offs
from portal.handoffs import store as hand_off_store
from portal.handoffs.models import EnvelopeKey, HandOff
from portal.keys.models import KeyIntent, KeyPair, KeyState
from portal.keys.status import LIVE_STATES
from portal.reviews.models import Campaign, CampaignState, Reviewer
from portal.tokens.models import PersonalToken
from portal.tokens.store import working
from portal.webhooks.models import WebhookEndpoint

# By name, as a page shows them; the act itself ends all of them.
MOST_NAMED = 100


@dataclass(frozen=True)
class Signed:
    """A running partner contract, and the names of its deputies who may still make keys under it, now or later."""

    contract: Contract
    deputies: Sequence[str]


@dataclass(frozen=True)
class Leaving:
    """What hangs on one membership; each list has at most 100.

    These end: `sessions` that work in this account, `tokens`, hand-offs `to_receive`, `intents` (key pairs begun and
    not made), the `envelope_key`, `signs` (nobody signs then), `deputy_of`, `reviews` that wait for this reviewer, and
    work for `clients`. Who left may have kept copies: `opened` are the hand-offs whose private key this person fetched,
    of pairs in service, for whose owners rotating is the only remedy. These go on: `made`, live pairs that the person
    made, `given`, hand-offs to others, and `endpoints` of webhooks.
    """

    sessions: Sequence[UserSession]
    tokens: Sequence[PersonalToken]
    to_receive: Sequence[HandOff]
    intents: int
    envelope_key: EnvelopeKey | None
    signs: Sequence[Signed]
    deputy_of: Sequence[Deputy]
    reviews: Sequence[Campaign]
    clients: Sequence[Delegation]
    opened: Sequence[HandOff]
    made: Sequence[KeyPair]
    given: Sequence[HandOff]
    endpoints: Sequence[WebhookEndpoint]


def hanging_on_member(membership: Membership, at: datetime) -> Leaving:
    """What ends when this membership does, as of now, and what goes on."""
    home, person_id = membership.tenant_id, membership.person_id
    waiting = hand_off_store.waiting
    return Leaving(
        sessions=sessions.sessions_in(membership),
        tokens=_rows(_of(PersonalToken, home).where(
            PersonalToken.membership_id == membership.id, *working(at)
        )),
        to_receive=_rows(waiting(hand_off_store.sealed_to(home, person_id), at).options(*hand_off_store.WHOLE)),
        intents=_count_intents(home, person_id, at),
        envelope_key=next(iter(_rows(_of(EnvelopeKey, home).where(
            EnvelopeKey.person_id == person_id, EnvelopeKey.replaced_at.is_(None)
        ))), None),
        signs=_signed(membership, at),
        deputy_of=_rows(_of(Deputy, home).where(
            Deputy.membership_id == membership.id, Deputy.withdrawn_at.is_(None), Deputy.ends_at > at
        )),
        reviews=_rows(_of(Campaign, home).where(
            Campaign.state == CampaignState.OPEN,
            Campaign.id.in_(select(Reviewer.campaign_id).where(
                Reviewer.tenant_id == home, Reviewer.membership_id == membership.id
            )),
        )),
        clients=_rows(_taken(Delegation, home).where(
            Delegation.state.in_(RUNNING_STATES), Delegation.ends_at > at
        ).options(joinedload(Delegation.owner))),
        opened=_opened(home, person_id),
        made=_rows(_made(home, person_id)),
        given=_rows(waiting(
            (HandOff.tenant_id == home) & (HandOff.given_by_id == person_id), at
        ).options(*hand_off_store.WHOLE)),
        endpoints=_rows(_of(WebhookEndpoint, home).where(
            WebhookEndpoint.created_by_id == person_id, WebhookEndpoint.removed_at.is_(None)
        )),
    )  # fmt: skip


def remove_member(actor: Actor, membership: Membership) -> None:
    """End the membership, and close what waits for the person here.

    Raises: as `accounts.remove`.
    """
    accounts.remove(actor, membership)
    hand_offs.close_of_person(actor, membership.tenant_id, membership.person_id)


def _signed(membership: Membership, at: datetime) -> list[Signed]:
    rows = _of(Contract, membership.tenant_id).where(
        Contract.signer_id == membership.id, Contract.kind == ContractKind.PARTNER, *in_term(at)
    )
    deputies = selectinload(Contract.deputies).joinedload(Deputy.membership).joinedload(Membership.person)
    found = _rows(rows.options(joinedload(Contract.edition), deputies))
    return [Signed(contract, [row.membership.person.name for row in _acting(contract, at)]) for contract in found]


def _acting(contract: Contract, at: datetime) -> list[Deputy]:
    return [
        row
        for row in contract.deputies
        if row.withdrawn_at is None and row.ends_at > at and row.membership.ended_at is None
    ]


def _opened(home: uuid.UUID, person_id: uuid.UUID) -> Sequence[HandOff]:
    rows = _taken(HandOff, home).join(HandOff.key_pair)
    mine = rows.where(HandOff.opened_by_id == person_id, KeyPair.state == KeyState.ACTIVE)
    return _rows(mine.options(*hand_off_store.WHOLE).order_by(HandOff.id))


def _made(home: uuid.UUID, person_id: uuid.UUID) -> Any:
    # A pair that an integrator made at a client belongs to the client; its holder is the person's account.
    mine = _taken(KeyPair, home).where(KeyPair.made_by_id == person_id, KeyPair.state.in_(LIVE_STATES))
    return mine.options(joinedload(KeyPair.owner)).order_by(KeyPair.id)


def _count_intents(home: uuid.UUID, person_id: uuid.UUID, at: datetime) -> int:
    open_ = (KeyIntent.key_pair_id.is_(None), KeyIntent.discarded_at.is_(None), KeyIntent.expires_at > at)
    rows = _taken(KeyIntent, home).where(KeyIntent.person_id == person_id, *open_)
    return db.session.scalar(rows.with_only_columns(func.count())) or 0


def _of(model: Any, tenant_id: uuid.UUID) -> Any:
    return select(model).where(model.tenant_id == tenant_id).execution_options(**scoped_to(tenant_id))


def _taken(model: Any, tenant_id: uuid.UUID) -> Any:
    """The rows of a table with two parties in which this tenant is the other one."""
    other_party = getattr(model, model.other_party)
    return select(model).where(other_party == tenant_id).execution_options(**scoped_to(tenant_id))


def _rows(statement: Any) -> Sequence[Any]:
    found: Sequence[Any] = db.session.scalars(statement.limit(MOST_NAMED)).unique().all()
    return found
