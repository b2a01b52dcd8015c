"""`flask reviews verify`: whether a file of evidence is what the portal signed.

Who has the public key needs no portal for it: `python -m portal.cli.reviews FILE --public-key FILE` reads no settings.
"""

import string
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from portal.foundation import signed_json, signing
from portal.foundation.signed_json import LARGEST, FindPublic, State, Verdict
from portal.foundation.signing import PUBLIC_BYTES, Purpose

LARGEST_KEY = 4096
CODES = {State.GENUINE: 0, State.CHANGED: 1, State.UNKNOWN_KEY: 1, State.UNREADABLE: 2}


class CannotTell(click.ClickException):
    """Whether the file is genuine was not found out."""

    exit_code = 2


@click.command("verify")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--public-key", metavar="FILE|HEX", help="Verify with this public key of the portal, and ask no database."
)
def verify(file: BinaryIO, public_key: str | None) -> None:
    """Say whether FILE, the evidence of a review, is what the portal signed; - reads it from standard input.

    Ends with 0 when it is genuine, 1 when it was changed or its key is unknown, 2 when that cannot be told.
    """
    find_public = _only(public_key) if public_key else _kept
    verdict = signed_json.verify(file.read(LARGEST + 1), find_public)
    if verdict.state is State.GENUINE:
        click.echo(_told(verdict))
    else:
        click.echo(f"Not genuine ({verdict.state.value.replace('_', ' ')}): {verdict.reason}", err=True)
    raise SystemExit(CODES[verdict.state])


def _kept(key_id: str) -> bytes | None:
    try:
        return with_appcontext(signing.find_public)(Purpose.EVIDENCE, key_id)
    except SystemExit as error:  # this is no portal, or one that does not start
        raise CannotTell(f"{error.code}\nGive the portal's public key with --public-key.") from None
    except DBAPIError as error:
        raise CannotTell(f"The database cannot be asked for the key {key_id}: give it with --public-key.") from error


def _only(given: str) -> FindPublic:
    public = _octets_of(given) or _octets_of(_content_of(given))
    if public is None:
        raise CannotTell(f"--public-key is neither a file nor {2 * PUBLIC_BYTES} hexadecimal digits of a public key.")
    return {signing.key_id_of(public): public}.get


def _octets_of(text: str) -> bytes | None:
    """The public half written in `text`, as hexadecimal digits or PEM, or None."""
    digits = text.strip()
    if len(digits) == 2 * PUBLIC_BYTES and set(digits) <= set(string.hexdigits):
        return bytes.fromhex(digits)
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else None


def _content_of(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            return file.read(LARGEST_KEY).decode(errors="replace")
    except (OSError, ValueError):
        return ""


def _told(verdict: Verdict) -> str:
    document, say = verdict.document, partial(_said, verdict.document.get("review"))
    lines, counts = document.get("lines"), say("counts", dict)
    told = ", ".join(f"{_plain(word)} {_plain(count)}" for word, count in counts.items()) if counts else ""
    return "\n".join(
        [
            f"Genuine: signed by {_plain(document.get('portal'))} with the key {verdict.key_id}.",
            f"Review: {_plain(say('name', str))}",
            f"Closed: {_plain(say('closed_at', str))}",
            f"Lines:  {len(lines) if isinstance(lines, list) else 0}" + (f" ({told})" if told else ""),
        ]
    )


def _said(review: Any, name: str, kind: Callable[[], Any]) -> Any:
    value = review.get(name) if isinstance(review, dict) else None
    return value if isinstance(value, kind) else kind()  # type: ignore[arg-type]


def _plain(value: Any) -> str:
    """The value for a terminal, on which no letter of a file may act."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


if __name__ == "__main__":
    verify()
