"""The owner's integrators, the integrator's clients, one delegation, and how one begins."""

from collections.abc import Sequence
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.audit import store as audit
from portal.delegations import operations, store
from portal.delegations.acting import require_agreement
from portal.delegations.errors import AgreementMissing
from portal.delegations.models import Delegation, Side
from portal.delegations.pace import steady
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import blast
from portal.impact.clients import live_pairs
from portal.keys import tickets
from portal.usage import store as usage
from portal.web import arguments, revocation
from portal.web.activity.sentences import sentence
from portal.web.delegations import answers, widening  # noqa: F401 - their views join the blueprint
from portal.web.delegations.actions import actions_of
from portal.web.delegations.forms import OfferForm, RequestForm, TicketForm, at_fields
from portal.web.delegations.routes import pages, to_delegation
from portal.web.delegations.seen import Given, look, seen
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.pages import answer
from portal.web.say import why
from portal.web.usage.shown import alarms

EVENTS_SHOWN = 30


@pages.route("/<account>/integrators")
@requires(Permission.SEE)
def integrators(account: str) -> ResponseReturnValue:
    actor = current_actor()
    return _listed("delegations/integrators.html", actor, Side.OWNER)


@pages.route("/<account>/clients")
@requires(Permission.SEE)
def clients(account: str) -> ResponseReturnValue:
    actor = current_actor()
    return _listed("delegations/clients.html", actor, Side.INTEGRATOR, refusal=why(_agreement(actor)))


def _listed(template: str, actor: Actor, side: Side, **context: object) -> ResponseReturnValue:
    owners = side is Side.OWNER
    rows = store.given_by(actor) if owners else store.taken_by(actor)
    waiting = store.proposals_given(actor) if owners else store.proposals_taken(actor)
    past = arguments.one_of("show", {"past"}) == "past"
    page = store.page(rows, past=past, place=request.args.get("after"))
    made = tickets.made_under(actor, page.rows, clock.now())
    shown = [seen(row, side, waiting.get(row.id), made.get(row.id)) for row in page.rows]
    return render_template(
        template,
        rows=shown,
        pairs=live_pairs(actor, page.rows, clock.now()),
        next_place=page.next_place,
        wrong=[] if owners else _wrong_at_clients(actor, page.rows),
        past=past,
        is_first_time=not shown and not store.has_any(rows),
        **context,
    )


def _wrong_at_clients(actor: Actor, taken: Sequence[Delegation]) -> list[dict[str, Any]]:
    """What collides or alarms in the clients' data spaces that these delegations reach."""
    clients = {row.tenant_id: row.owner for row in taken}
    found = [one.installation for one in usage.around(actor, [], taken) if one.installation.tenant_id in clients]
    told = [(one, clients[one.tenant_id]) for one in found if one.needs_somebody]
    return alarms([(one, client.account_id, client.name) for one, client in told])


def _agreement(actor: Actor) -> AgreementMissing | None:
    """Why the actor's tenant may take on nothing as an integrator, or None."""
    try:
        require_agreement(actor.home_id, actor.home_name)
    except AgreementMissing as refusal:
        return refusal
    return None


@pages.route("/<account>/integrators/<delegation_id>")
@requires(Permission.SEE)
def show(account: str, delegation_id: str) -> ResponseReturnValue:
    return _shown(Side.OWNER, delegation_id)


@pages.route("/<account>/clients/<delegation_id>")
@requires(Permission.SEE)
def client(account: str, delegation_id: str) -> ResponseReturnValue:
    return _shown(Side.INTEGRATOR, delegation_id)


def _shown(side: Side, delegation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    one = look(actor, side, delegation_id)
    events = audit.page(actor, before_seq=None, limit=EVENTS_SHOWN, subject=delegation_id)
    agreement = _agreement(actor) if side is Side.INTEGRATOR else None
    return render_template(
        "delegations/show.html",
        seen=one,
        actions=actions_of(actor, one, agreement),
        wider=Given.by(one.proposal) if one.proposal else None,
        radius=blast.of_delegation(actor, one.row) if one.is_running else blast.BlastRadius(),
        refused=revocation.of_delegation(one.row),
        events=[{"at": row.at, "sentence": sentence(row), "who": row.actor_home_name} for row in events],
    )


@pages.route("/<account>/integrators/offer", methods=["GET", "POST"])
@requires(Permission.DELEGATION_OFFER)
def offer(account: str) -> ResponseReturnValue:
    actor = current_actor()
    form = OfferForm.among(store.projects_of(actor))
    form.ask_again()
    if form.validate_on_submit() and confirmed(form):
        with at_fields(form):
            with steady(), transaction():
                row = operations.offer(
                    actor, form.account_id.data or "", **form.chosen, message=form.message.data or ""
                )
            flash(_("The offer is sent. Nothing is granted before it is accepted."), "success")
            return to_delegation(Side.OWNER, row.public_id)
    return answer("delegations/offer.html", form=form)


@pages.route("/<account>/integrators/ticket", methods=["GET", "POST"])
@requires(Permission.HAND_OFF)
def ticket(account: str) -> ResponseReturnValue:
    actor = current_actor()
    form = TicketForm.among(store.projects_of(actor))
    form.ask_again()
    if form.validate_on_submit() and confirmed(form):
        with at_fields(form):
            with steady(), transaction():
                row = operations.offer_ticket(
                    actor, form.account_id.data or "", **form.chosen, message=form.message.data or ""
                )
            flash(_("The ticket is given. Nothing is granted before it is redeemed."), "success")
            return to_delegation(Side.OWNER, row.public_id)
    return answer("delegations/ticket.html", form=form)


@pages.route("/<account>/clients/request", methods=["GET", "POST"], endpoint="request")
@requires(Permission.DELEGATION_OFFER)
def ask(account: str) -> ResponseReturnValue:
    actor = current_actor()
    require_agreement(actor.tenant_id, account)
    form = RequestForm.usual()
    if form.validate_on_submit():
        with at_fields(form):
            with transaction():
                row = operations.request(
                    actor, form.request_code.data or "", **form.chosen, message=form.message.data or ""
                )
            flash(_("Your request is sent. The owner can approve, narrow or decline it."), "success")
            return to_delegation(Side.INTEGRATOR, row.public_id)
    return answer("delegations/request.html", form=form)
