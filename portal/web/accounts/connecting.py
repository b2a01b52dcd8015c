"""A member says as whom the account's identity provider knows them: in a session of their own, and confirmed."""

from typing import Any

from flask import Response, flash, redirect, url_for
from flask_babel import gettext as _

from portal.accounts.models import Membership
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.providers import operations, signing_in, store
from portal.providers.errors import RoundTripLost
from portal.web import actors
from portal.web.accounts import provider_cookie
from portal.web.accounts.blueprint import pages
from portal.web.accounts.by_provider import go
from portal.web.accounts.forms import ConnectForm
from portal.web.accounts.provider_cookie import Purpose
from portal.web.guards import signed_in
from portal.web.identity import confirmed
from portal.web.pages import answer


@pages.route("/sign-in/with/<account>/connect", methods=["GET", "POST"])
@signed_in
def connect_provider(account: str) -> Any:
    """Before the round trip, a link that begins it; after it, what the provider said, to be confirmed."""
    membership, provider = _own(account), signing_in.offered_at(account)
    answered = provider_cookie.kept_answer(provider, Purpose.CONNECT)
    form = ConnectForm()
    form.require_fresh()
    if form.validate_on_submit():
        if answered is None:
            raise RoundTripLost()
        if confirmed(form):
            name = provider.name
            with transaction():
                operations.connect(_own(account), signing_in.offered_at(account), answered)
            provider_cookie.forget()
            flash(_("Connected: you can sign in by “%(provider)s” from now on.", provider=name), "success")
            return redirect(url_for(".with_provider", account=account), code=303)
        membership, provider = _own(account), signing_in.offered_at(account)  # a proof lets go of what was loaded
    page = answer(
        "accounts/connect_provider.html",
        form=form,
        account=account,
        tenant_name=membership.tenant.name,
        provider_name=provider.name,
        answered=answered,
        identity=store.identity_of(membership),
    )
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.get("/sign-in/with/<account>/connect/go")
@signed_in
def connect_go(account: str) -> Response:
    """On to the provider; what it answers has to be confirmed."""
    _own(account)
    return go(signing_in.offered_at(account), Purpose.CONNECT)


@pages.post("/sign-in/with/<account>/disconnect")
@signed_in
def disconnect_provider(account: str) -> Response:
    with transaction():
        operations.disconnect(_own(account))
    flash(_("Disconnected: the identity provider signs you in no longer."), "success")
    return redirect(url_for(".profile"), code=303)  # type: ignore[return-value]


def _own(account: str) -> Membership:
    for row in actors.known_memberships():
        if row.tenant.account_id == account:
            return row
    raise NotFound()
