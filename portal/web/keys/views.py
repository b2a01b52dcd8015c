"""The list of key pairs, one key pair, its name and its end."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.accounts.models import Membership
from portal.contracts.models import Contract, ContractKind
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.handoffs import store as hand_offs
from portal.impact import blast, readiness
from portal.keys import eligibility, material, operations, store
from portal.keys.errors import KeyNameTaken
from portal.keys.handing_over import is_stopped_alone
from portal.keys.models import KeyPair, KeyState
from portal.keys.status import status_of
from portal.usage import store as usage
from portal.web import arguments, frame, revocation
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.keys import (  # noqa: F401 - they belong to this blueprint
    batch,
    checking,
    making,
    rotation,
    shown,
    trouble,
    turning,
)
from portal.web.keys.blueprint import pages
from portal.web.keys.forms import RenameKeyForm, RevokeKeyForm
from portal.web.pages import add_refusal, answer
from portal.web.usage.shown import DAYS_SHOWN, bars


@pages.route("/<account>/keys")
@requires(Permission.SEE)
def index(account: str) -> ResponseReturnValue:
    actor, side = current_actor(), frame.environment()
    wanted = arguments.text("api_key").lower()
    page = store.listed(actor, side, place=request.args.get("after"), api_key=wanted)
    now = clock.now()
    return render_template(
        "keys/index.html",
        environment=side.value,
        environment_switch=frame.switch(side),
        rows=[(pair, status_of(pair, now), turning.note(pair)) for pair in page.rows],
        last_uses=usage.last_uses(actor, page.rows),
        next_place=page.next_place,
        wanted=wanted,
        ready=readiness.of_keys(actor, now),
        refusal=why_not(actor, side),
    )


def why_not(actor: Actor, side: Environment, loaded: Sequence[Contract] | None = None) -> PortalError | None:
    """Why the actor may not make a key pair in this environment now, or None. loaded: as for `usable_contracts`."""
    try:
        eligibility.usable_contracts(actor, loaded)
        if side not in actor.reach.environments:
            eligibility.require_environment(actor, side)
    except PortalError as refusal:
        return refusal
    return eligibility.refusal_of_ticket(actor, side)


@pages.route("/<account>/keys/<api_key>")
@requires(Permission.SEE)
def show(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    return render_template(
        "keys/show.html",
        environment=pair.environment.value,
        pair=pair,
        status=status_of(pair, clock.now()),
        signer=_signer_of(actor, pair),
        public_pem=material.public_pem(pair.spki),
        services=readiness.services_of(actor),
        radius=blast.of_key(actor, pair),
        turn=turning.of_pair(actor, pair),
        last_use=usage.last_uses(actor, [pair]).get(pair.id),
        uses=usage.uses_of(actor, pair, _first_day()),
        bars=bars(usage.per_day(actor, pair, _first_day()), clock.now().date()),
        copies=hand_offs.copies_of(actor, pair),
        running_hand_off=hand_offs.live_of(actor, pair),
        may_rename=eligibility.has_power(actor, pair, Permission.KEY_RENAME),
        may_revoke=eligibility.has_power(actor, pair, Permission.KEY_REVOKE),
        leak=_leak(pair),
        refused=revocation.of_pair(pair),
    )


def _signer_of(actor: Actor, pair: KeyPair) -> Membership | None:
    return store.contract_of(actor, pair).signer if pair.contract.kind is ContractKind.PARTNER else None


def _leak(pair: KeyPair) -> str | None:
    """What is still to do after a leak: `declared`, as it still works; `stopped`, without a successor. Else None."""
    if pair.state is KeyState.ACTIVE and store.is_leaked(pair):
        return "declared"
    return "stopped" if is_stopped_alone(pair) else None


def _first_day() -> date:
    return clock.now().date() - timedelta(days=DAYS_SHOWN - 1)


@pages.route("/<account>/keys/<api_key>/rename", methods=["GET", "POST"])
@requires(Permission.KEY_RENAME)
def rename(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    form = RenameKeyForm(obj=pair)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.rename(actor, pair, name=form.name.data, version=form.version.data)
            flash(_("The key pair is now called “%(name)s”.", name=form.name.data), "success")
            return _to(pair)
        except KeyNameTaken as refusal:
            add_refusal(form.name, refusal)
    return answer("keys/rename.html", form=form, pair=pair, environment=pair.environment.value)


@pages.route("/<account>/keys/<api_key>/revoke", methods=["GET", "POST"])
@requires(Permission.KEY_REVOKE)
def revoke(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    form = RevokeKeyForm()
    is_production = pair.environment is Environment.PRODUCTION
    form.ask_for(pair.name if is_production else None)
    form.require_fresh(always=is_production)
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            operations.revoke(actor, pair)
        flash(_("“%(name)s” is revoked. It opens nothing any more.", name=pair.name), "success")
        return _to(pair)
    pair = store.get(actor, api_key)  # a wrong password was an attempt of its own, after which all is read anew
    radius = blast.of_key(actor, pair)
    return answer("keys/revoke.html", form=form, pair=pair, radius=radius, environment=pair.environment.value)


def _to(pair: KeyPair) -> ResponseReturnValue:
    account = request.view_args["account"] if request.view_args else ""
    return redirect(url_for("keys.show", account=account, api_key=pair.api_key), code=303)
