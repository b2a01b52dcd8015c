"""Importing accounts and contracts: give a file, read what each line would do, have it applied or discard it."""

from collections.abc import Iterator
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.impact import console
from portal.imports import operations as imports
from portal.imports import reading, store
from portal.imports.models import Import, ImportLine, ImportState, LineKind
from portal.imports.words import KIND_NAMES, STATE_NAMES, sentence_of
from portal.web import arguments, exports
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.console.import_forms import ApplyForm, GiveForm
from portal.web.guards import current_actor, requires
from portal.web.say import listed

SECONDS = 3  # until a page about something that is worked on looks again
WORKED_ON = (ImportState.CHECKING, ImportState.APPLYING)
EXAMPLE = ("", "Aurora Trading", "owner@aurora.example", "en", "adobe-commerce", "2027-01-01", "2027-12-31", "")
PARTNER = (
    "", "晨曦系統整合", "lin@chenxi.example", "zh_Hant", "solution-partner", "2027-01-01", "2028-12-31",
    "lin@chenxi.example",
)  # fmt: skip


@pages.get("/<account>/console/imports")
@requires(Permission.IMPORT)
def import_list(account: str) -> str:
    """The imports, the last given first."""
    page = store.page(current_actor(), request.args.get("after"))
    here = url_for(".import_list", account=account)
    return render_template(
        "console/imports.html",
        rows=page.rows,
        next_url=url_for(".import_list", account=account, after=page.next_place) if page.next_place else None,
        first_url=here if request.args.get("after") else None,
        state_names=STATE_NAMES,
    )


@pages.route("/<account>/console/imports/new", methods=["GET", "POST"])
@requires(Permission.IMPORT)
def import_new(account: str) -> ResponseReturnValue:
    """Give a file. What is wrong with it as a whole is said at once, and nothing of it is stored then."""
    form = GiveForm()
    if form.validate_on_submit():
        with transaction():
            row = imports.give(current_actor(), form.given)
            address = url_for(".import_show", account=account, import_id=row.public_id)
        return redirect(address, code=303)
    status = (413 if form.is_too_large else 422) if form.is_submitted() else 200
    page = render_template(
        "console/import_new.html",
        form=form,
        columns=reading.COLUMNS,
        needed=reading.NEEDED,
        most_lines=reading.MOST_LINES,
        megabytes=reading.MEGABYTES,
        editions=[edition.code for edition in console.editions()],
    )
    return page, status


@pages.get("/<account>/console/imports/template.csv")
@requires(Permission.IMPORT)
def import_template(account: str) -> Response:
    """A file to begin with: the columns and two lines as examples."""
    return exports.csv_response("import-template.csv", reading.COLUMNS, [EXAMPLE, PARTNER])


@pages.get("/<account>/console/imports/<import_id>")
@requires(Permission.IMPORT)
def import_show(account: str, import_id: str) -> ResponseReturnValue:
    """Where the import stands: how far the worker is, or what was found about each line."""
    return _page(store.get(current_actor(), import_id), ApplyForm())


@pages.get("/<account>/console/imports/<import_id>/report.csv")
@requires(Permission.IMPORT)
def import_report(account: str, import_id: str) -> Response:
    """What was found about each line, in the order of the file, as the filter of the page says."""
    row = store.get(current_actor(), import_id)
    header = ["line", "outcome", "account_id", "name", "edition", "details"]
    return exports.csv_response(f"{row.public_id}.csv", header, _cells(row, _kind()))


@pages.post("/<account>/console/imports/<import_id>/apply")
@requires(Permission.IMPORT)
def import_apply(account: str, import_id: str) -> ResponseReturnValue:
    """Have it applied, as the report was seen."""
    form, row = ApplyForm(), store.get(current_actor(), import_id)
    if not form.validate_on_submit():
        return _page(store.get(current_actor(), import_id), form, status=422)
    with transaction():
        imports.confirm(current_actor(), row, form.version.data)
    return _back(account, import_id)


@pages.post("/<account>/console/imports/<import_id>/check")
@requires(Permission.IMPORT)
def import_check(account: str, import_id: str) -> ResponseReturnValue:
    """Have the lines checked against what is there now."""
    row = store.get(current_actor(), import_id)
    with transaction():
        imports.check_again(current_actor(), row)
    return _back(account, import_id)


@pages.post("/<account>/console/imports/<import_id>/discard")
@requires(Permission.IMPORT)
def import_discard(account: str, import_id: str) -> ResponseReturnValue:
    """Forget the file and its report."""
    row = store.get(current_actor(), import_id)
    with transaction():
        imports.discard(current_actor(), row)
    return _back(account, import_id)


def _back(account: str, import_id: str) -> ResponseReturnValue:
    return redirect(url_for(".import_show", account=account, import_id=import_id), code=303)


def _page(row: Import, form: ApplyForm, status: int = 200) -> Response:
    kind, after = _kind(), request.args.get("after")
    account = (request.view_args or {})["account"]
    here = url_for(".import_show", account=account, import_id=row.public_id)
    page = store.lines(current_actor(), row, kind, after) if row.state not in WORKED_ON else None
    wanted: dict[str, Any] = {"kind": kind.value} if kind else {}
    there = store.tenants_of(line.account for line in page.rows if line.account) if page else set()
    drawn = render_template(
        "console/import.html",
        row=row,
        form=form,
        lines=page.rows if page else [],
        there=there,
        told=told,
        wanted=wanted,
        here=here,
        first_url=f"{here}?kind={kind.value}" if after and kind else here if after else None,
        next_url=_next(account, row, wanted, page),
        csv_url=url_for(".import_report", account=account, import_id=row.public_id, **wanted),
        kinds=labels.choices(KIND_NAMES, _("Any")),
        kind_names=KIND_NAMES,
        state_names=STATE_NAMES,
        refusal=imports.why_not(row) if row.state is ImportState.CHECKED else None,
        failure=sentence_of(row.failure) if row.failure else "",
        working=row.state in WORKED_ON,
    )
    response = Response(drawn, status)
    if row.state in WORKED_ON:
        response.headers["Refresh"] = f"{SECONDS}; url={here}"
    return response


def _next(account: str, row: Import, wanted: dict[str, Any], page: Any) -> str | None:
    if page is None or page.next_place is None:
        return None
    return url_for(".import_show", account=account, import_id=row.public_id, **wanted, after=page.next_place)


def _kind() -> LineKind | None:
    value = arguments.text("kind")
    return LineKind(value) if value in {kind.value for kind in LineKind} else None


def told(line: ImportLine) -> list[str]:
    """What was found about a line, as sentences in the reader's language."""
    return [_told(detail) for detail in line.details]


def _told(detail: dict[str, Any]) -> str:
    facts = {name: listed(fact) if isinstance(fact, list) else fact for name, fact in detail["facts"].items()}
    sentence = _(sentence_of(detail["code"]))
    return sentence % (facts | {"code": detail["code"]})


def _cells(row: Import, kind: LineKind | None) -> Iterator[list[Any]]:
    for line in store.all_lines(current_actor(), row, kind):
        yield [line.line, line.kind.value, line.account, line.name, line.edition, " ".join(told(line))]
