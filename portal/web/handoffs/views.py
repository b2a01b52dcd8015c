"""The hand-offs that a tenant gives and receives: the lists, one of them, its receipt, its withdrawal, its link."""

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.audit import operations as audit
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.handoffs import opening, operations, store, words
from portal.handoffs.models import HandOff
from portal.handoffs.states import Act, allows, move, state_at
from portal.impact import receipts
from portal.web.forms import PortalForm
from portal.web.guards import current_actor, requires, signed_in
from portal.web.handoffs import (  # noqa: F401 - their views join the blueprint
    enrolling,
    giving,
    sealing,
)
from portal.web.handoffs import opening as opening_pages  # noqa: F401 - the same
from portal.web.handoffs.blueprint import pages
from portal.web.handoffs.shown import steps_of
from portal.web.pages import answer

STRANGER = "somebody of another account"


@pages.route("/<account>/hand-offs")
@requires(Permission.SEE)
def index(account: str) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    given = store.page(store.given_by(actor), place=request.args.get("given"))
    received = None if actor.acts_for_client else store.page(store.received_for(actor), place=request.args.get("taken"))
    mine = None if actor.acts_for_client else store.current_key(actor)
    return render_template(
        "handoffs/index.html",
        given=[(row, state_at(row, now)) for row in given.rows],
        given_next=given.next_place,
        received=[(row, state_at(row, now)) for row in received.rows] if received else [],
        received_next=received.next_place if received else None,
        envelope_key=mine,
        words=words.comparison_words(mine.public) if mine else (),
    )


@pages.route("/<account>/hand-offs/<hand_off_id>")
@requires(Permission.SEE)
def show(account: str, hand_off_id: str) -> ResponseReturnValue:
    actor, now = current_actor(), clock.now()
    hand_off = store.get(actor, hand_off_id)
    return render_template(
        "handoffs/show.html",
        hand_off=hand_off,
        environment=hand_off.environment.value,
        state=state_at(hand_off, now),
        is_giver=hand_off.tenant_id == actor.tenant_id,
        steps=steps_of(receipts.of(hand_off)),
        words=words.comparison_words(hand_off.to_public),
        may_open=allows(hand_off, Act.OPEN, now) and hand_off.to_person_id == actor.person_id,
        may_withdraw=allows(hand_off, Act.WITHDRAW, now),
    )


@pages.route("/<account>/hand-offs/<hand_off_id>/receipt")
@requires(Permission.SEE)
def receipt(account: str, hand_off_id: str) -> Response:
    """What happened, as a file that both sides can keep."""
    hand_off = store.get(current_actor(), hand_off_id)
    file = jsonify(
        hand_off=hand_off.public_id,
        key_pair={
            "api_key": hand_off.key_pair.api_key,
            "name": hand_off.key_pair.name,
            "environment": hand_off.environment.value,
            "public_key_sha256": hand_off.key_pair.spki_sha256.hex(),
        },
        giver={"account": hand_off.owner.account_id, "name": hand_off.owner.name},
        receiver={
            "account": hand_off.receiver.account_id,
            "name": hand_off.receiver.name,
            "person": hand_off.to_person.name,
            "words": list(words.comparison_words(hand_off.to_public)),
        },
        attempts=hand_off.attempts,
        steps=[
            {
                "step": one.step.value,
                "at": one.at.isoformat(timespec="seconds"),
                "party": one.party,
                "person": one.person,
            }
            for one in receipts.of(hand_off)
            if one.at is not None
        ],
        as_of=clock.now().isoformat(timespec="seconds"),
    )
    file.headers.set("Content-Disposition", "attachment", filename=f"receipt-{hand_off.public_id}.json")
    return file


@pages.route("/<account>/hand-offs/<hand_off_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.HAND_OFF)
def withdraw(account: str, hand_off_id: str) -> ResponseReturnValue:
    actor, form = current_actor(), PortalForm()
    hand_off = store.get(actor, hand_off_id)
    if hand_off.tenant_id != actor.tenant_id:
        raise NotFound()
    if form.validate_on_submit():
        with transaction():
            operations.withdraw(actor, hand_off)
        flash(_("Withdrawn. The sealed copy is destroyed."), "success")
        return redirect(url_for(".show", account=account, hand_off_id=hand_off_id), code=303)
    move(hand_off, Act.WITHDRAW, clock.now())
    return answer("handoffs/withdraw.html", form=form, hand_off=hand_off, environment=hand_off.environment.value)


@pages.route("/hand-offs/<code>", methods=["GET", "POST"])
@signed_in
def by_link(code: str) -> ResponseReturnValue:
    """Where the link of the mail leads. Looking changes nothing; opening from another account freezes the hand-off."""
    hand_off = opening.by_link(code)
    if _is_received(hand_off):
        return redirect(
            url_for(".show", account=hand_off.receiver.account_id, hand_off_id=hand_off.public_id), code=303
        )
    form = PortalForm()
    if not form.validate_on_submit():
        return answer("handoffs/by_link.html", form=form)
    with transaction():
        operations.freeze(_stranger(), hand_off)
    # In the stranger's own record, so that the vendor can find out who it was.
    stranger = Actor(tenant_id=None, home_id=None, label=current_user.name, person_id=current_user.id)
    audit.record_refusal(stranger, NotFound(), "POST handoffs.by_link")
    raise NotFound()


def _is_received(hand_off: HandOff) -> bool:
    """Whether the signed-in person is a member of the receiving tenant."""
    return any(row.tenant_id == hand_off.receiver_id for row in accounts.memberships_of(current_user.id))


def _stranger() -> Actor:
    """Somebody of another account: the two sides learn that it was one, and not who."""
    return Actor(tenant_id=None, home_id=None, label=STRANGER)
