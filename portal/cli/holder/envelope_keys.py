"""Envelope keys in files: PKCS#8 PEM that the command line made, or the recovery copy of one that a browser made."""

import shlex
import sys
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder.files import Unusable
from portal.handoffs import recovery

USUAL = "envelope-key.pem"
PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def new_key() -> tuple[X25519PrivateKey, str]:
    """A new envelope key, and its text as PKCS#8 PEM."""
    key = X25519PrivateKey.generate()
    return key, key.private_bytes(*PKCS8).decode()


def read(file: Path) -> X25519PrivateKey:
    """The envelope key in a file of `new_key`. Raises: Unusable."""
    octets = _octets(file)
    try:
        key = serialization.load_pem_private_key(octets, None)
    except TypeError as error:
        cure = f"openssl pkey -in {shlex.quote(str(file))} -out unlocked.pem"
        raise Unusable(f"{file} is locked with a passphrase. Save it without one: {cure}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        cure = " It is a recovery copy: portal-key open takes it with --recovery." if b'"wrapped"' in octets else ""
        raise Unusable(f"{file}: there is no envelope key in it.{cure}") from error
    if not isinstance(key, X25519PrivateKey):
        raise Unusable(f"{file} holds a private key of another kind; an envelope key is of X25519.")
    return key


def recovered(file: Path, passphrase_file: Path | None) -> X25519PrivateKey:
    """The envelope key in a recovery copy. Raises: Unusable, NotARecoveryCopy, PassphraseWrong."""
    return recovery.unwrap(_octets(file).decode("utf-8-sig", errors="replace"), _passphrase(file, passphrase_file))


def _passphrase(file: Path, passphrase_file: Path | None) -> str:
    if passphrase_file is not None:
        first, *_others = _octets(passphrase_file).splitlines() or [b""]
        return first.decode("utf-8-sig", errors="replace")
    if not sys.stdin.isatty():
        raise Unusable(f"{file} needs its passphrase, and nobody can be asked here: --passphrase-file FILE")
    return str(click.prompt(f"Passphrase of {file}", hide_input=True, err=True))


def _octets(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(recovery.LONGEST_FILE + 1)
