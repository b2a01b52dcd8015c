"""`portal-key new`: a pair from a one-time code, made here; the portal never sees the private half."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import files, signing
from portal.cli.holder.ends import PROBLEMS, UNREACHABLE, fail
from portal.cli.holder.files import Unusable
from portal.cli.holder.proving import proof
from portal.cli.holder.ringing import Refused, Unreachable, ask, require_same
from portal.cli.holder.unlocking import passphrase_option
from portal.verifier import settings


@dataclass(frozen=True)
class Made:
    """A pair in service: its API key, its name and environment, and the file with its private half."""

    api_key: str
    name: str
    environment: str
    file: Path

    def commands(self, portal_url: str) -> list[str]:
        """What to run in the shop."""
        keys = settings.key_commands(self.environment, self.api_key, str(self.file))
        return [*settings.gateway_commands(portal_url), *keys, settings.CLEAN_CACHE]


@click.command("new")
@click.argument("code")
@click.option("--portal", "portal_url", required=True, help="The portal's address, as the page with the code shows it.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the private key here; one that is there already is used, so that an attempt can be repeated.",
)
@passphrase_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def new(code: str, portal_url: str, out: Path | None, as_json: bool) -> None:
    """Make the key pair that the page with CODE is for, and put it into service.

    The private key is written, mode 0600 and over nothing, before anything is proved. Ends with 0 when the pair is in
    service, 1 when the portal refused or a file stands in the way, 3 when the portal could not be reached.
    """
    try:
        made = make(portal_url, code, out)
    except Unusable as reason:
        fail(PROBLEMS, "unusable_file", str(reason), as_json)
    except Refused as reason:
        fail(PROBLEMS, reason.code, str(reason), as_json)
    except Unreachable as reason:
        fail(UNREACHABLE, "unreachable", str(reason), as_json)
    commands = made.commands(portal_url)
    report = {"api_key": made.api_key, "name": made.name, "environment": made.environment, "file": str(made.file)}
    click.echo(json.dumps(report | {"commands": commands}, indent=2) if as_json else _in_words(made, commands))


def make(portal_url: str, code: str, out: Path | None) -> Made:
    """The pair in service. Raises: Unusable, Refused, Unreachable, and ClickException for a file that is in the way."""
    key = files.private_key(out) if out is not None and out.exists() else None
    known = {} if key is None else {"public_key_sha256": signing.public_sha256(key).hex()}
    facts = ask(portal_url, "keys/making", {"code": code} | known)
    require_same(portal_url, facts["base_url"])
    file = out or Path(settings.key_file(facts["environment"]))
    if key is None:
        key = _saved(file)
    try:
        answer = ask(portal_url, "keys/making/proof", proof(code, facts, key))
    except (Refused, Unreachable) as reason:
        reason.args = (f"{reason} The private key is in {file}. To go on with it: add --out {file}",)
        raise
    return Made(answer["api_key"], answer["name"], answer["environment"], file)


def _saved(file: Path) -> rsa.RSAPrivateKey:
    if file.exists():
        raise Unusable(f"{file} exists already; nothing was written. Name another, or go on with it: --out {file}")
    key, pem = files.new_key()
    files.save(file, pem)
    return key


def _in_words(made: Made, commands: list[str]) -> str:
    return "\n".join(
        [
            f"“{made.name}” ({made.environment}) is in service.",
            f"API key:     {made.api_key}",
            f"Private key: {made.file}, which only you have. Keep a copy in a safe place.",
            "",
            "In the shop:",
            *(f"    {command}" for command in commands),
        ]
    )
