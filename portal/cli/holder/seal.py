"""`portal-key seal`: a copy of a private key, sealed here to its receiver; the portal gets what it cannot open."""

import json
from pathlib import Path

import click

from portal.cli.holder import envelopes, files, shops, signing
from portal.cli.holder.ends import spoken
from portal.cli.holder.options import A_FILE, json_option, portal_option, yes_option
from portal.cli.holder.ringing import ask, require_same
from portal.cli.holder.unlocking import passphrase_option
from portal.handoffs import envelope
from portal.handoffs.faults import KeyOfAnotherPair
from portal.handoffs.words import comparison_words

NAMES = ("pair", "environment", "giver", "receiver", "person")


@click.command("seal")
@click.argument("code")
@portal_option
@click.option("--key", "file", required=True, type=A_FILE, help="The file with the private key.")
@yes_option
@passphrase_option
@json_option
def seal(code: str, portal_url: str, file: Path, yes: bool, as_json: bool) -> None:
    """Seal the private key in a file to the receiver of the hand-off that the page with CODE is for, and deposit it.

    Asks first to compare the words of the receiver's envelope key. Ends with 0 when it is offered, 1 when the portal
    refused, the file is of another pair or you said no, 3 when the portal could not be reached.
    """
    with spoken(as_json):
        key = files.private_key(file)
        facts = ask(portal_url, "hand-offs/sealing", {"code": code})
        require_same(portal_url, facts["base_url"])
        bound, to_public = envelopes.bound_of(facts), envelopes.octets(facts, "to_public")
        if signing.public_sha256(key).hex() != bound.spki_sha256:
            raise KeyOfAnotherPair()
        # Of what is sealed to, not of what the portal says of it.
        words = " ".join(comparison_words(to_public))
        if not yes:
            _compare(facts, words)
        sealed = envelope.seal(envelopes.pem_of(key), to_public, bound)
        told = ask(portal_url, "hand-offs/sealing/envelope", {"code": code} | envelopes.members_of(sealed))
    report = {name: facts[name] for name in NAMES} | told | {"words": words}
    click.echo(json.dumps(report, indent=2) if as_json else _in_words(report))


def _compare(facts: dict[str, str], words: str) -> None:
    lines = [
        f"The private key of “{facts['pair']}” ({facts['environment']}) goes to {facts['person']} at "
        f"{facts['receiver']} ({facts['to']}).",
        "",
        f"Comparison words: {words}",
        f"Call {facts['person']}, by a number that you know from elsewhere: the envelope key there has the same words.",
        "",
    ]
    click.echo("\n".join(lines), err=True)
    click.confirm("Are they the same?", abort=True, err=True)


def _in_words(report: dict[str, str]) -> str:
    whose = f"“{report['pair']}” ({report['environment']}) for {report['person']} at {report['receiver']}"
    if report["state"] != "offered":
        return f"The sealed copy of {whose} was deposited before; it is {report['state']}."
    return (
        f"The sealed copy of {whose} is offered. It can be opened until {shops.in_utc(report['lapses_at'])}; "
        "till then you can withdraw it on its page."
    )
