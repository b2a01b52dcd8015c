"""Signing in, in one step or two, and out."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import operations as accounts
from portal.accounts.errors import PasskeyRefused, SignInLapsed, TooManyAttempts, WrongCode, WrongPassword
from portal.accounts.models import PendingSignIn
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.web.accounts import browser, devices
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import CodeForm, SignInForm
from portal.web.forms import PortalForm
from portal.web.guards import public
from portal.web.pages import add_refusal, answer, own_path
from portal.web.say import why


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """The door. Somebody who is signed in already goes on to where they were going."""
    way_on = own_path(request.args.get("next")) or url_for(".home")
    row = browser.current_row()
    needs_own = row is not None and not row.is_own and "own" in request.args
    if current_user.is_authenticated and request.method == "GET" and not needs_own:
        return redirect(way_on, code=302)
    form = SignInForm.for_anybody()
    if form.validate_on_submit():
        try:
            is_in = _enter_by_passkey(form) if form.passkey.data else _enter(form)
        except (PasskeyRefused, WrongPassword, TooManyAttempts) as refusal:
            add_refusal(form.passkey if form.passkey.data else form.password, refusal)
            return _again("accounts/sign_in.html", form, refusal, needs_own=needs_own)
        return redirect(way_on if is_in else _to_code(), code=303)
    return answer("accounts/sign_in.html", form=form, needs_own=needs_own)


def _enter(form: SignInForm) -> bool:
    email, device = form.email.data or "", devices.device_of(form.email.data or "")
    return enter_with(accounts.attempt(email, accounts.Password(form.password.data), browser.network(), device))


def enter_with(proof: accounts.Proof) -> bool:
    """Whether the person is signed in by this proof; otherwise a code is awaited in this browser."""
    with transaction():
        if accounts.needs_code(proof):
            waiting, entered = accounts.await_code(proof), None
        else:
            waiting, entered = "", accounts.sign_in(proof, browser.device(), instead_of=browser.current_row())
    if entered is None:
        devices.keep_waiting(waiting)
        return False
    browser.carry(*entered)
    return True


def _enter_by_passkey(form: SignInForm) -> bool:
    """True: the person is signed in, by what the passkey alone says of who they are."""
    answer = form.passkey.answer
    person = accounts.person_of(answer.text)
    device = devices.device_of(person) if person is not None else None
    proof = accounts.attempt(person or "", answer, browser.network(), device)
    with transaction():
        entered = accounts.sign_in(proof, browser.device(), instead_of=browser.current_row())
    browser.carry(*entered)
    return True


def _to_code() -> str:
    return to_code(own_path(request.args.get("next")))


def to_code(way_on: str | None) -> str:
    """The address of the second step, and of where it leads on to."""
    return url_for(".sign_in_code", next=way_on)


@pages.route("/sign-in/code", methods=["GET", "POST"])
@public
def sign_in_code() -> Any:
    """The second step. Without a first one that waits in this browser, the way leads back to it, or on."""
    token = devices.waiting_token()
    waiting = accounts.awaiting_code(token) if token else None
    if token is None or waiting is None:
        return _nothing_waits()
    email, form = waiting.person.email, CodeForm.for_sign_in(waiting)
    may_ask = waiting.vouched_by_id is None  # for help, when all that is lost
    if form.validate_on_submit():
        try:
            _finish(token, waiting, form)
        except (PasskeyRefused, WrongCode, WrongPassword, TooManyAttempts) as refusal:
            add_refusal(form.passkey if _has_answered(form) else form.code, refusal)
            return _again("accounts/sign_in_code.html", form, refusal, email=email, may_ask=may_ask)
        except SignInLapsed as refusal:
            flash(why(refusal), "warning")
            return _nothing_waits()
        return redirect(own_path(request.args.get("next")) or url_for(".home"), code=303)
    page = answer("accounts/sign_in_code.html", form=form, email=email, may_ask=may_ask)
    page.headers["Cache-Control"] = "no-store"
    return page


def _finish(token: str, waiting: PendingSignIn, form: CodeForm) -> None:
    person = waiting.person
    factor = form.passkey.answer if _has_answered(form) else accounts.Code(form.code.data)
    proof = accounts.attempt(person, factor, browser.network(), devices.device_of(person))
    with transaction():
        entered = accounts.sign_in_with_code(token, proof, browser.device(), instead_of=browser.current_row())
    browser.carry(*entered)
    devices.forget_waiting()


def _has_answered(form: CodeForm) -> bool:
    return bool(form.passkey is not None and form.passkey.data)


def _nothing_waits() -> Response:
    way_on = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(way_on or url_for(".home"), code=302)  # type: ignore[return-value]
    return redirect(url_for(".sign_in", next=way_on), code=302)  # type: ignore[return-value]


def _again(template: str, form: PortalForm, refusal: PortalError, **context: Any) -> Response:
    page = answer(template, form=form, **context)
    if isinstance(refusal, TooManyAttempts):
        page.status_code = refusal.status
        page.headers["Retry-After"] = str(refusal.facts["seconds"])
    page.headers["Cache-Control"] = "no-store"
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
