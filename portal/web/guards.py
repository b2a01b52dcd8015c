"""Guards: every view says who may enter, and `create_app` refuses to start when one does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, g, redirect, request, url_for
from flask_login import current_user

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.foundation.marking import GUARD
from portal.providers.errors import OwnSignInNeeded, ProviderNeeded
from portal.web import actors, visits

# Pages of a person that a session by an identity provider alone may see: they show what it knows of, and no more.
OPEN_TO_PROVIDERS = frozenset({"accounts.switch", "accounts.choose", "tokens.device"})
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anybody may enter."""
    setattr(view, GUARD, "public")
    return view


def signed_in(view: View) -> View:
    """Anybody with a sign-in of their own may enter; the page belongs to the person, not to a tenant.

    Whom only a tenant's identity provider signed in is led to their own sign-in, or refused (OwnSignInNeeded), but for
    the pages that are open to it.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return _to_sign_in()
        if g.session_row.is_own or request.endpoint in OPEN_TO_PROVIDERS:
            return view(*args, **kwargs)
        if request.method == "GET":
            return redirect(url_for("accounts.sign_in", own=1, next=_this_page()), code=302)
        raise OwnSignInNeeded()

    setattr(guarded, GUARD, "signed_in")
    return guarded  # type: ignore[return-value]


def requires(permission: Permission) -> Callable[[View], View]:
    """The view's `account` must be a tenant the person may act in, with this permission.

    A tenant that is missing and one that is not theirs answer alike: 404 (rule 20).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, account: str, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return _to_sign_in()
            try:
                g.actor = actors.in_tenant(account)
            except ProviderNeeded as refusal:
                if request.method != "GET":
                    raise
                way = url_for("accounts.with_provider", account=refusal.facts["account"], next=_this_page())
                return redirect(way, code=302)
            require(g.actor, permission)
            return visits.recorded(view(*args, account=account, **kwargs))

        setattr(guarded, GUARD, permission)
        return guarded  # type: ignore[return-value]

    return decorate


def current_actor() -> Actor:
    """Who acts in this request, already compared with the account id in its address."""
    actor: Actor = g.actor
    return actor


def check_routes(app: Flask) -> None:
    """Nothing, when every route is guarded. Raises: RuntimeError with the names of those that are not."""
    bare = [rule.endpoint for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], GUARD)]
    if bare:
        raise RuntimeError(f"routes without a guard: {', '.join(sorted(set(bare)))}")


def _to_sign_in() -> Response:
    # Only a page can be come back to; a form's content is not repeated behind the person's back.
    back = _this_page() if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=back), code=302)  # type: ignore[return-value]


def _this_page() -> str:
    return request.full_path.rstrip("?")
