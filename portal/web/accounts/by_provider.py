"""Signing in by the identity provider of an account: to it by a link, and back. Nothing of it is a form.

A form may lead nowhere else, by the policy that every page carries; so whoever comes by one gets a page with a link.
"""

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from structlog import get_logger

from portal.accounts import attempts
from portal.accounts import operations as accounts
from portal.foundation.errors import PortalError
from portal.providers import signing_in, store
from portal.providers.errors import RoundTripLost
from portal.providers.models import IdentityProvider
from portal.providers.round_trips import Answered, begin, finish
from portal.web import arguments
from portal.web.accounts import browser, devices, provider_cookie, signing
from portal.web.accounts.blueprint import pages
from portal.web.accounts.provider_cookie import Kept, Purpose
from portal.web.guards import public
from portal.web.pages import own_path

# What providers send back; anything else in the address is not looked at.
ANSWERS = ("state", "code", "iss", "error")
LONGEST_ANSWER = 4096

log = get_logger()


@pages.get("/sign-in/with")
@public
def find_provider() -> Any:
    """Asks for the account's id, and leads to its page. An account without a provider answers as one that is not."""
    wanted = arguments.text("account").strip().upper()
    if wanted and _offered(wanted) is not None:
        return redirect(url_for(".with_provider", account=wanted), code=302)
    return render_template("accounts/find_provider.html", wanted=wanted)


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
    endpoint = ".connect_provider" if kept.purpose is Purpose.CONNECT else "tenants.switch_provider"
    return redirect(url_for(endpoint, account=account), code=303)  # type: ignore[return-value]


def _enter(kept: Kept, answered: Answered) -> Response:
    person = signing_in.named_by(answered).person
    factor = signing_in.ProviderAnswer(answered)
    proof = accounts.attempt(person, factor, browser.network(), devices.device_of(person))
    is_in = signing.enter_with(proof)
    way_on = (kept.way_on or url_for(".home")) if is_in else signing.to_code(kept.way_on)
    return redirect(way_on, code=303)  # type: ignore[return-value]


def _answer() -> dict[str, str]:
    """What came back. Raises: RoundTripLost when something stands there twice, or is longer than any provider's."""
    found = {name: request.args.getlist(name) for name in ANSWERS if name in request.args}
    if any(len(values) > 1 or len(values[0]) > LONGEST_ANSWER for values in found.values()):
        raise RoundTripLost()
    return {name: values[0] for name, values in found.items()}


def _offered(account: str) -> IdentityProvider | None:
    provider = store.find_at(account)
    return provider if provider is not None and provider.is_on else None


def _plain(refusal: PortalError) -> dict[str, str]:
    return {name: str(fact) for name, fact in refusal.facts.items() if name in ("problem", "error")}
