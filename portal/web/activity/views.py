"""What happened in a tenant, newest first: a page with filters, and the same as CSV."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.audit import store as audit
from portal.audit.models import AuditEvent
from portal.foundation.errors import NotFound
from portal.foundation.paging import PAGE_ROWS, BadPlace
from portal.web import arguments
from portal.web.activity.sentences import reason, sentence
from portal.web.event_groups import GROUP_NAMES
from portal.web.exports import csv_response
from portal.web.forms import PortalForm
from portal.web.guards import current_actor, requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import answer

pages = Blueprint("activity", __name__)

PORTION = 1000  # rows of a download read at a time
LAST_SEQ = 2**63

CSV_HEADER = (
    "at", "event", "what_happened", "who", "who_belongs_to", "subject_type", "subject_id", "subject", "refused",
    "reason", "copy_of", "request_id", "number",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which events the address asks for; empty is all."""

    kind: str
    person: str
    subject: str

    @classmethod
    def in_address(cls) -> "Wanted":
        """What this request's address asks for."""
        return cls(arguments.one_of("kind", GROUP_NAMES), arguments.text("person"), arguments.text("subject"))

    def as_arguments(self) -> dict[str, Any]:
        """What an address says to ask for the same."""
        return {name: value for name, value in asdict(self).items() if value}


class ExportForm(FreshSignIn, PortalForm):
    """Nothing but the password, where it is needed."""


@pages.get("/<account>/activity")
@requires(Permission.SEE)
def index(account: str) -> str:
    """The tenant's events, a page of them."""
    actor, wanted = _member(), Wanted.in_address()
    rows = audit.page(actor, before_seq=_place(), limit=PAGE_ROWS + 1, **asdict(wanted))
    shown = rows[:PAGE_ROWS]
    more = len(rows) > PAGE_ROWS
    return render_template(
        "activity/index.html",
        events=shown,
        sentence=sentence,
        reason=reason,
        actor_home_id=actor.home_id,
        kinds=GROUP_NAMES,
        wanted=wanted,
        next_url=_url(account, wanted, shown[-1].seq) if more else None,
        first_url=_url(account, wanted) if request.args.get("after") else None,
        csv_url=url_for(".csv", account=account, **wanted.as_arguments()),
    )


@pages.get("/<account>/activity.csv")
@requires(Permission.SEE)
def csv(account: str) -> ResponseReturnValue:
    """All events that the filters leave, newest first, for somebody who proved itself in the last 10 minutes."""
    actor, wanted = _member(), Wanted.in_address()
    if not accounts.is_fresh(g.session_row):
        return redirect(url_for(".export", account=account, **wanted.as_arguments()))
    rows = (_cells(event) for event in _all(actor, wanted))
    return csv_response(f"activity-{account}.csv", CSV_HEADER, rows)


@pages.route("/<account>/activity/export", methods=["GET", "POST"])
@requires(Permission.SEE)
def export(account: str) -> ResponseReturnValue:
    """Asks for the password before a download, when it was last given too long ago."""
    _member()
    wanted, form = Wanted.in_address(), ExportForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        return redirect(url_for(".csv", account=account, **wanted.as_arguments()), code=303)
    return answer("activity/export.html", form=form, back_url=_url(account, wanted))


def _member() -> Actor:
    # Activity is the tenant's own: an integrator finds what it did in its own.
    actor = current_actor()
    if actor.acts_for_client:
        raise NotFound()
    return actor


def _place() -> int | None:
    text = request.args.get("after")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < LAST_SEQ):
        raise BadPlace()
    return int(text)


def _url(account: str, wanted: Wanted, place: int | None = None) -> str:
    return url_for(".index", account=account, after=place, **wanted.as_arguments())


def _all(actor: Actor, wanted: Wanted) -> Iterator[AuditEvent]:
    before = None
    while portion := audit.page(actor, before_seq=before, limit=PORTION, **asdict(wanted)):
        yield from portion
        before = portion[-1].seq


def _cells(event: AuditEvent) -> tuple[object, ...]:
    return (
        event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        event.event,
        sentence(event),
        event.actor_label,
        event.actor_home_name,
        event.subject_type,
        event.subject_id,
        event.subject_label,
        "yes" if event.refused else "",
        reason(event),
        event.copy_of,
        event.request_id,
        event.seq,
    )
