"""Accepting an invitation. Looking at the page changes nothing."""

from flask import Response, flash, g, make_response, redirect
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import operations as accounts
from portal.accounts import passwords, store
from portal.accounts.errors import PasswordRefused, SignInToAccept
from portal.accounts.models import Invitation, Language
from portal.foundation.database import transaction
from portal.providers.errors import OwnSignInNeeded
from portal.tenants.models import Tenant
from portal.web.accounts import browser
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import AcceptForm, NewPersonForm
from portal.web.accounts.places import overview_of
from portal.web.frame import language
from portal.web.guards import public
from portal.web.pages import add_refusal, answer


@pages.route("/invitations/<token>", methods=["GET", "POST"])
@public
def accept_invitation(token: str) -> Response:
    """Three pages under one address: for a new person, for one to sign in first, and for one who is signed in."""
    invitation = accounts.open_one(token)
    if current_user.is_authenticated:
        page = _as_oneself(token, invitation)
    elif store.person_by_email(invitation.email) is not None:
        page = _sign_in_first(token, invitation)
    else:
        page = _as_new(token, invitation)
    page.headers["Cache-Control"] = "no-store"
    return page


def _as_oneself(token: str, invitation: Invitation) -> Response:
    form, tenant = AcceptForm(), invitation.tenant
    if form.validate_on_submit():
        if not g.session_row.is_own:
            raise OwnSignInNeeded()
        with transaction():
            membership = accounts.accept(token, browser.person())
            row, session_token = accounts.renew_session(g.session_row, browser.device(), home_id=membership.tenant_id)
        browser.carry(row, session_token)
        return _welcome(tenant)
    is_theirs = current_user.email_key == invitation.email_key
    return answer("accounts/accept_as_oneself.html", form=form, invitation=invitation, is_theirs=is_theirs)


def _sign_in_first(token: str, invitation: Invitation) -> Response:
    form = AcceptForm()
    if form.validate_on_submit():
        raise SignInToAccept()
    return answer("accounts/accept_after_sign_in.html", form=form, invitation=invitation, token=token)


def _as_new(token: str, invitation: Invitation) -> Response:
    form, tenant = NewPersonForm(), invitation.tenant
    if form.validate_on_submit():
        name = form.name.data or ""
        try:
            chosen = passwords.choose(form.password.data, email=invitation.email, name=name)
        except PasswordRefused as refusal:
            add_refusal(form.password, refusal)
        else:
            _set_up(token, name, chosen)
            return _welcome(tenant)
    return answer("accounts/accept_as_new.html", form=form, invitation=invitation, shortest=passwords.SHORTEST)


def _set_up(token: str, name: str, chosen: passwords.ChosenPassword) -> None:
    with transaction():
        membership = accounts.accept_as_new(token, name, chosen, Language(language()))
        row, session_token = accounts.begin_session(membership.person, browser.device(), home_id=membership.tenant_id)
    browser.carry(row, session_token)


def _welcome(tenant: Tenant) -> Response:
    flash(_("Welcome to %(tenant)s.", tenant=tenant.name), "success")
    return make_response(redirect(overview_of(tenant), code=303))
