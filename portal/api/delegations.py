"""Calls about delegations: those that are given and taken, and how one begins."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Select

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api import (  # noqa: F401 - their calls join the room
    delegation_acts,
    delegation_pace,
    delegation_radius,
    delegation_widening,
)
from portal.api.delegation_bodies import DelegationRequest, Offer, RequestedProjects, Ticket, end_of, inner_ids
from portal.api.delegation_shapes import Beside, DelegationShown, calls, changed, find, seen, told
from portal.api.shapes import Listed, Paged, listed
from portal.delegations import operations, store
from portal.delegations.models import Delegation, Side
from portal.foundation import clock
from portal.impact.clients import live_pairs
from portal.keys import tickets

__all__ = ["calls"]


class Wanted(Paged):
    """Which delegations."""

    show: Annotated[Literal["open", "past"], Field(description="Those that wait or run, or those that are over.")] = (
        "open"
    )


@calls.reads("/<account>/integrators", Permission.SEE)
def integrators(actor: Actor, query: Wanted) -> Listed[DelegationShown]:
    """List the delegations and tickets that you give, newest first."""
    return _listed(actor, Side.OWNER, store.given_by(actor), query)


@calls.reads("/<account>/clients", Permission.SEE)
def clients(actor: Actor, query: Wanted) -> Listed[DelegationShown]:
    """List the delegations and tickets that you were given, newest first."""
    return _listed(actor, Side.INTEGRATOR, store.taken_by(actor), query)


def _listed(actor: Actor, side: Side, rows: Select[Delegation], query: Wanted) -> Listed[DelegationShown]:
    page = store.page(rows, past=query.show == "past", place=query.after)
    proposals = store.proposals_given if side is Side.OWNER else store.proposals_taken
    waiting = proposals(actor, with_projects=True)
    made = tickets.made_under(actor, page.rows, clock.now())
    pairs = live_pairs(actor, page.rows, clock.now())

    def shown(row: Delegation) -> DelegationShown:
        return told(actor, side, row, Beside(waiting.get(row.id), made.get(row.id, {}), pairs.get(row.id, 0)))

    return Listed[DelegationShown](**listed(page, shown))


@calls.reads("/<account>/integrators/<delegation_id>", Permission.SEE)
def show(actor: Actor, delegation_id: str) -> DelegationShown:
    """Show a delegation or a ticket that you give."""
    return seen(actor, Side.OWNER, find(actor, Side.OWNER, delegation_id))


@calls.reads("/<account>/clients/<delegation_id>", Permission.SEE)
def client(actor: Actor, delegation_id: str) -> DelegationShown:
    """Show a delegation or a ticket that you were given."""
    return seen(actor, Side.INTEGRATOR, find(actor, Side.INTEGRATOR, delegation_id))


@calls.writes("/<account>/integrators/offer", Permission.DELEGATION_OFFER, makes=True)
def offer(actor: Actor, body: Offer) -> DelegationShown:
    """Offer an integrator a delegation.

    Nothing is granted before it accepts. Whether there is an integrator with this account id shows only in its answer.
    """
    row = operations.offer(actor, body.account_id, **body.chosen(actor), message=body.message)
    return changed(actor, Side.OWNER, row)


@calls.writes("/<account>/integrators/ticket", Permission.HAND_OFF, makes=True)
def ticket(actor: Actor, body: Ticket) -> DelegationShown:
    """Give an integrator a ticket: the right to make one key pair in each environment that you name.

    Nothing is granted before it is redeemed.
    """
    row = operations.offer_ticket(
        actor,
        body.account_id,
        environments=body.environments,
        project_ids=inner_ids(actor, body.projects),
        ends_at=end_of(body.last_day),
        message=body.message,
    )
    return changed(actor, Side.OWNER, row)


@calls.writes("/<account>/clients/request", Permission.DELEGATION_OFFER, makes=True)
def request(actor: Actor, body: DelegationRequest) -> DelegationShown:
    """Ask the owner that gave you a request code for a delegation."""
    row = operations.request(
        actor,
        body.request_code,
        environments=body.environments,
        rights=body.rights,
        all_projects=body.projects is RequestedProjects.ALL,
        ends_at=end_of(body.last_day),
        message=body.message,
    )
    return changed(actor, Side.INTEGRATOR, row)
