"""Private key files as they lie on a disk, and locked ones. `static/js/private-key.js` reads files alike."""

import codecs
from dataclasses import replace

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from portal.verifier.paste import BEGIN, LARGEST, LOCKED_PKCS8, Finding, Reading, lines_of, octets_of, read_private_key

# Java's key stores: JKS and JCEKS.
KEY_STORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
PKCS12_VERSION = b"\x02\x01\x03"  # RFC 7292, 4
PBKDF2 = bytes.fromhex("2a864886f70d01050c")
MOST_ROUNDS = 20_000_000  # some seconds; OpenSSL's own default is 2048
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class CannotOpen(Exception):
    """A locked private key stays locked; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


def read_key_file(octets: bytes) -> Reading:
    """What a shop makes of a file with these octets, as `read_private_key` says it of a text."""
    if len(octets) > LARGEST:
        return Reading((Finding.TOO_LARGE,))
    if not octets.strip():
        return Reading((Finding.EMPTY,))
    if binary := _binary(octets):
        return Reading((binary,))
    plain = _encoding(octets) == (b"", "utf-8")
    reading = read_private_key(text_of(octets), () if plain else (Finding.ENCODING,))
    return reading if reading.findings or reading.spki_sha256 else Reading((Finding.EMPTY,))


def text_of(octets: bytes) -> str:
    """What the file says, be it UTF-8 or, as Windows writes it, UTF-16."""
    mark, encoding = _encoding(octets)
    return octets[len(mark) :].decode(encoding, errors="replace")


def read_opened(text: str, passphrase: bytes) -> Reading:
    """What a shop makes of a locked private key: the lock stays a finding, `repaired` is the key without it."""
    try:
        opened = open_locked(text, passphrase)
    except CannotOpen as reason:
        return Reading((reason.finding,))
    reading = read_private_key(opened)
    repaired = opened if reading.spki_sha256 else ""
    return replace(reading, findings=(Finding.ENCRYPTED, *reading.findings), repaired=repaired)


def open_locked(text: str, passphrase: bytes) -> str:
    """The locked private key in `text`, opened, as PKCS#8 PEM. Raises: CannotOpen."""
    lines = lines_of(text)
    begin, octets = BEGIN.search(lines), octets_of(lines)
    if octets and _rounds(octets) > MOST_ROUNDS:
        raise CannotOpen(Finding.OTHER_LOCK)
    try:
        if begin and begin[1] == LOCKED_PKCS8 and octets:
            key = serialization.load_der_private_key(octets, passphrase)
        else:
            key = serialization.load_pem_private_key(lines.encode(), passphrase)
    except UnsupportedAlgorithm as error:
        raise CannotOpen(Finding.OTHER_LOCK) from error
    except (ValueError, TypeError) as error:
        raise CannotOpen(Finding.WRONG_PASSPHRASE) from error
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def _encoding(octets: bytes) -> tuple[bytes, str]:
    """The mark at the beginning of a text, and how the text is written."""
    for mark, encoding in MARKS:
        if octets.startswith(mark):
            return mark, encoding
    if octets[1:2] == b"\0":
        return b"", "utf-16-le"
    return b"", "utf-16-be" if octets[:1] == b"\0" else "utf-8"


def _binary(octets: bytes) -> Finding | None:
    """Files of other kinds, which are no text. A sequence in DER or BER begins with 0x30 and, here, a long length."""
    if octets.startswith(KEY_STORES):
        return Finding.CONTAINER
    if len(octets) < 2 or octets[0] != 0x30 or octets[1] < 0x80:
        return None
    start = 2 + (octets[1] & 0x7F)
    return Finding.CONTAINER if octets[start : start + 3] == PKCS12_VERSION else Finding.BINARY


def _rounds(octets: bytes) -> int:
    """How often PBKDF2 turns the passphrase round: the number behind its name and its salt (RFC 8018, A.2); else 0."""
    _before, _name, parameters = octets.partition(PBKDF2)
    if parameters[2:3] != b"\x04":
        return 0
    number = parameters[4 + parameters[3] :] if len(parameters) > 3 else b""
    return int.from_bytes(number[2 : 2 + number[1]]) if number[:1] == b"\x02" and len(number) > 1 else 0
