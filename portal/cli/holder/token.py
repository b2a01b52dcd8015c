"""`portal-key token`: what a shop sends beside its API key, for trying out."""

import json
import time
from pathlib import Path

import click

from portal.cli.holder import clocks, files, signing
from portal.cli.holder.ends import PROBLEMS, fail
from portal.cli.holder.files import Unusable
from portal.cli.holder.unlocking import passphrase_option


@click.command("token")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@passphrase_option
@click.option("--portal", "portal_url", default="", help="Compare this machine's clock with that of this portal.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, with the moment in which it ends.")
def token(file: Path, portal_url: str, as_json: bool) -> None:
    """Print a signature as a shop sends it in x-gw-signature, made with the private key in FILE; good for 5 minutes.

    It is good by the clock of this machine: with --portal, one that goes wrong is told on standard error.
    Ends with 0, or with 1 when the file holds no private key that can be used.
    """
    try:
        key = files.private_key(file)
    except Unusable as reason:
        fail(PROBLEMS, "unusable_file", str(reason), as_json)
    if portal_url and (wrong := clocks.what_is_wrong(portal_url)):
        click.echo(wrong, err=True)
    ends_at = int(time.time()) + signing.LIFETIME_SECONDS
    made = signing.token_of(key, ends_at)
    click.echo(json.dumps({"token": made, "ends_at": ends_at}, indent=2) if as_json else made)
