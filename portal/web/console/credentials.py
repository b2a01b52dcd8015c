"""Service credentials: which there are, a new one, a successor, and an end. A secret is on one page, once."""

from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.contracts import store as contracts
from portal.credentials import operations, store
from portal.credentials.errors import IssuedAlready, LastDayOutOfRange, RotatedAlready
from portal.credentials.models import CREDENTIAL_NAMES
from portal.credentials.operations import Issued
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact.expiring import Kind, Term, in_term
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.console.credential_forms import IssueForm, RevokeForm, RotateForm
from portal.web.console.wanted import choice
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.say import why


@pages.get("/<account>/console/credentials")
@requires(Permission.CONSOLE_SEE)
def credentials(account: str) -> str:
    """All of them, the newest first; operators see them, partner admins keep them."""
    now, ends = clock.now(), choice("ends", Term)
    conditions = in_term(Kind.CREDENTIALS, ends, now) if ends else []
    page = store.page(current_actor(), request.args.get("after"), conditions)
    here = url_for(".credentials", account=account)
    chosen: dict[str, Any] = {"ends": ends.value} if ends else {}
    return render_template(
        "console/credentials.html",
        rows=page.rows,
        now=now,
        state_names=CREDENTIAL_NAMES,
        labels=labels,
        ends=chosen.get("ends"),
        here=here,
        next_url=url_for(".credentials", account=account, **chosen, after=page.next_place) if page.next_place else None,
        first_url=url_for(".credentials", account=account, **chosen) if request.args.get("after") else None,
    )


@pages.route("/<account>/console/credentials/new", methods=["GET", "POST"])
@requires(Permission.CREDENTIAL_KEEP)
def issue_credential(account: str) -> ResponseReturnValue:
    """Asks what it is for; the answer to the form is the one page that shows the secret."""
    actor, form, services = current_actor(), IssueForm(), contracts.services()
    form.offer(services)
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                service = form.chosen(contracts.services())
                issued = operations.issue(
                    actor, form.name.data, service, expires_at=form.expires_at, mark=form.mark.data
                )
            return _shown(issued)
        except LastDayOutOfRange as refusal:
            add_refusal(form.last_day, refusal)
        except IssuedAlready as refusal:
            flash(why(refusal), "warning")
            return _to_list(account)
    return answer("console/issue_credential.html", form=form)


@pages.route("/<account>/console/credentials/<credential_id>/rotate", methods=["GET", "POST"])
@requires(Permission.CREDENTIAL_KEEP)
def rotate_credential(account: str, credential_id: str) -> ResponseReturnValue:
    """Asks when the old one stops; the answer to the form is the one page that shows the successor's secret."""
    actor, old = current_actor(), store.get(current_actor(), credential_id)
    form = RotateForm.for_credential(old)
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                issued = operations.rotate(actor, old, form.overlap.chosen, expires_at=form.expires_at)
            return _shown(issued, store.get(actor, credential_id).stops_at)
        except LastDayOutOfRange as refusal:
            add_refusal(form.last_day, refusal)
        except RotatedAlready as refusal:
            flash(why(refusal), "warning")
            return _to_list(account)
    old = store.get(actor, credential_id)  # a refused transaction has let go of what was loaded
    operations.require_may_rotate(old)
    return answer("console/rotate_credential.html", form=form, credential=old)


@pages.route("/<account>/console/credentials/<credential_id>/revoke", methods=["GET", "POST"])
@requires(Permission.CREDENTIAL_KEEP)
def revoke_credential(account: str, credential_id: str) -> ResponseReturnValue:
    """Says what asks with it, and stops it."""
    actor, credential = current_actor(), store.get(current_actor(), credential_id)
    form = RevokeForm.for_credential(credential)
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            operations.revoke(actor, credential, form.reason.data or "")
        flash(_("“%(name)s” is revoked: who shows it gets no more answers.", name=form.wanted), "success")
        return _to_list(account)
    credential = store.get(actor, credential_id)
    operations.require_working(credential)
    now = clock.now()
    return answer(
        "console/revoke_credential.html",
        form=form,
        credential=credential,
        services=contracts.services() if credential.service is None else [credential.service],
        others=store.others_working(actor, credential, now),
        now=now,
    )


def _shown(issued: Issued, old_stops_at: datetime | None = None) -> Response:
    """The page with the secret; loading it again cannot show it, for sending the form again is no second issue."""
    credential = store.get(current_actor(), issued.credential.public_id)
    drawn = render_template(
        "console/credential_shown.html",
        credential=credential,
        token=issued.token,
        old_stops_at=old_stops_at,
        now=clock.now(),
    )
    page = Response(drawn)
    page.headers["Cache-Control"] = "no-store"
    return page


def _to_list(account: str) -> ResponseReturnValue:
    return redirect(url_for(".credentials", account=account), code=303)
