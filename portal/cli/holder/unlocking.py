"""The passphrase of a locked private key file: typed at a terminal, or in a file; arguments are seen by others."""

import sys
from pathlib import Path

import click

PLACE = "portal.cli.holder.passphrase_file"


def _keep(context: click.Context, _option: click.Parameter, file: Path | None) -> None:
    context.meta[PLACE] = file


passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    expose_value=False,
    callback=_keep,
    help="A file whose first line is the passphrase of a locked private key. Without it you are asked.",
)


def passphrase_of(file: Path) -> bytes | None:
    """The passphrase for the private key in `file`; None where none was given and nobody can be asked."""
    kept: Path | None = click.get_current_context().meta.get(PLACE)
    if kept is not None:
        first, *_others = kept.read_bytes().splitlines() or [b""]
        return first
    if not sys.stdin.isatty():
        return None
    return str(click.prompt(f"Passphrase of {file}", hide_input=True, err=True)).encode()
