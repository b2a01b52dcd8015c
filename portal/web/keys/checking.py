"""The paste checker: what a shop makes of what somebody is about to paste. Nothing typed there leaves the browser."""

from flask import Response, current_app, make_response, render_template

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.keys import store
from portal.web.guards import current_actor, requires
from portal.web.headers import as_key_page
from portal.web.keys.blueprint import pages


@pages.route("/<account>/keys/check")
@requires(Permission.SEE)
def check(account: str) -> Response:
    """The page, with the API keys and fingerprints of the live pairs that the reader sees: both are public."""
    portal_url = current_app.config["PORTAL"].external_base_url
    page = render_template("keys/check.html", known=_known(current_actor()), portal_url=portal_url)
    return as_key_page(make_response(page))


def _known(actor: Actor) -> list[dict[str, str]]:
    return [
        {"apiKey": pair.api_key, "sha256": pair.spki_sha256.hex(), "side": side.value, "name": pair.name}
        for side in Environment
        if side in actor.reach.environments
        for pair in store.live(actor, clock.now(), side)
    ]
