"""`portal-key enroll`: an envelope key made here; whoever hands a private key over seals it to this one."""

import json
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder import envelope_keys, envelopes, files, places, shops
from portal.cli.holder.ends import spoken
from portal.cli.holder.options import A_PLACE, json_option, portal_option
from portal.cli.holder.ringing import ask, require_same
from portal.handoffs.envelope import raw_public
from portal.handoffs.words import comparison_words


@click.command("enroll")
@click.argument("code")
@portal_option
@click.option(
    "--out",
    type=A_PLACE,
    help=f"Save the envelope key here, else as {envelope_keys.USUAL}; one that is there already is enrolled.",
)
@json_option
def enroll(code: str, portal_url: str, out: Path | None, as_json: bool) -> None:
    """Make an envelope key and enrol it for the person who was shown CODE: private keys can then be sealed to it.

    It is written, mode 0600 and over nothing, before the portal hears of its public half. Ends with 0 when it is
    enrolled, 1 when the portal refused or a file stands in the way, 3 when the portal could not be reached.
    """
    with spoken(as_json):
        file = out or Path(envelope_keys.USUAL)
        key = envelope_keys.read(out) if out is not None and out.exists() else None
        facts = ask(portal_url, "hand-offs/enrolling", {"code": code})
        require_same(portal_url, facts["base_url"])
        key = key or _saved(file)
        with places.going_on(file, "The envelope key"):
            public = envelopes.text_of(raw_public(key))
            told = ask(portal_url, "hand-offs/envelope-key", {"code": code, "public_key": public})
    # The portal's word for it would not do: the words are there to find out whether it shows another key.
    report = told | {"file": str(file), "words": " ".join(comparison_words(raw_public(key)))}
    click.echo(json.dumps(report, indent=2) if as_json else _in_words(report))


def _saved(file: Path) -> X25519PrivateKey:
    places.require_free(file)
    key, pem = envelope_keys.new_key()
    files.save(file, pem)
    return key


def _in_words(report: dict[str, str]) -> str:
    usable = "It can be used at once."
    if report["usable_at"] > report["enrolled_at"]:
        usable = (
            f"It takes the place of another one, so it can be used from {shops.in_utc(report['usable_at'])} on. Your "
            "account and its clients were told."
        )
    return "\n".join(
        [
            f"The envelope key of {report['person']} at {report['party']} is enrolled.",
            f"It is in {report['file']}, which only you have. Keep a copy in a safe place: nothing else opens what is "
            "sealed to it.",
            "",
            f"Comparison words: {report['words']}",
            "Whoever hands you a private key sees eight words: read each other yours, by telephone. They are the same.",
            "",
            usable,
        ]
    )
