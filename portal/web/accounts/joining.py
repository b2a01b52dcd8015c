"""Somebody who is here already joins an account by the word of its identity provider: signed in by themselves."""

from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext as _

from portal.accounts import operations as accounts
from portal.accounts.errors import AlreadyMember
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.providers import joining, signing_in
from portal.providers.errors import RoundTripLost
from portal.providers.models import IdentityProvider, Joining
from portal.providers.round_trips import Answered
from portal.web import actors
from portal.web.accounts import browser, provider_cookie
from portal.web.accounts.blueprint import pages
from portal.web.accounts.by_provider import go
from portal.web.accounts.forms import ConnectForm
from portal.web.accounts.places import overview_of
from portal.web.accounts.provider_cookie import Purpose
from portal.web.guards import signed_in
from portal.web.identity import confirmed
from portal.web.pages import answer


@pages.route("/sign-in/with/<account>/join", methods=["GET", "POST"])
@signed_in
def join_provider(account: str) -> Any:
    """Before the round trip, a link that begins it; after it, for whom the provider vouches, to be confirmed."""
    provider = _open_at(account)
    if _is_member(account):
        if request.method == "POST":
            raise AlreadyMember(email=browser.person().email)
        return redirect(url_for(".connect_provider", account=account), code=302)
    answered = provider_cookie.kept_answer(provider, Purpose.JOIN)
    form = ConnectForm()
    form.require_fresh()
    if form.validate_on_submit():
        if answered is None:
            raise RoundTripLost()
        if confirmed(form):
            return _join(answered)
        provider = _open_at(account)  # a proof lets go of what was loaded
    page = answer(
        "accounts/join_provider.html",
        form=form,
        account=account,
        provider_name=provider.name,
        answered=answered,
        person=browser.person(),
    )
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.get("/sign-in/with/<account>/join/go")
@signed_in
def join_go(account: str) -> Response:
    """On to the provider; what it answers has to be confirmed."""
    return go(_open_at(account), Purpose.JOIN)


def _join(answered: Answered) -> Response:
    joining.look_again(answered)
    with transaction():
        named = joining.join_as_oneself(answered, browser.person())
        row, token = accounts.renew_session(g.session_row, browser.device(), home_id=named.tenant_id)
    browser.carry(row, token)
    provider_cookie.forget()
    flash(_("Welcome. You joined as a viewer; an owner of the account can give you another role."), "success")
    return redirect(overview_of(signing_in.offered_at(answered.client.account_id).tenant), code=303)  # type: ignore[return-value]


def _is_member(account: str) -> bool:
    return any(row.tenant.account_id == account for row in actors.known_memberships())


def _open_at(account: str) -> IdentityProvider:
    """Raises: NotFound where nobody joins by the provider."""
    provider = signing_in.offered_at(account)
    if provider.joining is Joining.NOBODY:
        raise NotFound()
    return provider
