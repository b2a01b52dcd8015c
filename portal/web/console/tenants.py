"""Keeping tenants: opening an account, inviting its first owner, its standing."""

from typing import Any

from flask import Response, flash, redirect, url_for
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.accounts.errors import AlreadyMember, StaffStaysOut
from portal.accounts.models import Language
from portal.contracts.errors import TermOutOfOrder, TermTooLong
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import console
from portal.impact.opening import open_account
from portal.impact.standing import hanging_on
from portal.tenants import operations as tenants
from portal.tenants import store
from portal.tenants.errors import NamesakeThere, VendorStays
from portal.tenants.models import STANDING_NAMES
from portal.web.console.blueprint import pages
from portal.web.console.forms import InviteOwnerForm, OpenTenantForm, StandingForm
from portal.web.frame import language
from portal.web.guards import current_actor, requires
from portal.web.pages import add_refusal, answer


def to_tenant(account: str, owner_id: str) -> Response:
    """Back to the console's page of this tenant."""
    return redirect(url_for("console.tenant", account=account, owner_id=owner_id), code=303)  # type: ignore[return-value]


@pages.route("/<account>/console/tenants/new", methods=["GET", "POST"])
@requires(Permission.TENANT_OPEN)
def open_tenant(account: str) -> Any:
    """Open an account and invite its first owner."""
    actor, form, namesake = current_actor(), OpenTenantForm(), None
    form.offer(console.editions(), language())
    if not actor.may(Permission.CONTRACT_CHANGE):
        form.without_contract()
    if form.validate_on_submit():
        try:
            with transaction():
                tenant, _contract = open_account(actor, form.opening)
                name, owner_id = tenant.name, tenant.account_id
        except NamesakeThere as refusal:
            add_refusal(form.name, refusal)
            namesake = store.get_by_account_id(refusal.facts["account"])
        except (TermOutOfOrder, TermTooLong) as refusal:
            add_refusal(form.last_day, refusal)
        except StaffStaysOut as refusal:
            add_refusal(form.email, refusal)
        else:
            told = _("%(name)s is opened as %(account)s. %(email)s is invited as its first owner.",
                     name=name, account=owner_id, email=form.email.data)  # fmt: skip
            flash(told, "success")
            return to_tenant(account, owner_id)
    return answer("console/open_tenant.html", form=form, namesake=namesake)


@pages.route("/<account>/console/tenants/<owner_id>/owner", methods=["GET", "POST"])
@requires(Permission.TENANT_OPEN)
def invite_owner(account: str, owner_id: str) -> Any:
    """Invite the first owner, or another one in the place of who did not answer."""
    actor, owner = current_actor(), store.get_by_account_id(owner_id)
    waiting = accounts.open_to_owners(owner)
    form = InviteOwnerForm(email=waiting[0].email if waiting else "", language=language())
    if form.validate_on_submit():
        try:
            with transaction():
                chosen = Language(form.language.data)
                accounts.invite_first_owner(actor, owner, form.email.data, language=chosen)
        except (AlreadyMember, StaffStaysOut) as refusal:
            add_refusal(form.email, refusal)
        else:
            flash(_("The invitation is on its way to %(email)s.", email=form.email.data), "success")
            return to_tenant(account, owner_id)
    else:
        accounts.require_nobody_owns(owner)
    return answer("console/invite_owner.html", form=form, owner=owner, waiting=waiting)


@pages.route("/<account>/console/tenants/<owner_id>/standing", methods=["GET", "POST"])
@requires(Permission.STANDING_CHANGE)
def standing(account: str, owner_id: str) -> Any:
    """Change the standing; what that stops is said first."""
    actor, owner = current_actor(), store.get_by_account_id(owner_id)
    if owner.is_vendor:
        raise VendorStays()
    form = StandingForm.for_tenant(owner)
    if form.validate_on_submit():
        with transaction():
            tenants.set_standing(actor, owner, form.chosen, reason=form.reason.data or "", version=form.version.data)
            name = owner.name
        told = _("The standing of %(name)s is now: %(standing)s.", name=name, standing=_(STANDING_NAMES[form.chosen]))
        flash(told, "success")
        return to_tenant(account, owner_id)
    return answer("console/standing.html", form=form, owner=owner, hanging=hanging_on(owner, clock.now()))
