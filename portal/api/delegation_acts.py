"""Calls by which a delegation or a ticket is answered, taken back, narrowed, paused, resumed and ended."""

from portal.access.actor import Actor, require
from portal.access.roles import Permission, Scope
from portal.api.delegation_bodies import Approval, DelegationTerms
from portal.api.delegation_shapes import DelegationShown, calls, changed, find
from portal.api.errors import NotAsDescribed
from portal.api.shapes import Version
from portal.delegations import operations
from portal.delegations.acting import needed_for
from portal.delegations.models import DelegationState, Side
from portal.delegations.states import Act, move, state_at
from portal.delegations.terms import CHOSEN_BY_OWNER
from portal.foundation import clock
from portal.handoffs import operations as hand_offs

CARRIES = {
    Act.ACCEPT: operations.accept,
    Act.DECLINE: operations.decline,
    Act.WITHDRAW: operations.withdraw,
    Act.PAUSE: operations.pause,
    Act.RESUME: operations.resume,
    Act.END: operations.end,
}

# A delegation needs the one, a ticket the other.
EITHER = (Scope.DELEGATIONS, Scope.HAND_OFFS)


@calls.writes("/<account>/integrators/<delegation_id>/approve", Permission.DELEGATION_CHANGE)
def approve(actor: Actor, delegation_id: str, body: Approval) -> DelegationShown:
    """Approve a request as it was asked.

    It runs from now on. `projects` is needed where the request leaves the choice of projects to the owner, and is
    refused where it does not.
    """
    row = find(actor, Side.OWNER, delegation_id)
    move(row, Act.APPROVE, Side.OWNER)
    if row.project_ids == CHOSEN_BY_OWNER:
        operations.approve(actor, row, body.ids(actor))
    elif "projects" in body.model_fields_set:
        raise NotAsDescribed([("/projects", "the request names the projects: narrow it to grant fewer")])
    else:
        operations.approve(actor, row)
    return changed(actor, Side.OWNER, row)


@calls.writes("/<account>/integrators/<delegation_id>/narrow", Permission.DELEGATION_CHANGE)
def narrow(actor: Actor, delegation_id: str, version: Version, body: DelegationTerms) -> DelegationShown:
    """Take something away from a delegation: at once where it runs.

    A narrowed request becomes an offer, which the integrator has to accept.
    """
    row = find(actor, Side.OWNER, delegation_id)
    move(row, Act.NARROW, Side.OWNER)
    operations.narrow(actor, row, **body.chosen(actor, row), version=version)
    return changed(actor, Side.OWNER, row)


@calls.writes("/<account>/clients/<delegation_id>/accept", Permission.SEE, scopes=EITHER)
def accept(actor: Actor, delegation_id: str) -> DelegationShown:
    """Accept an offer (scope `delegations`), or redeem a ticket (scope `hand_offs`).

    A ticket that is redeemed already is answered as it is.
    """
    _require_either(actor)
    row = find(actor, Side.INTEGRATOR, delegation_id)
    if row.one_pair and state_at(row, clock.now()) is DelegationState.ACTIVE:
        return changed(actor, Side.INTEGRATOR, row)
    return _carried_out(actor, Side.INTEGRATOR, delegation_id, Act.ACCEPT)


@calls.writes("/<account>/integrators/<delegation_id>/decline", Permission.SEE, scopes=EITHER)
def decline(actor: Actor, delegation_id: str) -> DelegationShown:
    """Decline a request (scope `delegations`)."""
    _require_either(actor)
    return _carried_out(actor, Side.OWNER, delegation_id, Act.DECLINE)


@calls.writes("/<account>/clients/<delegation_id>/decline", Permission.SEE, scopes=EITHER)
def client_decline(actor: Actor, delegation_id: str) -> DelegationShown:
    """Decline an offer (scope `delegations`) or a ticket (scope `hand_offs`)."""
    _require_either(actor)
    return _carried_out(actor, Side.INTEGRATOR, delegation_id, Act.DECLINE)


@calls.writes("/<account>/integrators/<delegation_id>/withdraw", Permission.SEE, scopes=EITHER)
def withdraw(actor: Actor, delegation_id: str) -> DelegationShown:
    """Withdraw an offer (scope `delegations`) or a ticket (scope `hand_offs`) that waits."""
    _require_either(actor)
    return _carried_out(actor, Side.OWNER, delegation_id, Act.WITHDRAW)


@calls.writes("/<account>/clients/<delegation_id>/withdraw", Permission.SEE, scopes=EITHER)
def client_withdraw(actor: Actor, delegation_id: str) -> DelegationShown:
    """Withdraw a request that waits (scope `delegations`)."""
    _require_either(actor)
    return _carried_out(actor, Side.INTEGRATOR, delegation_id, Act.WITHDRAW)


@calls.writes("/<account>/integrators/<delegation_id>/pause", Permission.DELEGATION_PAUSE)
def pause(actor: Actor, delegation_id: str) -> DelegationShown:
    """Pause a delegation that you give: nobody acts under it, and its key pairs do not work, until you resume it."""
    return _carried_out(actor, Side.OWNER, delegation_id, Act.PAUSE)


@calls.writes("/<account>/clients/<delegation_id>/pause", Permission.DELEGATION_PAUSE)
def client_pause(actor: Actor, delegation_id: str) -> DelegationShown:
    """Pause a delegation that you were given, until you resume it."""
    return _carried_out(actor, Side.INTEGRATOR, delegation_id, Act.PAUSE)


@calls.writes("/<account>/integrators/<delegation_id>/resume", Permission.DELEGATION_CHANGE)
def resume(actor: Actor, delegation_id: str) -> DelegationShown:
    """Resume a delegation that you paused: it and its key pairs work again."""
    return _carried_out(actor, Side.OWNER, delegation_id, Act.RESUME)


@calls.writes("/<account>/clients/<delegation_id>/resume", Permission.DELEGATION_CHANGE)
def client_resume(actor: Actor, delegation_id: str) -> DelegationShown:
    """Resume a delegation that you were given, and paused."""
    return _carried_out(actor, Side.INTEGRATOR, delegation_id, Act.RESUME)


@calls.writes("/<account>/integrators/<delegation_id>/end", Permission.DELEGATION_END)
def end(actor: Actor, delegation_id: str) -> DelegationShown:
    """End a delegation that you give, for good: the integrator's key pairs under it stop.

    `…/blast-radius` tells beforehand which these are.
    """
    return _carried_out(actor, Side.OWNER, delegation_id, Act.END)


@calls.writes("/<account>/clients/<delegation_id>/end", Permission.DELEGATION_END)
def client_end(actor: Actor, delegation_id: str) -> DelegationShown:
    """End a delegation that you were given, for good: your key pairs under it stop.

    `…/blast-radius` tells beforehand which these are.
    """
    return _carried_out(actor, Side.INTEGRATOR, delegation_id, Act.END)


def _require_either(actor: Actor) -> None:
    # Of a ticket it takes the one, of a delegation the other: which it is shows only to who may one of them.
    if not actor.may(Permission.DELEGATION_CHANGE):
        require(actor, Permission.HAND_OFF)


def _carried_out(actor: Actor, side: Side, delegation_id: str, act: Act) -> DelegationShown:
    row = find(actor, side, delegation_id)
    require(actor, needed_for(act, row))
    move(row, act, side)
    CARRIES[act](actor, row)
    if act is Act.END:
        hand_offs.close_under(actor, row)
        hand_offs.start_rotations(actor, row)
    return changed(actor, side, row)
