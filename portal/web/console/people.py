"""A person, as the console shows them: where they belong, and the end of their sign-in or its return."""

import uuid
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from portal.access.roles import ROLE_NAMES, Permission
from portal.accounts import factor_store, recovery_store, store
from portal.accounts import operations as accounts
from portal.accounts.emails import clean_email
from portal.accounts.errors import AlreadyMember, OwnerWanted, StaffStaysOut
from portal.accounts.models import Person
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.impact.disabling import Hanging, disable_person, hanging_on_person
from portal.web.console.blueprint import pages
from portal.web.console.forms import ReasonField
from portal.web.forms import CheckboxesField, PortalForm
from portal.web.guards import current_actor, requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import add_refusal, answer
from portal.web.say import say
from portal.web.tenants import leaving


class FirstOwnerField(StringField):
    """An e-mail address, or nothing."""

    data: str | None

    def pre_validate(self, form: Any) -> None:
        if not (self.data or "").strip():
            self.data = ""
            return
        try:
            self.data = clean_email(self.data or "")
        except PortalError as refusal:
            raise StopValidation(say(refusal)) from refusal


class PersonForm(FreshSignIn, PortalForm):
    """Why, and who one is: asked each time."""

    reason = ReasonField(
        description=_l("All accounts to which the person belongs read it, word for word, and so does the person.")
    )


class DisablePersonForm(PersonForm):
    """Also who owns the accounts that nobody else can manage."""

    successors = CheckboxesField(_l("Who owns them from now on"), choices=[])
    first_owner = FirstOwnerField(_l("E-mail address of who is invited as their owner"))

    @classmethod
    def for_person(cls, hanging: Hanging) -> "DisablePersonForm":
        """The form, asking for owners only where they are needed."""
        form = cls()
        form.successors.choices = [
            SelectChoice(str(other.id), _("%(tenant)s: %(name)s, %(role)s now", tenant=row.tenant.name,
                                          name=other.person.name, role=_(ROLE_NAMES[other.role])))
            for row, others in hanging.last for other in others
        ]  # fmt: skip
        if not form.successors.choices:
            del form.successors
        if all(others for _row, others in hanging.last):
            del form.first_owner
        form.require_fresh(always=True)
        return form

    @property
    def chosen_successors(self) -> list[uuid.UUID]:
        return [uuid.UUID(one) for one in self.successors.data or ()] if self.successors else []

    @property
    def chosen_first_owner(self) -> str:
        return (self.first_owner.data or "") if self.first_owner else ""


@pages.get("/<account>/console/people/<uuid:person_id>")
@requires(Permission.CONSOLE_SEE)
def person(account: str, person_id: uuid.UUID) -> str:
    """Who it is, where they belong, and how they sign in."""
    found = store.get_person(person_id)
    return render_template(
        "console/person.html",
        person=found,
        memberships=store.memberships_of(found.id),
        devices=len(accounts.sessions_of(found)),
        recovery=recovery_store.find_open(found.id),
        has_factor=factor_store.has_second_factor(found.id),
        role_names=ROLE_NAMES,
    )


@pages.route("/<account>/console/people/<uuid:person_id>/disable", methods=["GET", "POST"], endpoint="disable_person")
@requires(Permission.PERSON_KEEP)
def disable(account: str, person_id: uuid.UUID) -> Any:
    """Shows what ends, what rests, and asks who owns what would be left without an owner."""
    actor, found = current_actor(), store.get_person(person_id)
    accounts.require_may_keep(actor, found)
    form = DisablePersonForm.for_person(hanging_on_person(found, clock.now()))
    if form.validate_on_submit() and confirmed(form) and _disable(found, form):
        flash(_("%(name)s can no longer sign in.", name=store.get_person(person_id).name), "success")
        return _to_person(account, person_id)
    found = store.get_person(person_id)
    hanging = hanging_on_person(found, clock.now())
    return answer(
        "console/disable_person.html",
        form=form,
        person=found,
        devices=[row.device or _("a device without a name") for row in hanging.sessions],
        homes=[_told(row, one) for row, one in hanging.memberships],
        last=[row.tenant.name for row, _others in hanging.last],
    )


def _disable(found: Person, form: DisablePersonForm) -> bool:
    try:
        with transaction():
            disable_person(
                current_actor(),
                found,
                why=form.reason.data or "",
                successors=form.chosen_successors,
                first_owner=form.chosen_first_owner,
            )
    except (AlreadyMember, OwnerWanted, StaffStaysOut) as refusal:
        missing = form.successors if form.successors and not form.successors.data else form.first_owner
        add_refusal(missing or form.reason, refusal)
        return False
    return True


def _told(membership: Any, found: Any) -> dict[str, Any]:
    account = membership.tenant.account_id
    ends, rests = leaving.over_for_good(found, account), leaving.resting(found, account)
    left = leaving.left_behind(found, account)
    return {
        "tenant": membership.tenant,
        "role": _(ROLE_NAMES[membership.role]),
        # The addresses are of the tenant's own pages, which are closed to who reads this.
        "ends": [group[:2] for group in ends if group[0] != _("Signed in on")],
        "rests": [group[:2] for group in rests],
        "left": [group[:2] for group in left],
    }


@pages.route("/<account>/console/people/<uuid:person_id>/enable", methods=["GET", "POST"], endpoint="enable_person")
@requires(Permission.PERSON_KEEP)
def enable(account: str, person_id: uuid.UUID) -> Any:
    """Gives the sign-in back, and says what does not come back with it."""
    actor, found, form = current_actor(), store.get_person(person_id), PersonForm()
    accounts.require_may_keep(actor, found)
    form.require_fresh(always=True)
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            accounts.enable(actor, found, why=form.reason.data or "")
        flash(_("%(name)s can sign in again.", name=store.get_person(person_id).name), "success")
        return _to_person(account, person_id)
    return answer("console/enable_person.html", form=form, person=store.get_person(person_id))


def _to_person(account: str, person_id: uuid.UUID) -> Response:
    return redirect(url_for(".person", account=account, person_id=person_id), code=303)  # type: ignore[return-value]
