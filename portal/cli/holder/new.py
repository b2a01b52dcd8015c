"""`portal-key new`: a pair from a one-time code, made here; the portal never sees the private half."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import files, places, shops, signing
from portal.cli.holder.ends import spoken
from portal.cli.holder.options import json_option, out_option, portal_option
from portal.cli.holder.proving import proof
from portal.cli.holder.ringing import ask, require_same
from portal.cli.holder.unlocking import passphrase_option
from portal.verifier import settings


@dataclass(frozen=True)
class Made:
    """A pair in service: what the portal says of it, and the file with its private half."""

    told: dict[str, str]
    file: Path

    def commands(self, portal_url: str) -> list[str]:
        """What to run in the shop."""
        return shops.commands(portal_url, self.told["environment"], self.told["api_key"], self.file)

    def report(self, portal_url: str) -> dict[str, Any]:
        """The pair, for scripts."""
        pair = {name: self.told[name] for name in ("api_key", "name", "environment")}
        return pair | {"file": str(self.file), "commands": self.commands(portal_url)}


@click.command("new")
@click.argument("code")
@portal_option
@out_option
@passphrase_option
@json_option
def new(code: str, portal_url: str, out: Path | None, as_json: bool) -> None:
    """Make the key pair that the page with CODE is for, and put it into service.

    The private key is written, mode 0600 and over nothing, before anything is proved. Ends with 0 when the pair is in
    service, 1 when the portal refused or a file stands in the way, 3 when the portal could not be reached.
    """
    with spoken(as_json):
        key = key_in(out)
        facts = begin(portal_url, code, key)
        file = out or Path(settings.key_file(facts["environment"]))
        made = finish(portal_url, code, facts, key or saved(file), file)
    click.echo(json.dumps(made.report(portal_url), indent=2) if as_json else _in_words(made, portal_url))


def key_in(out: Path | None) -> rsa.RSAPrivateKey | None:
    """The private key of an earlier attempt, where `out` names its file; else None. Raises: Unusable."""
    return files.private_key(out) if out is not None and out.exists() else None


def begin(portal_url: str, code: str, key: rsa.RSAPrivateKey | None) -> dict[str, str]:
    """What the code is for; one that was used says it only to the key that used it. Raises: Refused, Unreachable."""
    known = {} if key is None else {"public_key_sha256": signing.public_sha256(key).hex()}
    facts = ask(portal_url, "keys/making", {"code": code} | known)
    require_same(portal_url, facts["base_url"])
    return facts


def finish(portal_url: str, code: str, facts: dict[str, str], key: rsa.RSAPrivateKey, file: Path) -> Made:
    """The pair in service, with the private key that is in `file`. Raises: Refused, Unreachable."""
    with places.going_on(file):
        return Made(ask(portal_url, "keys/making/proof", proof(code, facts, key)), file)


def saved(file: Path) -> rsa.RSAPrivateKey:
    """A new private key, which the disk has. Raises: Unusable, and ClickException where it cannot be written."""
    places.require_free(file)
    key, pem = files.new_key()
    files.save(file, pem)
    return key


def _in_words(made: Made, portal_url: str) -> str:
    told = made.told
    return "\n".join(
        [
            f"“{told['name']}” ({told['environment']}) is in service.",
            *shops.pair_lines(told["api_key"], made.file),
            *shops.command_lines(made.commands(portal_url)),
        ]
    )
