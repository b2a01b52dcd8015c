"""A forgotten password: asking for the mail, and choosing another one by its link. Looking changes nothing."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts import operations as accounts
from portal.accounts import passwords
from portal.accounts.attempts import ask_for_mail
from portal.accounts.errors import PasswordRefused, TooManyAttempts
from portal.accounts.models import Person
from portal.foundation.database import transaction
from portal.web import identity
from portal.web.accounts import browser, devices
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import ForgottenForm, ResetForm
from portal.web.guards import public
from portal.web.pages import add_refusal, answer, own_path


@pages.route("/sign-in/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Any:
    """Asks for a mail; the answer is the same whether the address is anybody's or not."""
    form = ForgottenForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        try:
            ask_for_mail(email, browser.network(), devices.device_of(email))
        except TooManyAttempts as refusal:
            add_refusal(form.email, refusal)
            page = answer("accounts/forgotten.html", form=form)
            page.status_code = refusal.status
            page.headers["Retry-After"] = str(refusal.facts["seconds"])
            return page
        with transaction():
            accounts.ask_for_reset(email)
        return redirect(url_for(".forgotten_sent", next=_way_on()), code=303)
    return answer("accounts/forgotten.html", form=form)


@pages.get("/sign-in/forgotten/sent")
@public
def forgotten_sent() -> str:
    """What happens now, and what to do when no mail comes. It knows of no address."""
    return render_template("accounts/forgotten_sent.html", way_on=_way_on())


@pages.route("/sign-in/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> Response:
    """A new password, and a code from who has a second factor. Raises: ResetGone."""
    person = accounts.person_to_reset(token)
    form = ResetForm.for_person(person)
    if form.validate_on_submit() and _reset(token, person, form):
        flash(_("Your password is new, and you are signed out everywhere. Sign in with it now."), "success")
        page = redirect(url_for(".sign_in"), code=303)
    else:
        person = accounts.person_to_reset(token)
        shortest = accounts.shortest_password(person)
        page = answer("accounts/reset.html", form=form, email=person.email, shortest=shortest)
    page.headers["Cache-Control"] = "no-store"
    return page  # type: ignore[return-value]


def _reset(token: str, person: Person, form: ResetForm) -> bool:
    shortest = accounts.shortest_password(person)
    try:
        chosen = passwords.choose(form.new.data, email=person.email, name=person.name, shortest=shortest)
    except PasswordRefused as refusal:
        add_refusal(form.new, refusal)
        return False
    second = identity.second_of(form, person)
    if form.code and second is None:
        return False
    former = identity.tried(person, accounts.FormerPassword(form.former.data), form.former) if form.former else None
    if form.former and former is None:
        return False
    with transaction():
        accounts.reset_password(token, chosen, second, former)
    return True


def _way_on() -> str | None:
    return own_path(request.args.get("next"))
