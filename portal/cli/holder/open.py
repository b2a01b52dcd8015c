"""`portal-key open`: a private key that was sealed to an envelope key here, taken out and proved to be read."""

import json
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder import envelope_keys, envelopes, files, places, shops, signing
from portal.cli.holder.ends import spoken
from portal.cli.holder.files import Unusable
from portal.cli.holder.new import key_in
from portal.cli.holder.options import A_FILE, json_option, out_option, portal_option
from portal.cli.holder.ringing import ask, require_same
from portal.handoffs import envelope
from portal.verifier import settings

NAMES = ("hand_off", "pair", "environment", "giver", "api_key")


@click.command("open")
@click.argument("code")
@portal_option
@click.option("--envelope-key", "envelope_key", type=A_FILE, help="The file that portal-key enroll wrote.")
@click.option("--recovery", type=A_FILE, help="Or the recovery copy of an envelope key that a browser made.")
@click.option(
    "--passphrase-file",
    type=A_FILE,
    help="A file whose first line is the passphrase of the recovery copy. Without it you are asked.",
)
@out_option
@json_option
def open_(
    code: str,
    portal_url: str,
    envelope_key: Path | None,
    recovery: Path | None,
    passphrase_file: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Open the sealed private key that the page with CODE is for, save it, and prove to its giver that you have it.

    It is written, mode 0600 and over nothing, before anything is proved. Ends with 0 when that is proved, 1 when the
    portal refused, the envelope does not open or a file stands in the way, 3 when the portal could not be reached.
    """
    if (envelope_key is None) == (recovery is None):
        raise click.UsageError("Give one of --envelope-key and --recovery.")
    with spoken(as_json):
        if recovery is not None:
            receiving = envelope_keys.recovered(recovery, passphrase_file)
        elif envelope_key is not None:
            receiving = envelope_keys.read(envelope_key)
        report = _opened(portal_url, code, receiving, out)
    click.echo(json.dumps(report, indent=2) if as_json else _in_words(report))


def _opened(portal_url: str, code: str, receiving: X25519PrivateKey, out: Path | None) -> dict[str, str | list[str]]:
    key = key_in(out)
    facts = _fetched(portal_url, code, receiving, key, out)
    file = out or Path(settings.key_file(facts["environment"]))
    if facts["ciphertext"]:
        key = _taken_out(facts, receiving, file)
    assert key is not None  # noqa: S101 - without a key that was named, the portal gives an envelope or refuses
    with places.going_on(file):
        told = ask(portal_url, "hand-offs/opening/proof", {"code": code, "signature": _proof(facts, key)})
    commands = shops.commands(portal_url, facts["environment"], facts["api_key"], file)
    report = {name: facts[name] for name in NAMES} | {"state": told["state"], "file": str(file)}
    return report | {"commands": commands}


def _fetched(
    portal_url: str, code: str, receiving: X25519PrivateKey, key: rsa.RSAPrivateKey | None, out: Path | None
) -> dict[str, str]:
    """What the portal has for this code. What can be seen not to fit is refused before an opening goes on record."""
    places.require_room(out or Path("private-key.pem"))
    content = {"code": code, "to_key": envelope.key_sha256(envelope.raw_public(receiving))}
    if key is not None:
        content["public_key_sha256"] = signing.public_sha256(key).hex()
    facts = ask(portal_url, "hand-offs/opening", content)
    require_same(portal_url, facts["base_url"])
    return facts


def _taken_out(facts: dict[str, str], receiving: X25519PrivateKey, file: Path) -> rsa.RSAPrivateKey:
    """The private key in the envelope, which is in `file` from now on, or was before."""
    pem = envelope.open_envelope(envelopes.envelope_of(facts), receiving, envelopes.bound_of(facts))
    key = envelopes.key_in(pem)
    if not file.exists():
        files.save(file, pem)
    elif not _holds(file, key):
        raise Unusable(f"{file} exists already; nothing was written. Name another with --out: the code is still good.")
    return key


def _holds(file: Path, key: rsa.RSAPrivateKey) -> bool:
    try:
        return signing.public_sha256(files.private_key(file)) == signing.public_sha256(key)
    except Unusable:
        return False


def _proof(facts: dict[str, str], key: rsa.RSAPrivateKey) -> str:
    message = envelope.opening(
        base_url=facts["base_url"],
        hand_off=facts["hand_off"],
        nonce=bytes.fromhex(facts["nonce"]),
        receiver=facts["to"],
    )
    return signing.signature_of(key, message)


def _in_words(report: dict[str, str | list[str]]) -> str:
    giver = report["giver"]
    return "\n".join(
        [
            f"“{report['pair']}” ({report['environment']}) of {giver} is open, and {giver} is told.",
            f"API key:     {report['api_key']}",
            f"Private key: {report['file']}. {giver} has it, too.",
            *shops.command_lines(list(report["commands"])),
        ]
    )
