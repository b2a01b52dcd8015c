"""`portal-key rotate`: the successor of a pair whose private key is here, made as `new` makes one."""

import json
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import files, shops, signing
from portal.cli.holder.ends import spoken
from portal.cli.holder.files import Unusable
from portal.cli.holder.new import Made, begin, finish, key_in, saved
from portal.cli.holder.options import A_FILE, json_option, out_option, portal_option
from portal.cli.holder.ringing import Refused
from portal.cli.holder.unlocking import passphrase_option
from portal.verifier import settings

ENDS = {
    "held": "The old pair works until {until}, and longer while shops still use it.",
    "hard": "The old pair works until {until}, on the second.",
    "leak": "The old pair leaked: it works until {until}, on the second.",
}


@click.command("rotate")
@click.argument("code")
@portal_option
@click.option("--key", "old_file", required=True, type=A_FILE, help="The file with the private key that is replaced.")
@out_option
@passphrase_option
@json_option
def rotate(code: str, portal_url: str, old_file: Path, out: Path | None, as_json: bool) -> None:
    """Make the successor of the pair whose private key is in a file, with CODE of the page of its rotation.

    The old file stays as it is. Ends with 0 when the successor is in service, 1 when the portal refused, the old file
    is of another pair or a file stands in the way, 3 when the portal could not be reached.
    """
    with spoken(as_json):
        old = files.private_key(old_file)
        if out is not None and out.exists() and out.samefile(old_file):
            raise Unusable(f"{out} is the private key that is replaced. Name another file for its successor.")
        key = key_in(out)
        facts = begin(portal_url, code, key)
        _require_replaces(facts, old, old_file)
        file = out or Path(f"new-{settings.key_file(facts['environment'])}")
        made = finish(portal_url, code, facts, key or saved(file), file)
    click.echo(json.dumps(_report(made, portal_url), indent=2) if as_json else _in_words(made, portal_url))


def _require_replaces(facts: dict[str, str], old: rsa.RSAPrivateKey, file: Path) -> None:
    if not facts["replaces"]:
        raise Refused("not_a_rotation", "This code makes a new key pair and replaces none: use it with portal-key new.")
    if facts["replaces_public_key_sha256"] != signing.public_sha256(old).hex():
        raise Refused(
            "key_of_another_pair",
            f"{file} is not the private key of “{facts['replaces']}” (API key {facts['replaces_api_key']}), which this "
            "code replaces. Nothing was made.",
        )


def _report(made: Made, portal_url: str) -> dict[str, object]:
    told = {name: value for name, value in made.told.items() if name.startswith("replaced")}
    return made.report(portal_url) | told | {"shops": made.told.get("shops", "").splitlines()}


def _in_words(made: Made, portal_url: str) -> str:
    told = made.told
    lines = [
        f"“{told['name']}” ({told['environment']}) is in service.",
        *shops.pair_lines(told["api_key"], made.file),
    ]
    where = "In each shop that uses the old pair:"
    if "replaced_until" in told:
        where = f"In each shop that uses API key {told['replaced_api_key']}, the old one:"
    lines += shops.command_lines(made.commands(portal_url), where)
    if known := told.get("shops", "").splitlines():
        lines += ["", "Shops that the portal knows of:", *(f"    {shop}" for shop in known)]
    if "replaced_until" in told:
        lines += ["", ENDS[told["replaced_ending"]].format(until=shops.in_utc(told["replaced_until"]))]
    return "\n".join(lines)
