"""Private keys in files: read as they are, written for their holder only and over nothing."""

import os
from contextlib import suppress
from pathlib import Path

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import unlocking
from portal.cli.holder.cures import CURES
from portal.verifier.key_files import read_key_file, read_opened, text_of
from portal.verifier.paste import LARGEST, Finding, Reading

BITS, EXPONENT = 3072, 65537


class Unusable(Exception):
    """The file holds no private key that can be used; the text says why, and the cure."""


def read(file: Path) -> tuple[Reading, str]:
    """What a shop makes of the file, and what it says; a locked one is opened where there is a passphrase."""
    with file.open("rb") as opened:
        octets = opened.read(LARGEST + 1)
    reading, text = read_key_file(octets), text_of(octets)
    if reading.findings == (Finding.ENCRYPTED,) and (passphrase := unlocking.passphrase_of(file)) is not None:
        reading = read_opened(text, passphrase)
    return reading, text


def loaded(reading: Reading, text: str) -> rsa.RSAPrivateKey:
    """The private key that was read in `text`, which a shop can read or that can be mended."""
    key = serialization.load_pem_private_key((reading.repaired or text).encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - `read_private_key` reads nothing else
    return key


def private_key(file: Path) -> rsa.RSAPrivateKey:
    """The private key in a file, also where its text has to be mended for a shop. Raises: Unusable."""
    reading, text = read(file)
    if reading.spki_sha256 is None:
        raise Unusable(" ".join([f"{file}:", *(CURES[finding] for finding in reading.findings)]))
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
