"""The console's lists as CSV: all rows that the filters leave, for somebody who proved itself, and on record."""

from collections.abc import Iterator
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.access.roles import Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.impact import exporting
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.console.columns import COLUMNS
from portal.web.console.wanted import LISTS
from portal.web.exports import csv_response
from portal.web.forms import PortalForm
from portal.web.guards import current_actor, requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import answer


class ExportForm(FreshSignIn, PortalForm):
    """Nothing but the password, where it is needed."""


@pages.route("/<account>/console/export/<what>", methods=["GET", "POST"])
@requires(Permission.CONSOLE_SEE)
def export(account: str, what: str) -> ResponseReturnValue:
    """Says what the file will hold, and hands it out; the address holds the filters of the list."""
    if what not in LISTS:
        raise NotFound()
    wanted, form = LISTS[what].in_address(), ExportForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            exporting.note(current_actor(), what, wanted)
        return csv_response(f"{what}-{clock.now():%Y-%m-%d}.csv", COLUMNS[what].header, _rows(what))
    back_url = url_for(f"console.{what}", account=account, **wanted)
    return answer("console/export.html", form=form, what=what, wanted=wanted, back_url=back_url, labels=labels)


def _rows(what: str) -> Iterator[tuple[Any, ...]]:
    now = clock.now()
    return (COLUMNS[what].cells(row, now) for row in LISTS[what].rows(now).portions())
