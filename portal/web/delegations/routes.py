"""The blueprint, and how one view serves both sides of a delegation at their own addresses."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access.roles import Permission
from portal.delegations.models import Side
from portal.web.guards import requires

pages = Blueprint("delegations", __name__)

View = Callable[..., ResponseReturnValue]
HOME = {Side.OWNER: "integrators", Side.INTEGRATOR: "clients"}
ONE_SIDED = ("approve", "narrow", "accept")
PAGE_OF_ONE = {Side.OWNER: "delegations.show", Side.INTEGRATOR: "delegations.client"}


def for_side(
    side: Side, path: str, permission: Permission, endpoint: str, methods: tuple[str, ...] = ("GET", "POST")
) -> Callable[[View], View]:
    """The view, told `side` and `delegation_id`, answers at this path below one delegation's page."""

    def decorate(view: View) -> View:
        pages.add_url_rule(
            f"/<account>/{HOME[side]}/<delegation_id>{path}",
            endpoint,
            requires(permission)(view),
            methods=methods,
            defaults={"side": side},
        )
        return view

    return decorate


def for_both_sides(
    path: str, permission: Permission, methods: tuple[str, ...] = ("GET", "POST")
) -> Callable[[View], View]:
    """As `for_side` for the owner and for the integrator; the integrator's endpoint begins with `client_`."""

    def decorate(view: View) -> View:
        name = view.__name__
        for_side(Side.OWNER, path, permission, name, methods)(view)
        for_side(Side.INTEGRATOR, path, permission, f"client_{name}", methods)(view)
        return view

    return decorate


def endpoint_of(name: str, side: Side) -> str:
    """The endpoint at which `side` finds the page `name` of a delegation."""
    return f"delegations.{name}" if side is Side.OWNER or name in ONE_SIDED else f"delegations.client_{name}"


def url_of(side: Side, delegation_id: str, name: str | None = None, **values: Any) -> str:
    """The address of one delegation's page in the account of this request, or of the page `name` below it."""
    endpoint = PAGE_OF_ONE[side] if name is None else endpoint_of(name, side)
    account = (request.view_args or {})["account"]
    return url_for(endpoint, account=account, delegation_id=delegation_id, **values)


def to_delegation(side: Side, delegation_id: str) -> ResponseReturnValue:
    """On to the delegation's page, after an act."""
    return redirect(url_of(side, delegation_id), code=303)
