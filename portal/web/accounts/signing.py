"""Signing in and out."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import operations as accounts
from portal.accounts.errors import TooManyAttempts, WrongPassword
from portal.foundation.database import transaction
from portal.web.accounts import browser
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import SignInForm
from portal.web.guards import public
from portal.web.pages import add_refusal, answer, own_path


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """The door. Somebody who is signed in already goes on to where they were going."""
    way_on = own_path(request.args.get("next")) or url_for(".home")
    if current_user.is_authenticated and request.method == "GET":
        return redirect(way_on, code=302)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            _enter(form)
        except (WrongPassword, TooManyAttempts) as refusal:
            return _again(form, refusal)
        return redirect(way_on, code=303)
    return answer("accounts/sign_in.html", form=form)


def _enter(form: SignInForm) -> None:
    proof = accounts.attempt(form.email.data or "", accounts.Password(form.password.data), browser.network())
    with transaction():
        row, token = accounts.sign_in(proof, browser.device(), instead_of=browser.current_row())
    browser.carry(row, token)


def _again(form: SignInForm, refusal: WrongPassword | TooManyAttempts) -> Response:
    add_refusal(form.password, refusal)
    page = answer("accounts/sign_in.html", form=form)
    if isinstance(refusal, TooManyAttempts):
        page.status_code = refusal.status
        page.headers["Retry-After"] = str(refusal.facts["seconds"])
    return page


@pages.post("/sign-out")
@public
def sign_out() -> Response:
    """End this browser's session; for a visitor there is nothing to end. `next` may name where to go on."""
    row = browser.current_row()
    if row is not None:
        with transaction():
            accounts.sign_out(row)
    browser.drop()
    flash(_("You are signed out."), "success")
    return redirect(own_path(request.form.get("next")) or url_for(".sign_in"), code=303)  # type: ignore[return-value]
