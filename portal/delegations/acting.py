"""What every act on a delegation begins and ends with: who acts for which side, and who is told."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store as contracts
from portal.delegations import notices, store
from portal.delegations.errors import AgreementMissing, OnlyFromHome
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.states import Act, move, other
from portal.foundation import clock
from portal.foundation.errors import NotFound

Fact = str | int | bool | list[str] | None

NEEDS: dict[Act, Permission] = {
    Act.PAUSE: Permission.DELEGATION_PAUSE,
    Act.END: Permission.DELEGATION_END,
}
# A ticket grants nothing but a key, so who looks after keys gives and redeems it.
NEEDS_OF_TICKET = NEEDS | dict.fromkeys((Act.ACCEPT, Act.DECLINE, Act.WITHDRAW), Permission.HAND_OFF)
# What lets an integrator do something it could not do before.
GRANTING = (Act.APPROVE, Act.ACCEPT, Act.PROPOSE_WIDENING, Act.ACCEPT_WIDENING)


@dataclass(frozen=True)
class Move:
    """An act that may be done now: by which side, when, and the state that follows."""

    side: Side
    state: DelegationState
    at: datetime


def begin(actor: Actor, delegation: Delegation, act: Act) -> Move:
    """The delegation is read again and held, and the actor's side may do `act` with it now.

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, PausedByOtherSide, AgreementMissing.
    """
    require_home(actor, needed_for(act, delegation))
    side = side_of(actor, delegation)
    store.hold(delegation)
    state = move(delegation, act, side)
    if act in GRANTING:
        require_agreement(delegation.integrator_id, delegation.integrator_account_id)
    return Move(side, state, clock.now())


def needed_for(act: Act, delegation: Delegation) -> Permission:
    """What a person has to be allowed, in either side's own tenant, to do `act` with this delegation or ticket."""
    return (NEEDS_OF_TICKET if delegation.one_pair else NEEDS).get(act, Permission.DELEGATION_CHANGE)


def require_home(actor: Actor, permission: Permission) -> None:
    """Nothing, when the actor may, and is in its own tenant: depth is one (rule 14).

    Raises: OnlyFromHome, NotAllowed.
    """
    if actor.acts_for_client:
        raise OnlyFromHome()
    require(actor, permission)


def require_agreement(integrator_id: uuid.UUID | None, account_id: str) -> None:
    """Nothing, when that tenant has a running integrator agreement. Raises: AgreementMissing."""
    if integrator_id is None or not contracts.is_integrator(integrator_id, clock.now()):
        raise AgreementMissing(account=account_id)


def side_of(actor: Actor, delegation: Delegation) -> Side:
    """The side that the actor's own tenant has in the delegation. Raises: NotFound when it has none."""
    if actor.home_id is not None and actor.home_id == delegation.tenant_id:
        return Side.OWNER
    if actor.home_id is not None and actor.home_id == delegation.integrator_id:
        return Side.INTEGRATOR
    raise NotFound()


def conclude(actor: Actor, delegation: Delegation, event: Event, side: Side, **facts: Fact) -> None:
    """Record that the actor's `side` did this, and tell the people of the other one."""
    record(actor, delegation, event, **facts)
    notices.post(delegation, event, other(side))


def record(actor: Actor, delegation: Delegation, event: Event, **facts: Fact) -> None:
    """One event in the owner's chain, with a copy for the integrator where there is one; of a ticket it says so."""
    if delegation.one_pair:
        facts["ticket"] = True
    audit.record(
        actor,
        event,
        delegation,
        tenant_id=delegation.tenant_id,
        also_seen_by=delegation.integrator_id,
        client=delegation.owner.name,
        **facts,
    )
