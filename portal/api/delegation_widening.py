"""Calls by which a wider delegation is proposed, and the proposal answered or taken back."""

from typing import Any

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.delegation_bodies import (
    ProposalAnswer,
    ProposedProjects,
    Widening,
    WideningAnswer,
    WideningByIntegrator,
    end_of,
)
from portal.api.delegation_shapes import DelegationShown, calls, changed, find
from portal.delegations import operations
from portal.delegations.models import Delegation, Side
from portal.delegations.states import Act, move
from portal.delegations.widening import to_answer


@calls.writes("/<account>/integrators/<delegation_id>/widen", Permission.DELEGATION_CHANGE)
def widen(actor: Actor, delegation_id: str, body: Widening) -> DelegationShown:
    """Propose to give more. Nothing changes before the integrator agrees."""
    row = _to_widen(actor, Side.OWNER, delegation_id)
    return _proposed(actor, Side.OWNER, row, body.chosen(actor, row), body.message)


@calls.writes("/<account>/clients/<delegation_id>/widen", Permission.DELEGATION_CHANGE)
def client_widen(actor: Actor, delegation_id: str, body: WideningByIntegrator) -> DelegationShown:
    """Propose to be given more. Nothing changes before the owner agrees."""
    row = _to_widen(actor, Side.INTEGRATOR, delegation_id)
    chosen = {
        "environments": body.environments,
        "rights": body.rights,
        "project_ids": None if body.projects is ProposedProjects.ALL else row.project_ids,
        "ends_at": end_of(body.last_day, row),
    }
    return _proposed(actor, Side.INTEGRATOR, row, chosen, body.message)


def _to_widen(actor: Actor, side: Side, delegation_id: str) -> Delegation:
    row = find(actor, side, delegation_id)
    move(row, Act.PROPOSE_WIDENING, side)
    return row


def _proposed(actor: Actor, side: Side, row: Delegation, chosen: dict[str, Any], message: str) -> DelegationShown:
    operations.propose_widening(actor, row, **chosen, message=message)
    return changed(actor, side, row)


@calls.writes("/<account>/integrators/<delegation_id>/widening/<proposal_id>", Permission.DELEGATION_CHANGE)
def answer_widening(actor: Actor, delegation_id: str, proposal_id: str, body: WideningAnswer) -> DelegationShown:
    """Answer what the integrator proposes; what is agreed to holds at once."""
    return _answered(actor, Side.OWNER, delegation_id, proposal_id, body.answer)


@calls.writes("/<account>/clients/<delegation_id>/widening/<proposal_id>", Permission.DELEGATION_CHANGE)
def client_answer_widening(actor: Actor, delegation_id: str, proposal_id: str, body: WideningAnswer) -> DelegationShown:
    """Answer what the owner proposes; what is agreed to holds at once."""
    return _answered(actor, Side.INTEGRATOR, delegation_id, proposal_id, body.answer)


def _answered(
    actor: Actor, side: Side, delegation_id: str, proposal_id: str, answer: ProposalAnswer
) -> DelegationShown:
    row = find(actor, side, delegation_id)
    move(row, Act.ACCEPT_WIDENING, side)
    to_answer(side, row, proposal_id)
    carry = operations.accept_widening if answer is ProposalAnswer.ACCEPT else operations.decline_widening
    carry(actor, row, proposal_id)
    return changed(actor, side, row)


@calls.writes("/<account>/integrators/<delegation_id>/widening/<proposal_id>/withdraw", Permission.DELEGATION_CHANGE)
def withdraw_widening(actor: Actor, delegation_id: str, proposal_id: str) -> DelegationShown:
    """Take back a wider delegation that you proposed to give."""
    return _taken_back(actor, Side.OWNER, delegation_id, proposal_id)


@calls.writes("/<account>/clients/<delegation_id>/widening/<proposal_id>/withdraw", Permission.DELEGATION_CHANGE)
def client_withdraw_widening(actor: Actor, delegation_id: str, proposal_id: str) -> DelegationShown:
    """Take back a wider delegation that you proposed to be given."""
    return _taken_back(actor, Side.INTEGRATOR, delegation_id, proposal_id)


def _taken_back(actor: Actor, side: Side, delegation_id: str, proposal_id: str) -> DelegationShown:
    row = find(actor, side, delegation_id)
    operations.withdraw_widening(actor, row, proposal_id)
    return changed(actor, side, row)
