"""Sign-in and security: authenticator apps and recovery codes. Codes and seeds are on one page, and never stored."""

import uuid
from datetime import datetime
from typing import Any

import segno
from flask import Response, current_app, flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from portal.accounts import factor_store, passwords, second_factors, totp
from portal.accounts import operations as accounts
from portal.accounts.errors import (
    CodesMadeAlready,
    PasswordTooShortAlone,
    TooManyFactors,
    WrongCode,
    WrongPassword,
)
from portal.accounts.models import FactorKind, SecondFactor
from portal.accounts.second_factors import Changed
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.impact import factor_policy
from portal.web import identity
from portal.web.accounts import browser
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import AppNameForm, FirstCodeForm, NewAppForm, RecoveryCodesForm, RemoveFactorForm
from portal.web.guards import signed_in
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.say import why

GROUP = 4  # letters of the seed that are easy to copy at once
QUIET_ZONE = 4  # modules of white around a QR code (ISO/IEC 18004)


@pages.get("/profile/security")
@signed_in
def security() -> str:
    """Passkeys, the password, authenticator apps, recovery codes left, and the way to the sessions."""
    person = browser.person()
    apps = factor_store.second_factors(person.id, FactorKind.TOTP)
    passkeys = factor_store.passkeys_of(person.id)
    return render_template(
        "accounts/security.html",
        apps=apps,
        passkeys=passkeys,
        has_factor=bool(apps or passkeys),
        codes_left=factor_store.recovery_codes_left(person.id),
        codes_made=accounts.RECOVERY_CODES,
        may_add_app=len(apps) < accounts.MOST_APPS,
        may_add_passkey=len(passkeys) < accounts.MOST_PASSKEYS,
        shortest=accounts.shortest_password(person),
        alone=passwords.SHORTEST,
        least=passwords.SHORTEST_WITH_FACTOR,
    )


@pages.route("/profile/security/apps/new", methods=["GET", "POST"])
@signed_in
def new_app() -> Any:
    """Asks what to call the app; what it then shows is for this session only."""
    form = NewAppForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                accounts.intend_app(g.session_row, form.name.data)
        except TooManyFactors as refusal:
            flash(why(refusal), "warning")
            return to_security()
        return redirect(url_for(".confirm_app"), code=303)
    return answer("accounts/new_app.html", form=form)


@pages.route("/profile/security/apps/confirm", methods=["GET", "POST"])
@signed_in
def confirm_app() -> Any:
    """Shows the seed as a QR code and as text; the first right code puts the app into use. Raises: SetUpLapsed."""
    factor = accounts.app_to_confirm(g.session_row)
    form = FirstCodeForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        proof = identity.tried(
            browser.person(), accounts.FirstCode(form.first_code.data, g.session_row.id), form.first_code
        )
        if proof is not None:
            return _confirm(form, proof, factor.name)
    return _confirm_page(form)


def _confirm(form: FirstCodeForm, proof: accounts.Proof, name: str) -> Response:
    try:
        with transaction():
            changed = accounts.confirm_app(g.session_row, proof, browser.device())
    except WrongCode as refusal:
        add_refusal(form.first_code, refusal)
        return _confirm_page(form)
    except TooManyFactors as refusal:
        flash(why(refusal), "warning")
        return to_security()
    said = _("The authenticator app “%(name)s” is in use. You are signed out on all other devices.", name=name)
    return go_on(changed, said)


def go_on(changed: Changed, said: str) -> Response:
    """The way on after a change of factors: to the codes, if there are new ones."""
    browser.carry(changed.session, changed.token)
    flash(said, "success")
    return _shown(changed.codes) if changed.codes else to_security()


def _confirm_page(form: FirstCodeForm) -> Response:
    factor = accounts.app_to_confirm(g.session_row)
    seed = totp.seed_of(factor)
    return answer(
        "accounts/confirm_app.html",
        form=form,
        factor=factor,
        seed=" ".join(seed[start : start + GROUP] for start in range(0, len(seed), GROUP)),
        qr=_qr(totp.address(seed, browser.person().email, current_app.config["PORTAL"].host)),
        most_minutes=int(second_factors.SET_UP_FOR.total_seconds()) // 60,
    )


def _qr(address: str) -> Markup:
    # Markup of its own, for no image may come from a data: address; black on white in the dark theme, too.
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        border=QUIET_ZONE, light="#fff", dark="#000", omitsize=True, svgclass="qr-code", lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - segno draws nothing but squares


@pages.route("/profile/security/apps/<uuid:factor_id>/name", methods=["GET", "POST"])
@signed_in
def rename_app(factor_id: uuid.UUID) -> Any:
    factor = second_factors.get(browser.person(), factor_id)
    form = AppNameForm(name=factor.name)
    if form.validate_on_submit():
        with transaction():
            second_factors.rename(g.session_row, factor_id, form.name.data)
        flash(_("The authenticator app is now called “%(name)s”.", name=form.name.data), "success")
        return to_security()
    return answer("accounts/rename_app.html", form=form, factor=factor)


@pages.route("/profile/security/apps/<uuid:factor_id>/remove", methods=["GET", "POST"])
@signed_in
def remove_app(factor_id: uuid.UUID) -> Any:
    """Asks for the password each time, and tells when it would be too short without a second step."""
    factor = second_factors.get(browser.person(), factor_id)
    form = RemoveFactorForm()
    form.require_fresh(always=True)
    if form.validate_on_submit():
        said = _(
            "The authenticator app “%(name)s” is removed. You are signed out on all other devices.", name=factor.name
        )
        changed = remove_factor(form, factor)
        if changed is not None:
            return go_on(changed, said)
        factor = second_factors.get(browser.person(), factor_id)
    return removal_page("accounts/remove_app.html", form, factor)


def remove_factor(form: RemoveFactorForm, factor: SecondFactor) -> Changed | None:
    """What goes on without the factor, or None when the form has errors."""
    factor_id, kind = factor.id, factor.kind
    proof = identity.proof_of(form)
    if proof is None:
        return None
    try:
        with transaction():
            return second_factors.remove(g.session_row, factor_id, proof, browser.device(), kind)
    except (PasswordTooShortAlone, WrongPassword) as refusal:
        add_refusal(form.password, refusal)
        return None


def removal_page(template: str, form: RemoveFactorForm, factor: SecondFactor) -> Response:
    """Asks before a factor is removed."""
    is_last = len(factor_store.second_factors(factor.person_id)) == 1
    losses = _losses(factor.person_id) if is_last else []
    return answer(template, form=form, factor=factor, is_last=is_last, losses=losses, alone=passwords.SHORTEST)


def _losses(person_id: uuid.UUID) -> list[tuple[str, datetime | None]]:
    """The accounts in which rights over keys rest without a second factor, and from when on; None: at once."""
    dues = [(one.tenant.name, one.due_at) for one in factor_policy.asked_of(person_id)]
    return [(name, at if at > clock.now() else None) for name, at in dues if at is not None]


@pages.route("/profile/security/recovery-codes", methods=["GET", "POST"])
@signed_in
def recovery_codes() -> Any:
    """New recovery codes; the answer to the form is the one page that shows them. Raises: NotFound without a factor."""
    person = browser.person()
    if not factor_store.has_second_factor(person.id):
        raise NotFound()
    form = RecoveryCodesForm(batch=factor_store.batch_of_recovery_codes(person.id))
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                changed = accounts.make_recovery_codes(g.session_row, browser.device(), instead_of=form.batch.data)
        except CodesMadeAlready as refusal:
            flash(why(refusal), "warning")
            return to_security()
        browser.carry(changed.session, changed.token)
        return _shown(changed.codes)
    left = factor_store.recovery_codes_left(person.id)
    return answer("accounts/recovery_codes.html", form=form, left=left)


def _shown(codes: tuple[str, ...]) -> Response:
    page = make_response(render_template("accounts/codes_shown.html", codes=codes))
    page.headers["Cache-Control"] = "no-store"
    return page


def to_security() -> Response:
    """Back to the page of all this."""
    return redirect(url_for(".security"), code=303)  # type: ignore[return-value]
