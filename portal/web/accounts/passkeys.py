"""Passkeys on the page "Sign-in and security": adding one, in two steps, naming and removing it."""

import uuid
from typing import Any

from flask import Response, flash, g, redirect, url_for
from flask_babel import gettext as _

from portal.accounts import factor_store, second_factors
from portal.accounts import operations as accounts
from portal.accounts.errors import NewPasskeyRefused, PasskeyKnown, PasskeyRefused, TooManyPasskeys
from portal.accounts.models import FactorKind
from portal.foundation.database import transaction
from portal.web import identity
from portal.web.accounts import browser
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import FirstPasskeyForm, NewPasskeyForm, PasskeyNameForm, RemoveFactorForm
from portal.web.accounts.security import go_on, removal_page, remove_factor, to_security
from portal.web.guards import signed_in
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.say import why


@pages.route("/profile/security/passkeys/new", methods=["GET", "POST"])
@signed_in
def new_passkey() -> Any:
    """Asks what to call the passkey, and who one is: what the device then makes is taken without another question."""
    form = NewPasskeyForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                accounts.intend_passkey(g.session_row, form.name.data)
        except TooManyPasskeys as refusal:
            flash(why(refusal), "warning")
            return to_security()
        return redirect(url_for(".confirm_passkey"), code=303)
    return answer("accounts/new_passkey.html", form=form)


@pages.route("/profile/security/passkeys/confirm", methods=["GET", "POST"])
@signed_in
def confirm_passkey() -> Any:
    """Asks the device for a passkey, which is in use from then on. Raises: SetUpLapsed."""
    factor = accounts.passkey_to_confirm(g.session_row)
    if not accounts.is_fresh(g.session_row):
        return redirect(url_for(".new_passkey"), code=303)
    form, name = FirstPasskeyForm(), factor.name
    if form.validate_on_submit():
        proof = _proof(form)
        if proof is not None:
            return _confirm(form, proof, name)
    return _confirm_page(form)


def _proof(form: FirstPasskeyForm) -> accounts.Proof | None:
    made = accounts.FirstPasskey(form.made.data or "", form.asked, g.session_row.id)
    try:
        made.require_live()
    except PasskeyRefused as refusal:
        add_refusal(form.made, refusal)
        return None
    return identity.tried(browser.person(), made, form.made)


def _confirm(form: FirstPasskeyForm, proof: accounts.Proof, name: str) -> Response:
    try:
        with transaction():
            changed = accounts.confirm_passkey(g.session_row, proof, browser.device())
    except (NewPasskeyRefused, PasskeyKnown) as refusal:
        add_refusal(form.made, refusal)
        return _confirm_page(form)
    except TooManyPasskeys as refusal:
        flash(why(refusal), "warning")
        return to_security()
    return go_on(changed, _("The passkey “%(name)s” is in use. You are signed out on all other devices.", name=name))


def _confirm_page(form: FirstPasskeyForm) -> Response:
    factor = accounts.passkey_to_confirm(g.session_row)
    passkey = factor_store.passkey_in(factor.id)
    question = accounts.invitation_to(browser.person(), passkey.user_handle, form.asked)
    page = answer("accounts/confirm_passkey.html", form=form, factor=factor, question=question)
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.route("/profile/security/passkeys/<uuid:factor_id>/name", methods=["GET", "POST"])
@signed_in
def rename_passkey(factor_id: uuid.UUID) -> Any:
    factor = second_factors.get(browser.person(), factor_id, FactorKind.PASSKEY)
    form = PasskeyNameForm(name=factor.name)
    if form.validate_on_submit():
        with transaction():
            second_factors.rename(g.session_row, factor_id, form.name.data, FactorKind.PASSKEY)
        flash(_("The passkey is now called “%(name)s”.", name=form.name.data), "success")
        return to_security()
    return answer("accounts/rename_app.html", form=form, factor=factor)


@pages.route("/profile/security/passkeys/<uuid:factor_id>/remove", methods=["GET", "POST"])
@signed_in
def remove_passkey(factor_id: uuid.UUID) -> Any:
    """Asks for the password each time, as for an app, and for a code or a passkey."""
    factor = second_factors.get(browser.person(), factor_id, FactorKind.PASSKEY)
    form = RemoveFactorForm()
    form.require_fresh(always=True)
    if form.validate_on_submit():
        said = _("The passkey “%(name)s” is removed. You are signed out on all other devices.", name=factor.name)
        changed = remove_factor(form, factor)
        if changed is not None:
            return go_on(changed, said)
        factor = second_factors.get(browser.person(), factor_id, FactorKind.PASSKEY)
    return removal_page("accounts/remove_passkey.html", form, factor)
