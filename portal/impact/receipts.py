"""What became of a hand-off, step by step, for both of its sides: who did what, and when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from portal.access.rows import scoped_to
from portal.foundation import clock
from portal.foundation.database import db
from portal.handoffs.models import HandOff, HandOffState
from portal.handoffs.states import state_at
from portal.usage.models import KeyUse, UseClient


class Step(StrEnum):
    """What is told of a hand-off, in this order."""

    OFFERED = "offered"
    OPENED = "opened"
    PROVED = "proved"
    INSTALLED = "installed"
    USED = "used"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    FROZEN = "frozen"


ENDS = {
    HandOffState.WITHDRAWN: Step.WITHDRAWN,
    HandOffState.LAPSED: Step.LAPSED,
    HandOffState.FROZEN: Step.FROZEN,
}


@dataclass(frozen=True)
class Told:
    """One step, with its moment and its party; both are empty for one that has not come. person: where one did it."""

    step: Step
    at: datetime | None
    party: str = ""
    person: str = ""


def of(hand_off: HandOff) -> list[Told]:
    """The steps of a hand-off, loaded as `handoffs.store.get` does, those to come without a moment."""
    giver, receiver = hand_off.owner.name, hand_off.receiver.name
    opener = hand_off.opened_by.name if hand_off.opened_by else ""
    told = [
        Told(Step.OFFERED, hand_off.created_at, giver, hand_off.given_by.name),
        Told(Step.OPENED, hand_off.opened_at, receiver if opener else "", opener),
    ]
    end = ENDS.get(state_at(hand_off, clock.now()))
    if end is not None:
        party = giver if end is Step.WITHDRAWN else ""
        told.append(Told(end, hand_off.closed_at or hand_off.lapses_at, party))
    else:
        told.append(Told(Step.PROVED, hand_off.done_at, receiver if hand_off.done_at else "", opener))
    if end is None or opener:
        told += _uses(hand_off)
    return told


def _uses(hand_off: HandOff) -> list[Told]:
    """The first call since the opening by a shop that had not used the key before, and the first in a data space.

    Whose shop it is, calls do not say: owner and receiver have the same key now.
    """
    return [
        Told(Step.INSTALLED, _first(hand_off)),
        Told(Step.USED, _first(hand_off, KeyUse.data_space_id.is_not(None))),
    ]


def _first(hand_off: HandOff, *conditions: ColumnElement[bool]) -> datetime | None:
    if hand_off.opened_at is None:
        return None
    before, client = aliased(KeyUse), aliased(UseClient)
    # By identity, which survives an upgrade of the shop.
    was_known = (
        select(before.id)
        .join(client, (client.tenant_id == before.tenant_id) & (client.id == before.client_id))
        .where(
            before.tenant_id == KeyUse.tenant_id,
            before.key_pair_id == KeyUse.key_pair_id,
            client.identity == UseClient.identity,
            before.first_at < hand_off.opened_at,
        )
    )
    rows = (
        select(func.min(KeyUse.first_at))
        .join(UseClient, (UseClient.tenant_id == KeyUse.tenant_id) & (UseClient.id == KeyUse.client_id))
        .where(
            KeyUse.tenant_id == hand_off.tenant_id,
            KeyUse.key_pair_id == hand_off.key_pair_id,
            KeyUse.first_at >= hand_off.opened_at,
            ~was_known.exists(),
            *conditions,
        )
    )
    found: datetime | None = db.session.scalar(rows, execution_options=scoped_to(hand_off.tenant_id))
    return found
