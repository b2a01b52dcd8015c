"""Whether rights over keys need a second factor in this account: switched on and off, with whom it concerns."""

from typing import Any

from flask import flash, g, redirect, url_for
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.accounts.factor_policy import GRACE
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import factor_policy
from portal.web.filters import moment_text
from portal.web.guards import requires
from portal.web.identity import confirmed
from portal.web.pages import answer
from portal.web.tenants.blueprint import own_actor, pages
from portal.web.tenants.forms import FactorPolicyForm


@pages.route("/<account>/settings/second-factor", methods=["GET", "POST"])
@requires(Permission.POLICY_CHANGE)
def ask_factor(account: str) -> Any:
    """Says whom it concerns and from when on, before it is switched on."""
    actor = own_actor()
    form = FactorPolicyForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            until = factor_policy.ask(actor)
        said = _("Rights over keys need a second factor. Who has none can go on until %(day)s.", day=moment_text(until))
        flash(said, "success")
        return redirect(url_for(".settings", account=account), code=303)
    return _page("tenants/ask_factor.html", form, until=clock.now() + GRACE)


@pages.route("/<account>/settings/second-factor/off", methods=["GET", "POST"])
@requires(Permission.POLICY_CHANGE)
def stop_asking_factor(account: str) -> Any:
    actor = own_actor()
    form = FactorPolicyForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            factor_policy.stop_asking(actor)
        flash(_("Rights over keys need no second factor any more."), "success")
        return redirect(url_for(".settings", account=account), code=303)
    return _page("tenants/stop_asking_factor.html", form)


def _page(template: str, form: FactorPolicyForm, **others: Any) -> Any:
    found = factor_policy.concerned(own_actor())
    return answer(
        template,
        form=form,
        lacking=[row.person for row in found.members],
        at_integrators=_by_account(found),
        asked_at=g.tenant.factor_asked_at,
        days=GRACE.days,
        **others,
    )


def _by_account(found: factor_policy.Concerned) -> list[tuple[str, int]]:
    """How many people of each integrator are concerned; who they are is its own business."""
    counts: dict[str, int] = {}
    for row in found.of_integrators:
        counts[row.tenant.name] = counts.get(row.tenant.name, 0) + 1
    return sorted(counts.items())
