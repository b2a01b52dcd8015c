"""`flask portal import`: accounts and contracts from a file, by the same check and the same application as the page."""

from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from portal.access.actor import Actor
from portal.cli.speaking import operator_at
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.imports import operations as imports
from portal.imports import reading, store, working
from portal.imports.models import Import, ImportState, LineKind
from portal.imports.words import KIND_NAMES, sentence_of
from portal.tenants import store as tenants

MOST_TOLD = 50


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what each line would do, and put nothing in.")
@with_appcontext
def import_file(file: Path, dry_run: bool) -> None:
    """Open accounts, record their contracts and invite their owners, from a CSV FILE: all of its lines, or none.

    Ends with 0 when everything is in, or could be; with 1 when the file or a line of it cannot be used.
    """
    vendor = tenants.find_vendor()
    if vendor is None:
        raise click.ClickException("There is no vendor account yet: run `flask portal init` first.")
    actor, given = operator_at(vendor.id), _opened(file)
    public_id = _check(actor, given)
    row = store.get(actor, public_id)
    _tell(actor, row)
    if dry_run or row.problems or not row.changes:
        problems, changes = row.problems, row.changes
        with transaction():
            imports.discard(actor, store.get(actor, public_id))
        _end(problems, changes, dry_run)
        return
    _apply(actor, public_id)


def _opened(file: Path) -> imports.GivenFile:
    with file.open("rb") as stream:
        return imports.opened(file.name, stream.read(reading.LARGEST + 1))


def _check(actor: Actor, given: imports.GivenFile) -> str:
    with transaction():
        row = imports.give(actor, given)
        if row.state is ImportState.CHECKED:  # an earlier command was interrupted, and the worker went on with it
            imports.check_again(actor, row)
        if row.state is not ImportState.CHECKING or (row.leased_until and row.leased_until > clock.now()):
            raise click.ClickException("This very file is being imported already.")
        job, public_id = working.lease(row), row.public_id
    working.work(job, tell=lambda done: click.echo(f"Read {done} of {given.lines} lines."))
    return public_id


def _tell(actor: Actor, row: Import) -> None:
    """The counts, then every line with a problem, at most 50 of them."""
    for kind in LineKind:
        if count := row.counts.get(kind):
            click.echo(f"{KIND_NAMES[kind]}: {count}")
    for line in store.lines(actor, row, LineKind.PROBLEM, None).rows[:MOST_TOLD]:
        for detail in line.details:
            click.echo(f"Line {line.line}: {_said(detail)}", err=True)
    if row.problems > MOST_TOLD:
        click.echo(f"… and {row.problems - MOST_TOLD} more lines with problems.", err=True)


def _said(detail: dict[str, Any]) -> str:
    facts = {name: ", ".join(fact) if isinstance(fact, list) else fact for name, fact in detail["facts"].items()}
    return sentence_of(detail["code"]) % facts


def _end(problems: int, changes: int, dry_run: bool) -> None:
    if problems:
        raise click.ClickException(f"Nothing was put in: {problems} lines have problems.")
    if not changes:
        click.echo("There is nothing to do: everything in this file is there already.")
    elif dry_run:
        click.echo(f"Nothing was put in. {changes} lines would change something.")


def _apply(actor: Actor, public_id: str) -> None:
    with transaction():
        row = store.get(actor, public_id)
        imports.confirm(actor, row, row.version)
        job = working.lease(row)
    click.echo("Putting the lines in. This is one transaction: interrupted, nothing of it is there.")
    working.work(job, operator=actor)
    row = store.get(actor, public_id)
    if row.state is not ImportState.APPLIED:
        raise click.ClickException(
            "Nothing was put in: something has changed since the lines were checked. Run the command again."
        )
    click.echo(f"{row.total} lines are in; the worker (`flask worker`) sends the invitations.")
