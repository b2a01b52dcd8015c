"""`flask audit verify`: whether the record is whole."""

import sys

import click
from flask.cli import with_appcontext

from portal.audit import operations as audit


@click.command("verify")
@with_appcontext
def verify() -> None:
    """Check every chain of the record. Ends with 1 and names each break when an event was changed or taken away."""
    breaks = list(audit.verify())
    for found in breaks:
        click.echo(f"Chain {found.chain_id} is broken at number {found.seq}: {found.what}.", err=True)
    if breaks:
        sys.exit(1)
    click.echo("The record is whole.")
