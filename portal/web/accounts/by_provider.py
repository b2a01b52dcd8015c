"""Signing in by the identity provider of an account: to it by a link, and back. Nothing of it is a form.

A form may lead nowhere else, by the policy that every page carries; so whoever comes by one gets a page with a link.
"""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from structlog import get_logger

from portal.accounts import attempts
from portal.accounts import operations as accounts
from portal.accounts.models import Language
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.providers import joining, signing_in, store
from portal.providers.errors import OwnSignInFirst, RoundTripLost
from portal.providers.models import IdentityProvider, ProviderIdentity
from portal.providers.round_trips import Answered, begin, finish
from portal.web.accounts import browser, devices, provider_cookie, signing
from portal.web.accounts.blueprint import pages
from portal.web.accounts.forms import FindProviderForm
from portal.web.accounts.provider_cookie import Kept, Purpose
from portal.web.frame import language
from portal.web.guards import public
from portal.web.pages import answer, own_path
from portal.web.say import why

# What providers send back; anything else in the address is not looked at.
ANSWERS = ("state", "code", "iss", "error")
LONGEST_ANSWER = 4096

ON_TO = {
    Purpose.CONNECT: ".connect_provider",
    Purpose.JOIN: ".join_provider",
    Purpose.TRY: "tenants.switch_provider",
}

log = get_logger()


@pages.route("/sign-in/with", methods=["GET", "POST"])
@public
def find_provider() -> Any:
    """Asks for a mail address or the account's id, and leads to the account's page. No person is looked for.

    It is a form, so that no address stands in a log of what was called.
    """
    form, way_on = FindProviderForm(), own_path(request.args.get("next"))
    if form.validate_on_submit():
        account = signing_in.account_of(form.wanted.data)
        if account is not None:
            return redirect(url_for(".with_provider", account=account, next=way_on), code=303)
        form.wanted.errors = [
            *form.wanted.errors,
            _(
                "No account offers that for this. Look the account's id up in your "
                "organisation's mail, or sign in with your own password."
            ),
        ]
    return answer("accounts/find_provider.html", form=form)


@pages.get("/sign-in/with/<account>")
@public
def with_provider(account: str) -> str:
    """The page whose link leads to the provider. It names the provider, and not the account."""
    provider = signing_in.offered_at(account)
    row = browser.current_row()
    return render_template(
        "accounts/with_provider.html",
        provider=provider,
        account=account,
        way_on=own_path(request.args.get("next")),
        is_own=row is not None and row.is_own,
    )


@pages.get("/sign-in/with/<account>/go")
@public
def to_provider(account: str) -> Response:
    """On to the provider. Looking at this address changes nothing."""
    return go(signing_in.offered_at(account), Purpose.SIGN_IN, own_path(request.args.get("next")))


@pages.get("/sign-in/with/<account>/back")
@public
def from_provider(account: str) -> Response:
    """Where the provider sends people back to, whatever the round trip was for."""
    attempts.require_room(browser.network())
    kept, provider = provider_cookie.kept_trip(), store.find_at(account)
    try:
        if kept is None or provider is None or not (provider.is_on or kept.purpose is Purpose.TRY):
            raise RoundTripLost()
        answered = finish(provider, kept.trip, _answer())
        response = _arrived(account, kept, answered)
    except PortalError as refusal:
        if kept is not None:  # else nothing was tried: what waits in a browser is signed
            attempts.count_failure(browser.network())
        log.warning("identity provider", account=account, refused=refusal.code, facts=_plain(refusal))
        if kept is not None and kept.trip.state == request.args.get("state"):
            provider_cookie.forget()
        raise
    response.headers["Cache-Control"] = "no-store"
    return response


def go(provider: IdentityProvider, purpose: Purpose, way_on: str | None = None) -> Response:
    """On to the provider; the browser keeps what the answer has to fit. Raises: ProviderUnreachable."""
    address, trip = begin(provider)
    provider_cookie.keep_trip(trip, purpose, way_on)
    response = redirect(address, code=302)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]


def _arrived(account: str, kept: Kept, answered: Answered) -> Response:
    if kept.purpose is Purpose.SIGN_IN:
        provider_cookie.forget()
        return _enter(kept, answered)
    provider_cookie.keep_answer(answered, kept.purpose)
    return redirect(url_for(ON_TO[kept.purpose], account=account), code=303)  # type: ignore[return-value]


def _enter(kept: Kept, answered: Answered) -> Response:
    named = signing_in.named_by(answered)
    try:
        person = (named or _join(answered)).person
    except OwnSignInFirst as refusal:
        return _as_oneself(answered, refusal)
    factor = signing_in.ProviderAnswer(answered)
    proof = accounts.attempt(person, factor, browser.network(), devices.device_of(person))
    is_in = signing.enter_with(proof)
    way_on = (kept.way_on or url_for(".home")) if is_in else signing.to_code(kept.way_on)
    return redirect(way_on, code=303)  # type: ignore[return-value]


def _join(answered: Answered) -> ProviderIdentity:
    joining.look_again(answered)
    with transaction():
        named = joining.join(answered, Language(language()))
    flash(_("Welcome. You joined as a viewer; an owner of the account can give you another role."), "success")
    return signing_in.named_by(answered) or named


def _as_oneself(answered: Answered, refusal: OwnSignInFirst) -> Response:
    """On to the page on which somebody who is here already confirms it, in a session of their own."""
    account = answered.client.account_id
    flash(why(refusal), "warning")
    way_on = url_for(".join_provider", account=account)
    row = browser.current_row()
    if row is None or not row.is_own:
        way_on = url_for(".sign_in", own=1, next=way_on)
    return redirect(way_on, code=303)  # type: ignore[return-value]


def _answer() -> dict[str, str]:
    """What came back. Raises: RoundTripLost when something stands there twice, or is longer than any provider's."""
    found = {name: request.args.getlist(name) for name in ANSWERS if name in request.args}
    if any(len(values) > 1 or len(values[0]) > LONGEST_ANSWER for values in found.values()):
        raise RoundTripLost()
    return {name: values[0] for name, values in found.items()}


def _plain(refusal: PortalError) -> dict[str, str]:
    return {name: str(fact) for name, fact in refusal.facts.items() if name in ("problem", "error")}
