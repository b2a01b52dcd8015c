"""Where a person works: the way from the root, the list of accounts, and the looks of the pages."""

from typing import Any

from flask import Response, g, redirect, render_template, request, session, url_for
from flask_login import current_user

from portal.accounts import operations as accounts
from portal.accounts.errors import ChoiceUnknown
from portal.accounts.models import Language, Membership, Theme
from portal.delegations import store as delegations
from portal.delegations.models import RUNNING_STATES, Delegation
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.foundation.words import same_name
from portal.tenants.models import Standing, Tenant
from portal.web import actors, arguments
from portal.web.accounts import browser
from portal.web.accounts.blueprint import pages
from portal.web.guards import public, signed_in
from portal.web.pages import own_path

MANY = 8  # from here on the list has a search
SHOWN_CLIENTS = 20


@pages.get("/")
@public
def home() -> Response:
    """To sign-in, to the overview of the account one works in, or to the list when there is a choice to make."""
    if not current_user.is_authenticated:
        return redirect(url_for(".sign_in"))  # type: ignore[return-value]
    place = _place(actors.known_memberships())
    return redirect(overview_of(place.tenant) if place else url_for(".switch"))  # type: ignore[return-value]


def overview_of(tenant: Tenant) -> str:
    """The address where work in this tenant begins."""
    return url_for("console.overview" if tenant.is_vendor else "dashboards.overview", account=tenant.account_id)


@pages.get("/accounts")
@signed_in
def switch() -> str:
    """The accounts one belongs to, and the clients of the one in which one works."""
    memberships = actors.known_memberships()
    place, wanted = _place(memberships), arguments.text("q")
    return render_template(
        "accounts/switch.html",
        memberships=_found(memberships, wanted),
        place=place,
        clients=_clients(place),
        wanted=wanted,
        has_search=len(memberships) >= MANY,
        overview_of=overview_of,
        is_own=g.session_row.is_own,
    )


@pages.post("/accounts")
@signed_in
def choose() -> Response:
    """Work in one of one's own accounts from now on. Raises: NotFound for any other."""
    place = _own(request.form.get("account", ""))
    way_on = overview_of(place.tenant)
    with transaction():
        accounts.choose_home(g.session_row, place)
    return redirect(way_on, code=303)  # type: ignore[return-value]


def _own(account: str) -> Membership:
    for row in actors.known_memberships():
        if row.tenant.account_id == account:
            return row
    raise NotFound()


@pages.post("/preferences")
@public
def preferences() -> Response:
    """Language and looks, kept with the person, or on this device for a visitor."""
    language, theme = _choice(Language, "language"), _choice(Theme, "theme")
    if current_user.is_authenticated:
        with transaction():
            accounts.change_looks(browser.person(), language=language, theme=theme)
    for name, chosen in (("language", language), ("theme", theme)):
        if chosen is not None:
            session[name] = chosen.value
    return redirect(own_path(request.form.get("next")) or url_for(".home"), code=303)  # type: ignore[return-value]


def _place(memberships: Any) -> Membership | None:
    if len(memberships) == 1:
        return memberships[0]
    return next((row for row in memberships if row.tenant_id == g.session_row.home_id), None)


def _found(memberships: Any, wanted: str) -> list[Membership]:
    key = same_name(wanted)
    return [row for row in memberships if key in row.tenant.name_key or wanted.upper() in row.tenant.account_id]


def _clients(place: Membership | None) -> list[Delegation]:
    if place is None or not accounts.acts_in(g.session_row, place):
        return []
    if place.tenant.is_vendor or place.tenant.standing is Standing.SUSPENDED:
        return []
    rows = delegations.taken_by(actors.as_member(place))
    return [row for row in delegations.page(rows, past=False, place=None).rows if row.state in RUNNING_STATES][
        :SHOWN_CLIENTS
    ]


def _choice(kind: Any, name: str) -> Any:
    if name not in request.form:
        return None
    try:
        return kind(request.form[name])
    except ValueError as error:
        raise ChoiceUnknown() from error
