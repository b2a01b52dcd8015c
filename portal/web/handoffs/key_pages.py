"""What the key pages of hand-offs share: their policy, the hashes of their scripts, and the one with a command."""

import base64
from typing import Any

from flask import Response, current_app, make_response, render_template, request
from flask_wtf import FlaskForm

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.foundation.errors import PortalError
from portal.web.handoffs.blueprint import pages
from portal.web.headers import as_key_page
from portal.web.pages import answer
from portal.web.scripts import sha256_of

# The one that drives the page loads the next four; those of the frame (templates/layout_base.html) run beside them.
DRIVER = "hand-off"
SCRIPTS = (
    DRIVER,
    "envelope",
    "hpke",
    "private-key",
    "words",
    "copy",
    "focus-errors",
    "leave-guard",
    "menu",
    "passkey",
    "reveal",
)


def drawn(template: str, *, form: FlaskForm, refusal: PortalError | None = None, **context: Any) -> Response:
    """A page whose script touches a key: it reaches nobody, and says which scripts it runs.

    refusal: what stands on top of the page, and gives it its status.
    """
    page = answer(template, form=form, refusal=refusal, driver=f"js/{DRIVER}.js", scripts=scripts(), **context)
    if refusal is not None:
        page.status_code = refusal.status
    page.headers["Cache-Control"] = "no-store"
    return as_key_page(page)


def noted(actor: Actor, refusal: PortalError) -> PortalError:
    """`refusal`, for the page to show, once it is on record as those are that have a page of their own (rule 21)."""
    audit.record_refusal(actor, refusal, f"{request.method} {request.endpoint}")
    return refusal


def scripts() -> list[tuple[str, str]]:
    """File name and SHA-256 of every script that runs on these pages."""
    return [(f"{name}.js", sha256_of(f"js/{name}.js")) for name in SCRIPTS]


def commanded(**context: Any) -> Response:
    """The page that shows a one-time code with its command, and that no cache keeps."""
    page = make_response(render_template("handoffs/command.html", **context))
    page.headers["Cache-Control"] = "no-store"
    return page


def command(act: str, code: str, *options: str) -> str:
    """What is run on one's own machine."""
    return " ".join(["portal-key", act, "--portal", base_url(), *options, code])


def base_url() -> str:
    """The portal's address without a slash at its end."""
    return str(current_app.config["PORTAL"].external_base_url).rstrip("/")


@pages.app_template_filter("as_base64")
def as_base64(octets: bytes) -> str:
    """Octets as a page's script reads them."""
    return base64.b64encode(octets).decode()
