"""`flask portal kek`: the key-encryption key, with which the portal seals what it has to read again.

A new one can be made without settings, too: `python -m portal.cli.kek new`.
"""

import base64
import copy
import functools
import secrets
import sys
import time
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from portal.cli.speaking import SpeakingGroup, operator_at
from portal.foundation.database import db
from portal.foundation.sealing import key_id_of
from portal.kek import operations as keks
from portal.kek.errors import KekMissing
from portal.kek.operations import Rotation, Tally
from portal.tenants import store as tenants

KEK_BYTES = 32
TOLD_EVERY_SECONDS = 1.0
MOST_TOLD = 20


@click.group("kek", cls=SpeakingGroup)
def kek() -> None:
    """The key-encryption key: make another one, see which are in use, seal everything under the present one."""


@kek.command("new")
def new() -> None:
    """Print a new key-encryption key and its check value as settings. Nothing is stored or changed."""
    octets = secrets.token_bytes(KEK_BYTES)
    click.echo(f"KEK={base64.b64encode(octets).decode()}\nKEK_CHECK={key_id_of(octets)}")


@kek.command("status")
@with_appcontext
def status() -> None:
    """Say which key-encryption keys are in use, by their ids, and for how many values; nothing secret is shown.

    Ends with 1 when one of them is missing here.
    """
    sealer, uses = keks.setup().sealer, keks.in_use()
    click.echo(f"KEK={sealer.key_id} seals{_told_others(sealer.key_ids - {sealer.key_id})}.")
    if not current_app.config["PORTAL"].kek_check:
        click.echo(f"KEK_CHECK is not set: with KEK_CHECK={sealer.key_id} the portal knows this one again.", err=True)
    if not uses:
        click.echo("Nothing is sealed yet.")
    for use in uses:
        click.echo(f"{use.column:<24} {use.key_id}  {use.values:>9,}  {_told_place(use.key_id)}")
    if any(keks.is_missing(use.key_id) for use in uses):
        sys.exit(1)


@kek.command("rotate")
@with_appcontext
def rotate() -> None:
    """Seal every value anew under KEK, while the portal runs. It may be stopped at any time, and begun again.

    Ends with 1 when a value does not open; it stays as it is, and the others are dealt with.
    """
    vendor = tenants.find_vendor()
    rotation = Rotation(operator_at(vendor.id if vendor else None))
    told_at = time.monotonic()
    for tally in rotation.run():
        if time.monotonic() - told_at >= TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            click.echo(f"{tally.column}: {tally.anew:,} of {tally.found:,}", err=True)
    for tally in rotation.tallies:
        click.echo(f"{tally.column:<24} {tally.anew:>9,} sealed anew under {keks.setup().sealer.key_id}")
    if told := [line for tally in rotation.tallies for line in _told_closed(tally)]:
        click.echo("\n".join(told), err=True)
        sys.exit(1)
    if not rotation.is_finished:
        raise click.ClickException(
            "Some values are still under another key-encryption key. Some process may not have been started anew with "
            "this KEK: do that, and run this command again."
        )


def _told_others(key_ids: frozenset[str]) -> str:
    return f"; KEK_OTHERS={', '.join(sorted(key_ids))} opens" if key_ids else ""


def _told_place(key_id: str) -> str:
    sealer, lost = keks.setup().sealer, keks.setup().lost
    if key_id == sealer.key_id:
        return "under KEK"
    if key_id in sealer.key_ids:
        return "under one of KEK_OTHERS: `flask portal kek rotate` seals it anew"
    return "stays closed: its key is in KEK_LOST" if key_id in lost else "CANNOT BE OPENED: its key is not here"


def _told_closed(tally: Tally) -> list[str]:
    closed = list(tally.closed.values())
    lines = [f"{tally.column}, row {each.row}: {each.why}." for each in closed[:MOST_TOLD]]
    return [*lines, f"{tally.column}: {len(closed) - MOST_TOLD:,} more."] if len(closed) > MOST_TOLD else lines


def after_a_look(command: click.Command) -> click.Command:
    """`command`, refused before it does anything when a key-encryption key that is in use is not here.

    For whatever might seal: one value under a key that nobody else has would keep all others from starting.
    """
    looking = copy.copy(command)
    run = command.callback
    assert run is not None  # noqa: S101 - a group has none, and is not given here

    @with_appcontext
    @functools.wraps(run)
    def looked(*words: Any, **options: Any) -> Any:
        try:
            keks.require_here()
        except KekMissing as missing:
            raise click.ClickException(missing.in_english()) from missing
        except DBAPIError:
            pass  # new, away or of another release: the command says what is wrong in its own words
        finally:
            db.session.remove()
        return run(*words, **options)

    looking.callback = looked
    return looking


if __name__ == "__main__":
    kek()
