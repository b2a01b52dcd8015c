"""`portal-key revoke`: whoever holds the private key takes its pair out of service, signed in or not."""

import json
from pathlib import Path

import click

from portal.cli.holder import files, signing
from portal.cli.holder.ends import PROBLEMS, UNREACHABLE, fail
from portal.cli.holder.files import Unusable
from portal.cli.holder.ringing import Refused, Unreachable, ask, require_same
from portal.cli.holder.unlocking import passphrase_option
from portal.keys import possession
from portal.verifier.paste import read_api_key


@click.command("revoke")
@click.option(
    "--key",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file with the private key.",
)
@click.option("--api-key", required=True, help="The API key of the pair.")
@click.option("--portal", "portal_url", required=True, help="The portal's address.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@passphrase_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def revoke(file: Path, api_key: str, portal_url: str, yes: bool, as_json: bool) -> None:
    """Take the pair of a private key out of service for ever. Every shop that uses it stops reaching the services.

    Ends with 0 when it is revoked, also when it was before; 1 when the portal refused; 3 when it could not be reached.
    """
    if not yes:
        click.confirm(f"Revoke {api_key}? It cannot be taken back.", abort=True, err=True)
    try:
        answer = _revoked(portal_url, read_api_key(api_key).repaired or api_key, file)
    except Unusable as reason:
        fail(PROBLEMS, "unusable_file", str(reason), as_json)
    except Refused as reason:
        fail(PROBLEMS, reason.code, str(reason), as_json)
    except Unreachable as reason:
        fail(UNREACHABLE, "unreachable", str(reason), as_json)
    words = f"“{answer['name']}” ({answer['environment']}) is revoked. It opens nothing any more."
    click.echo(json.dumps(answer, indent=2) if as_json else words)


def _revoked(portal_url: str, api_key: str, file: Path) -> dict[str, str]:
    key = files.private_key(file)
    given = ask(portal_url, "keys/revocation/challenge", {"api_key": api_key})
    require_same(portal_url, given["base_url"])
    message = possession.revocation(base_url=given["base_url"], api_key=api_key, challenge=given["challenge"])
    proof = {"challenge": given["challenge"], "signature": signing.signature_of(key, message)}
    return ask(portal_url, "keys/revocation", {"api_key": api_key} | proof)
