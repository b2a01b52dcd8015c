"""A person's own pages: profile, password, and the devices they are signed in on."""

import uuid
from typing import Any

from flask import Response, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import passwords, store
from portal.accounts.errors import CodeNeeded, PasswordRefused, TooManyAttempts, WrongPassword
from portal.accounts.models import MEANS_NAMES
from portal.foundation.database import transaction
from portal.web import identity
from portal.web.accounts import browser
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import PasswordForm, ProfileForm
from portal.web.guards import signed_in
from portal.web.pages import add_refusal, answer


@pages.route("/profile", methods=["GET", "POST"])
@signed_in
def profile() -> Any:
    person = browser.person()
    is_partner_admin = store.has_role_in_vendor(person, Role.PARTNER_ADMIN)
    form = ProfileForm.for_person(person, is_partner_admin=is_partner_admin)
    if form.validate_on_submit():
        with transaction():
            accounts.change_profile(
                person,
                name=form.name.data or "",
                language=form.chosen_language,
                time_zone=form.time_zone.data,
                theme=form.chosen_theme,
                version=form.version.data,
                wants_digest=form.chosen_digest,
            )
        flash(_("Your profile is saved."), "success")
        return redirect(url_for(".profile"), code=303)
    return answer("accounts/profile.html", form=form)


@pages.route("/profile/password", methods=["GET", "POST"])
@signed_in
def password() -> Any:
    person = browser.person()
    form, shortest = PasswordForm.for_person(person), accounts.shortest_password(person)
    if form.validate_on_submit() and _change(form, shortest):
        flash(_("Your password is changed. You are signed out on all other devices."), "success")
        return redirect(url_for(".security"), code=303)
    return answer("accounts/password.html", form=form, shortest=shortest, alone=passwords.SHORTEST)


def _change(form: PasswordForm, shortest: int) -> bool:
    person = browser.person()
    try:
        chosen = passwords.choose(form.new.data, email=person.email, name=person.name, shortest=shortest)
    except PasswordRefused as refusal:
        add_refusal(form.new, refusal)
        return False
    try:
        proof = identity.tried(person, accounts.Password(form.current.data), form.current)
        second = identity.second_of(form, person) if proof else None
        if proof is None or (form.code and second is None):
            return False
        with transaction():
            row, token = accounts.change_password(proof, chosen, browser.device(), second)
    except (CodeNeeded, WrongPassword, TooManyAttempts) as refusal:
        add_refusal(form.current, refusal)
        return False
    except PasswordRefused as refusal:  # the last second factor was removed this moment
        add_refusal(form.new, refusal)
        return False
    browser.carry(row, token)
    return True


@pages.get("/profile/devices")
@signed_in
def sessions() -> str:
    rows = accounts.sessions_of(browser.person())
    return render_template("accounts/sessions.html", sessions=rows, current=g.session_row, means_names=MEANS_NAMES)


@pages.post("/profile/devices/<uuid:session_id>/sign-out")
@signed_in
def end_session(session_id: uuid.UUID) -> Response:
    with transaction():
        accounts.sign_out_elsewhere(g.session_row, session_id)
    if session_id == g.session_row.id:
        browser.drop()
        return redirect(url_for(".sign_in"), code=303)  # type: ignore[return-value]
    flash(_("That device is signed out."), "success")
    return redirect(url_for(".sessions"), code=303)  # type: ignore[return-value]


@pages.post("/profile/devices/sign-out-others")
@signed_in
def end_other_sessions() -> Response:
    with transaction():
        accounts.sign_out_everywhere(g.session_row, keep_current=True)
    flash(_("You are signed out on all other devices."), "success")
    return redirect(url_for(".sessions"), code=303)  # type: ignore[return-value]


@pages.post("/profile/devices/sign-out-everywhere")
@signed_in
def end_all_sessions() -> Response:
    with transaction():
        accounts.sign_out_everywhere(g.session_row, keep_current=False)
    browser.drop()
    flash(_("You are signed out on all devices."), "success")
    return redirect(url_for(".sign_in"), code=303)  # type: ignore[return-value]
