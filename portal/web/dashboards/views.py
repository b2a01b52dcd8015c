"""The overview of a tenant."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.contracts.models import ContractKind
from portal.delegations.models import Delegation, DelegationState, Side
from portal.foundation import clock
from portal.impact import overview as impact
from portal.impact.overview import Overview
from portal.keys.models import KeyPair
from portal.keys.status import KeyStatus, status_of
from portal.lookins import store as look_ins
from portal.lookins.models import LookIn
from portal.web import frame
from portal.web.dashboards import asked, handed
from portal.web.dashboards.attention import Attention
from portal.web.delegations.seen import seen
from portal.web.filters import moment_text
from portal.web.guards import current_actor, requires
from portal.web.keys.views import why_not
from portal.web.usage.shown import alarms

pages = Blueprint("dashboards", __name__)


@pages.route("/<account>")
@requires(Permission.SEE)
def overview(account: str) -> ResponseReturnValue:
    actor, side = current_actor(), frame.environment()
    if actor.may(Permission.CONSOLE_SEE):
        return redirect(url_for("console.overview", account=account))
    found = impact.of_tenant(actor, side, clock.now())
    return render_template(
        "dashboards/overview.html",
        environment=side.value if found.uses_services or actor.acts_for_client else None,
        environment_switch=frame.switch(side),
        overview=found,
        given=[seen(row, Side.OWNER, None, found.with_tickets.get(row.id)) for row in found.given],
        taken=[seen(row, Side.INTEGRATOR, None, found.with_tickets.get(row.id)) for row in found.taken],
        needs=[
            *_alarms(account, found),
            *handed.needs(account, found),
            *_waiting(account, actor, found),
            *asked.needs(account, actor, found),
            *_ending(account, actor, found),
        ],
        steps=_checklist(account, found),
        refusal=why_not(actor, side, found.contracts) if found.uses_services else None,
        kinds=ContractKind,
        look_ins=_lookers(actor),
    )


def _lookers(actor: Actor) -> Sequence[LookIn]:
    """Who of the vendor looks into this account now; only its own members are told."""
    return look_ins.running(actor, clock.now()) if g.get("is_looked_into") else []


def _alarms(account: str, found: Overview) -> list[dict[str, Any]]:
    """Shops that collide or alarm, here and at clients; whoever acts for a client finds that client's only."""
    told = []
    for installation in found.alarming:
        client = found.owner_of(installation)
        told.append((installation, client.account_id if client else account, client.name if client else ""))
    return alarms(told)


def _waiting(account: str, actor: Actor, found: Overview) -> list[Attention]:
    answers = [(row, _sentence(row, actor)) for row in found.to_answer]
    proposals = [(row, _widening(row, actor)) for row in found.to_widen]
    asked = [
        Attention("warn", sentence, _delegation_url(account, actor, row), _("Answer"))
        for row, sentence in answers + proposals
    ]
    return asked + [_unmade(account, actor, row) for row in found.to_make]


def _unmade(account: str, actor: Actor, row: Delegation) -> Attention:
    sentence = _("The ticket from %(owner)s is redeemed; its key pair is not made yet.", owner=row.owner.name)
    return Attention("info", sentence, _delegation_url(account, actor, row), _("See the ticket"))


def _sentence(row: Delegation, actor: Actor) -> str:
    if row.state is DelegationState.REQUESTED and row.integrator:
        return _("%(integrator)s asks to work for you as your integrator.", integrator=row.integrator.name)
    if row.one_pair:
        return _("%(owner)s gives you a ticket for a key pair.", owner=row.owner.name)
    return _("%(owner)s offers you to work as their integrator.", owner=row.owner.name)


def _widening(row: Delegation, actor: Actor) -> str:
    other = row.owner.name if row.tenant_id != actor.tenant_id else _other(row)
    if row.one_pair:
        return _("%(other)s proposes to widen the ticket into a delegation.", other=other)
    return _("%(other)s proposes to widen the delegation.", other=other)


def _delegation_url(account: str, actor: Actor, row: Delegation) -> str:
    endpoint = "delegations.show" if row.tenant_id == actor.tenant_id else "delegations.client"
    return url_for(endpoint, account=account, delegation_id=row.public_id)


def _ending(account: str, actor: Actor, found: Overview) -> list[Attention]:
    contracts = [
        Attention(
            "warn",
            _("The contract for %(edition)s ends in %(days)s days.", edition=row.edition.name, days=_days(row, found)),
            url_for("contracts.index", account=account),
            _("See the contract"),
        )
        for row in found.ending_contracts
    ]
    delegations = [
        Attention(
            "info",
            _end_of(row, actor, found),
            _delegation_url(account, actor, row),
            _("See the ticket") if row.one_pair else _("See the delegation"),
        )
        for row in found.ending_delegations
    ]
    return contracts + [_rotation(account, pair, found) for pair in found.retiring_pairs] + delegations


def _rotation(account: str, pair: KeyPair, found: Overview) -> Attention:
    where = url_for("keys.cockpit", account=account, api_key=pair.api_key)
    if status_of(pair, found.at) is KeyStatus.HELD_OPEN:
        sentence = _("The old key pair “%(name)s” is held open: a shop may still use it.", name=pair.name)
        return Attention("warn", sentence, where, _("See which shops have moved"))
    until = moment_text(pair.retiring_until) if pair.retiring_until else ""
    sentence = _("The old key pair “%(name)s” ends on %(until)s.", name=pair.name, until=until)
    return Attention("info", sentence, where, _("See which shops have moved"))


def _end_of(row: Delegation, actor: Actor, found: Overview) -> str:
    days = _days(row, found)
    if row.one_pair and row.tenant_id == actor.tenant_id:
        return _("The ticket for %(integrator)s ends in %(days)s days.", integrator=_other(row), days=days)
    if row.one_pair:
        return _("Your ticket from %(owner)s ends in %(days)s days.", owner=row.owner.name, days=days)
    if row.tenant_id == actor.tenant_id:
        return _("The delegation to %(integrator)s ends in %(days)s days.", integrator=_other(row), days=days)
    return _("Your delegation from %(owner)s ends in %(days)s days.", owner=row.owner.name, days=days)


def _other(row: Delegation) -> str:
    return row.integrator.name if row.integrator else row.integrator_account_id


def _days(row: object, found: Overview) -> int:
    return max(0, (row.ends_at - found.at).days)  # type: ignore[attr-defined]


def _checklist(account: str, found: Overview) -> list[dict[str, object]]:
    """The steps to a working shop; empty once all are done, or where nothing can be set up (S18)."""
    if not found.uses_services or found.configured:
        return []
    projects = url_for("projects.index", account=account)
    return [
        _key_step(_("A sandbox key pair"), account, found, Environment.SANDBOX),
        _key_step(_("A production key pair"), account, found, Environment.PRODUCTION),
        _step(_("A project with its data spaces"), bool(found.projects), projects, _("Create it")),
        _step(_("An installation on a data space"), found.has_installation, projects, _("Put it there")),
    ]


def _key_step(label: str, account: str, found: Overview, side: Environment) -> dict[str, object]:
    where = url_for("keys.index", account=account, environment=side.value)
    return _step(label, bool(found.ready.live.get(side)), where, _("Make it"))


def _step(label: str, done: bool, url: str, action: str) -> dict[str, object]:
    return {"label": label, "done": done} | ({} if done else {"url": url, "action": action})
