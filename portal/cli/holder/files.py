"""Private keys in files: read as they are, written for their holder only and over nothing."""

import os
from contextlib import suppress
from pathlib import Path

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder.cures import CURES
from portal.verifier.paste import Finding, Reading, read_private_key

LONGEST_FILE = 64 * 1024
BITS, EXPONENT = 3072, 65537


class Unusable(Exception):
    """The file holds no private key that can be used; the text says why, and the cure."""


def text_of(file: Path) -> str:
    """What the file says, at most its first 64 kB."""
    with file.open("rb") as opened:
        return opened.read(LONGEST_FILE).decode(errors="replace")


def loaded(reading: Reading, text: str) -> rsa.RSAPrivateKey:
    """The private key that was read in `text`, which a shop can read or that can be mended."""
    key = serialization.load_pem_private_key((reading.repaired or text).encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - `read_private_key` reads nothing else
    return key


def private_key(file: Path) -> rsa.RSAPrivateKey:
    """The private key in a file, also where its text has to be mended for a shop. Raises: Unusable."""
    text = text_of(file)
    reading = read_private_key(text)
    if reading.spki_sha256 is None:
        findings = reading.findings or (Finding.NOT_A_KEY,)
        raise Unusable(" ".join([f"{file}:", *(CURES[finding] for finding in findings)]))
    return loaded(reading, text)


def new_key() -> tuple[rsa.RSAPrivateKey, str]:
    """A new private key of 3072 bits, and its text as PKCS#8 PEM."""
    key = rsa.generate_private_key(EXPONENT, BITS)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key, key.private_bytes(*form).decode()


def save(path: Path, pem: str) -> None:
    """Write a private key for its holder only, and return when the disk has it. Raises: ClickException."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{path} exists already; nothing was written.") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(opened, "w") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
