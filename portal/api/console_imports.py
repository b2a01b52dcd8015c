"""Importing accounts and contracts: give a file, read what each line would do, have it applied or discard it."""

from typing import Annotated, Any

from pydantic import Field, PrivateAttr

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.console import calls, read_anew
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, Text, Version, listed
from portal.foundation.database import version_of
from portal.foundation.paging import Page
from portal.imports import operations, store
from portal.imports.models import Import, ImportLine, ImportState, LineKind
from portal.imports.operations import GivenFile
from portal.imports.reading import COLUMNS
from portal.imports.store import WORKED_ON
from portal.imports.words import sentence_of


class NewImport(Body):
    """A file with accounts and contracts, at most 20 MB. It is taken apart before anything is stored of it."""

    file_name: Text = "import.csv"
    csv: Annotated[str, Field(description=f"The file as text. Its columns: {', '.join(COLUMNS)}.")]
    _file: GivenFile = PrivateAttr()

    def model_post_init(self, _context: Any) -> None:
        """Take the file apart while no transaction runs: that may take a second. Raises: the refusals of a file."""
        self._file = operations.opened(self.file_name, self.csv.encode())

    @property
    def file(self) -> GivenFile:
        """The file, taken apart."""
        return self._file


class ImportShown(Shown):
    """Where an import stands. `counts`: how many lines of each kind were found; `done`: how many lines were read.

    `refusal`: the code of why a checked one cannot be applied; `failure`: of what it failed for.
    """

    id: str
    file_name: str
    state: ImportState
    total: int
    done: int
    counts: dict[str, int]
    refusal: str | None
    failure: str | None
    given_at: Moment
    given_by: str | None
    checked_at: Moment | None
    settled_at: Moment | None
    settled_by: str | None
    version: int


class Detail(Shown):
    """What was found about a line."""

    code: str
    text: str


class ImportLineShown(Shown):
    """What a line does, or why it cannot. `changed`: it is not any more what an earlier report said of it."""

    line: int
    kind: LineKind
    changed: bool
    account_id: str | None
    name: str
    edition: str | None
    details: list[Detail]


class LinesQuery(Paged):
    """Which lines."""

    kind: LineKind | None = None


@calls.reads("/<account>/console/imports", Permission.IMPORT)
def import_list(actor: Actor, query: Paged) -> Listed[ImportShown]:
    """List imports, the last given first."""
    return Listed[ImportShown](**listed(store.page(actor, query.after), _shown))


@calls.writes("/<account>/console/imports", Permission.IMPORT, makes=True)
def import_new(actor: Actor, body: NewImport) -> ImportShown:
    """Give a file, to be checked by the worker. What is wrong with it as a whole is said at once."""
    given = operations.give(actor, body.file)
    return _shown(store.get(actor, given.public_id))


@calls.reads("/<account>/console/imports/<import_id>", Permission.IMPORT)
def import_show(actor: Actor, import_id: str) -> ImportShown:
    """Show where an import stands."""
    return _shown(store.get(actor, import_id))


@calls.reads("/<account>/console/imports/<import_id>/lines", Permission.IMPORT)
def import_lines(actor: Actor, import_id: str, query: LinesQuery) -> Listed[ImportLineShown]:
    """List what was found about each line, problems first; nothing while the worker reads them."""
    row = store.get(actor, import_id)
    page = store.lines(actor, row, query.kind, query.after) if row.state not in WORKED_ON else Page([], None)
    return Listed[ImportLineShown](**listed(page, _line_shown))


@calls.writes("/<account>/console/imports/<import_id>/apply", Permission.IMPORT)
def import_apply(actor: Actor, import_id: str, version: Version) -> ImportShown:
    """Have an import applied by the worker, as its report was seen: all of its lines, or none."""
    operations.confirm(actor, store.get(actor, import_id), version)
    return _anew(actor, import_id)


@calls.writes("/<account>/console/imports/<import_id>/check", Permission.IMPORT)
def import_check(actor: Actor, import_id: str) -> ImportShown:
    """Have the lines of an import checked against what is there now."""
    operations.check_again(actor, store.get(actor, import_id))
    return _anew(actor, import_id)


@calls.writes("/<account>/console/imports/<import_id>/discard", Permission.IMPORT)
def import_discard(actor: Actor, import_id: str) -> ImportShown:
    """Forget a file and its report; nothing of it is put in."""
    operations.discard(actor, store.get(actor, import_id))
    return _anew(actor, import_id)


def _anew(actor: Actor, import_id: str) -> ImportShown:
    read_anew()
    return _shown(store.get(actor, import_id))


def _shown(row: Import) -> ImportShown:
    refusal = operations.why_not(row) if row.state is ImportState.CHECKED else None
    return ImportShown(
        id=row.public_id,
        file_name=row.file_name,
        state=row.state,
        total=row.total,
        done=row.done,
        counts=row.counts,
        refusal=refusal.code if refusal else None,
        failure=row.failure,
        given_at=row.created_at,
        given_by=row.given_by.name if row.given_by else None,
        checked_at=row.checked_at,
        settled_at=row.settled_at,
        settled_by=row.settled_by.name if row.settled_by else None,
        version=version_of(row),
    )


def _line_shown(row: ImportLine) -> ImportLineShown:
    return ImportLineShown(
        line=row.line,
        kind=row.kind,
        changed=row.changed,
        account_id=row.account,
        name=row.name,
        edition=row.edition,
        details=[_detail(detail) for detail in row.details],
    )


def _detail(detail: dict[str, Any]) -> Detail:
    facts = {
        name: ", ".join(map(str, fact)) if isinstance(fact, list) else fact for name, fact in detail["facts"].items()
    }
    code: str = detail["code"]
    return Detail(code=code, text=sentence_of(code) % (facts | {"code": code}))
