"""What an overview says first: the same things in the same order as on its page, as codes with what they are about."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.shapes import Moment, Shown
from portal.delegations.models import Delegation, DelegationState
from portal.impact.overview import Overview
from portal.keys.models import KeyPair
from portal.keys.status import KeyStatus, status_of
from portal.projects.models import Claim, Installation


class Urgency(StrEnum):
    BAD = "bad"
    WARN = "warn"
    INFO = "info"


class NeedCode(StrEnum):
    """What it is; a code never changes."""

    TWO_SHOPS = "two_shops_on_data_space"
    TESTING_SHOP = "testing_shop_on_production"
    COPY_TO_ROTATE = "copy_to_rotate"
    HAND_OFF = "hand_off_waits"
    DELEGATION_REQUESTED = "delegation_requested"
    DELEGATION_OFFERED = "delegation_offered"
    TICKET_OFFERED = "ticket_offered"
    WIDENING = "widening_proposed"
    TICKET_UNUSED = "ticket_without_key_pair"
    QUESTIONS = "review_asks"
    CONTRACT_ENDS = "contract_ends"
    ROTATION_HELD = "rotation_held_open"
    ROTATION_ENDS = "rotation_ends"
    DELEGATION_ENDS = "delegation_ends"
    TICKET_ENDS = "ticket_ends"


class Need(Shown):
    """One thing that wants somebody. `subject` is its id, an API key for a key pair; null where it is several.

    `account` is where it is, when that is a client's; `party` the other side's name; `ends_at` when it ends; `count`
    how many it is about.
    """

    urgency: Urgency
    code: NeedCode
    subject: str | None = None
    name: str | None = None
    party: str | None = None
    account: str | None = None
    data_space: str | None = None
    ends_at: Moment | None = None
    count: int = 1


def needs(actor: Actor, found: Overview) -> list[Need]:
    """What needs somebody, the most urgent first."""
    return [
        *_alarms(found),
        *_handed(found),
        *_to_answer(actor, found),
        *_asked(actor, found),
        *_ending(actor, found),
    ]


def _alarms(found: Overview) -> Iterator[Need]:
    for installation in found.alarming:
        if installation.claim is Claim.COLLIDING:
            yield _alarm(NeedCode.TWO_SHOPS, installation, found)
        if installation.alarms:
            yield _alarm(NeedCode.TESTING_SHOP, installation, found)


def _alarm(code: NeedCode, installation: Installation, found: Overview) -> Need:
    client = found.owner_of(installation)
    return Need(
        urgency=Urgency.BAD,
        code=code,
        subject=installation.public_id,
        name=installation.name,
        data_space=installation.data_space.public_id,
        account=client.account_id if client else None,
        party=client.name if client else None,
    )


def _handed(found: Overview) -> Iterator[Need]:
    for copy in found.copies_to_rotate:
        about = {"subject": copy.key_pair.api_key, "name": copy.key_pair.name}
        yield Need(urgency=Urgency.BAD, code=NeedCode.COPY_TO_ROTATE, party=copy.holder.name, **about)
    for hand_off in found.hand_offs_waiting:
        about = {"subject": hand_off.public_id, "name": hand_off.key_pair.name}
        yield Need(urgency=Urgency.WARN, code=NeedCode.HAND_OFF, party=hand_off.owner.name, **about)


def _to_answer(actor: Actor, found: Overview) -> Iterator[Need]:
    for row in found.to_answer:
        if row.state is DelegationState.REQUESTED and row.integrator:
            code = NeedCode.DELEGATION_REQUESTED
        else:
            code = NeedCode.TICKET_OFFERED if row.one_pair else NeedCode.DELEGATION_OFFERED
        yield _of_delegation(Urgency.WARN, code, actor, row)
    for row in found.to_widen:
        yield _of_delegation(Urgency.WARN, NeedCode.WIDENING, actor, row)
    for row in found.to_make:
        yield _of_delegation(Urgency.INFO, NeedCode.TICKET_UNUSED, actor, row)


def _asked(actor: Actor, found: Overview) -> Iterator[Need]:
    if found.questions_waiting and actor.may(Permission.REVIEW_ANSWER):
        yield Need(urgency=Urgency.WARN, code=NeedCode.QUESTIONS, count=found.questions_waiting)


def _ending(actor: Actor, found: Overview) -> Iterator[Need]:
    for contract in found.ending_contracts:
        about: dict[str, Any] = {"subject": contract.public_id, "name": contract.edition.name}
        yield Need(urgency=Urgency.WARN, code=NeedCode.CONTRACT_ENDS, ends_at=contract.ends_at, **about)
    for pair in found.retiring_pairs:
        yield _of_rotation(pair, found)
    for row in found.ending_delegations:
        code = NeedCode.TICKET_ENDS if row.one_pair else NeedCode.DELEGATION_ENDS
        yield _of_delegation(Urgency.INFO, code, actor, row, ends_at=row.ends_at)


def _of_rotation(pair: KeyPair, found: Overview) -> Need:
    about: dict[str, Any] = {"subject": pair.api_key, "name": pair.name, "ends_at": pair.retiring_until}
    if status_of(pair, found.at) is KeyStatus.HELD_OPEN:
        return Need(urgency=Urgency.WARN, code=NeedCode.ROTATION_HELD, **about)
    return Need(urgency=Urgency.INFO, code=NeedCode.ROTATION_ENDS, **about)


def _of_delegation(urgency: Urgency, code: NeedCode, actor: Actor, row: Delegation, **more: Any) -> Need:
    other = row.integrator.name if row.integrator else row.integrator_account_id
    party = other if row.tenant_id == actor.tenant_id else row.owner.name
    return Need(urgency=urgency, code=code, subject=row.public_id, party=party, **more)
