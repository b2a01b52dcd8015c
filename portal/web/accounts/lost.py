"""Who lost the second step and the recovery codes: asking for help, and stopping what somebody else asked."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _

from portal.accounts import operations as accounts
from portal.accounts import recovery_store
from portal.accounts.attempts import ask_for_mail
from portal.foundation.database import transaction
from portal.web.accounts import browser, devices
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import AcceptForm
from portal.web.guards import public
from portal.web.pages import answer, own_path


@pages.route("/sign-in/lost", methods=["GET", "POST"])
@public
def lost_factors() -> Any:
    """For who gave the password in this browser: says what follows, and asks. Raises: TooManyAttempts.

    Whom an account's identity provider let in gives the password first: it speaks for that account only.
    """
    token, way_on = devices.waiting_token(), own_path(request.args.get("next"))
    waiting = accounts.awaiting_code(token) if token else None
    if token is None or waiting is None or waiting.vouched_by_id is not None:
        return redirect(url_for(".sign_in", next=way_on), code=302)
    person_id, form = waiting.person_id, AcceptForm()
    if form.validate_on_submit():
        ask_for_mail(waiting.person.email, browser.network(), devices.device_of(waiting.person))
        with transaction():
            accounts.ask_for_recovery(token)
        return redirect(url_for(".lost_factors", next=way_on), code=303)
    page = answer("accounts/lost_factors.html", form=form, recovery=recovery_store.find_open(person_id), way_on=way_on)
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.route("/sign-in/lost/<token>", methods=["GET", "POST"])
@public
def stop_recovery(token: str) -> Response:
    """The person's own no, by the link in a mail. Looking at it changes nothing. Raises: StopLinkGone."""
    person, form = accounts.recovery_to_stop(token), AcceptForm()
    if form.validate_on_submit():
        with transaction():
            accounts.stop_recovery(token)
        flash(_("Your second step stays as it is. Whoever asked knows your password: choose another one."), "success")
        page = redirect(url_for(".forgotten"), code=303)
    else:
        page = answer("accounts/stop_recovery.html", form=form, email=person.email)
    page.headers["Cache-Control"] = "no-store"
    return page  # type: ignore[return-value]
