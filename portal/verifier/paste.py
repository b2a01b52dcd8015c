"""What a shop makes of a pasted API key or private key, and the text that it would read.

The shop's connector takes a private key as PKCS#8 or PKCS#1 PEM of 2048 bits or more, and fails without a useful word
on anything else (connector-protocol.md, 1). `static/js/private-key.js` says the same in the browser, where nothing is
sent; `tests/verifier/pasting.py` holds both to the same answers.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SHORTEST_BITS = 2048
LINE = 64  # characters of base64 in a line of PEM (RFC 7468, 2)
API_KEY = re.compile(r"[0-9a-f]{32}")
BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
END = re.compile(r"-----END [A-Z0-9 ]+-----")
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
PKCS8, PKCS1 = "PRIVATE KEY", "RSA PRIVATE KEY"
LOCKED_PKCS8, LOCKED_PKCS1 = "ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"
OTHER_KEYS = {"EC PRIVATE KEY", "DSA PRIVATE KEY"}
LARGEST = 64 * 1024  # characters, or octets of a file; an RSA key of 16384 bits has 13 kB


class Finding(StrEnum):
    """One thing that a shop would stumble over."""

    API_KEY_SPACES = "api-key-spaces"
    API_KEY_CASE = "api-key-case"
    API_KEY_FORM = "api-key-form"
    NOT_A_KEY = "not-a-key"
    PUBLIC_KEY = "public-key"
    CERTIFICATE = "certificate"
    CERTIFICATE_REQUEST = "certificate-request"
    SSH_KEY = "ssh-key"
    ENCRYPTED = "encrypted"
    WRONG_PASSPHRASE = "wrong-passphrase"  # noqa: S105
    OTHER_LOCK = "other-lock"
    OTHER_FORMAT = "other-format"
    EMPTY = "empty"
    TOO_LARGE = "too-large"
    CONTAINER = "container"
    BINARY = "binary"
    ENCODING = "encoding"
    SEVERAL = "several"
    NO_BEGIN = "no-begin"
    NO_END = "no-end"
    ONE_LINE = "one-line"
    INDENTED = "indented"
    ESCAPED = "escaped"
    BROKEN = "broken"
    NOT_RSA = "not-rsa"
    TOO_SHORT = "too-short"


@dataclass(frozen=True)
class Reading:
    """What stands in the way, in the order to mend it; what a shop would read instead, or ""; the hash of the public
    half."""

    findings: tuple[Finding, ...] = ()
    repaired: str = ""
    spki_sha256: bytes | None = None


def read_api_key(text: str) -> Reading:
    """An API key as it was pasted; `repaired` is what it should have been. An empty text has no findings."""
    plain = "".join(text.split())
    if not plain:
        return Reading()
    findings = [Finding.API_KEY_SPACES] if plain != text else []
    if plain != plain.lower():
        findings.append(Finding.API_KEY_CASE)
    if not API_KEY.fullmatch(plain.lower()):
        return Reading((Finding.API_KEY_FORM,))
    return Reading(tuple(findings), plain.lower() if findings else "")


def read_private_key(text: str, of_file: tuple[Finding, ...] = ()) -> Reading:
    """A private key as it was pasted; `repaired` is the same key as a shop reads it. An empty text has no findings.

    of_file: what is to be mended about the file in which the text stood.
    """
    if not text.strip():
        return Reading()
    if len(text) > LARGEST:
        return Reading((Finding.TOO_LARGE,))
    lines = lines_of(text)
    if refused := _refused_label(lines):
        return Reading((refused,))
    octets, begun = octets_of(lines), BEGIN.search(lines) is not None
    if octets is None:
        return Reading((Finding.BROKEN if begun else Finding.NOT_A_KEY,))
    try:
        key = serialization.load_der_private_key(octets, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Reading((Finding.BROKEN if begun else Finding.NOT_A_KEY,))
    if not isinstance(key, rsa.RSAPrivateKey):
        return Reading((Finding.NOT_RSA,))
    escaped = () if "\\n" not in text and "\\r" not in text else (Finding.ESCAPED,)
    format_findings = (*of_file, *escaped, *_format(lines))
    weak = (Finding.TOO_SHORT,) if key.key_size < SHORTEST_BITS else ()
    return Reading(format_findings + weak, _pem(octets) if format_findings else "", _spki_sha256(key))


def lines_of(text: str) -> str:
    """The text with line ends as they should be, and nothing around it."""
    unescaped = text.replace("\\r", "").replace("\\n", "\n")
    return unescaped.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").strip()


def _refused_label(lines: str) -> Finding | None:
    labels = BEGIN.findall(lines)
    if len(labels) > 1:
        return Finding.SEVERAL
    label = labels[0] if labels else PKCS8
    if "PUBLIC KEY" in label or lines.startswith("ssh-"):
        return Finding.PUBLIC_KEY
    if "CERTIFICATE" in label:
        return Finding.CERTIFICATE_REQUEST if "REQUEST" in label else Finding.CERTIFICATE
    if label == LOCKED_PKCS8:
        return Finding.ENCRYPTED if _is_whole(octets_of(lines)) else Finding.BROKEN
    if LOCKED_PKCS1 in lines:
        return Finding.ENCRYPTED
    if label == "OPENSSH PRIVATE KEY":
        return Finding.SSH_KEY
    if label in OTHER_KEYS:
        return Finding.NOT_RSA
    if "PRIVATE KEY" not in label:
        return Finding.NOT_A_KEY
    return None if label in (PKCS8, PKCS1) else Finding.OTHER_FORMAT


def _is_whole(octets: bytes | None) -> bool:
    """Whether this is a sequence in DER, with nothing missing and nothing behind it."""
    if octets is None or len(octets) < 2 or octets[0] != 0x30:
        return False
    count = octets[1] & 0x7F if octets[1] & 0x80 else 0
    length = int.from_bytes(octets[2 : 2 + count]) if count else octets[1]
    return len(octets) == 2 + count + length


def octets_of(lines: str) -> bytes | None:
    """What the base64 between the BEGIN and END lines says, whether they are there or not; None for no base64."""
    begin, end = BEGIN.search(lines), END.search(lines)
    body = lines[begin.end() if begin else 0 : end.start() if end else len(lines)]
    packed = "".join(body.split())
    if not BASE64.fullmatch(packed):
        return None
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        return None


def _format(lines: str) -> list[Finding]:
    begin, end = BEGIN.search(lines), END.search(lines)
    body = lines[begin.end() if begin else 0 : end.start() if end else len(lines)].strip()
    found = [] if begin else [Finding.NO_BEGIN]
    if not end:
        found.append(Finding.NO_END)
    if "\n" not in body or (begin and _shares_line(lines, begin)) or (end and _shares_line(lines, end)):
        found.append(Finding.ONE_LINE)
    if any(line[:1] in (" ", "\t") for line in lines.split("\n")):
        found.append(Finding.INDENTED)
    return found


def _shares_line(lines: str, label: re.Match[str]) -> bool:
    before, after = lines[: label.start()].rpartition("\n")[2], lines[label.end() :].partition("\n")[0]
    return bool((before + after).strip())


def _pem(octets: bytes) -> str:
    # Both begin with a sequence and a version; in PKCS#8 an algorithm follows, which is a sequence, too.
    packed = base64.b64encode(octets).decode()
    label = PKCS1 if _is_pkcs1(octets) else PKCS8
    body = [packed[start : start + LINE] for start in range(0, len(packed), LINE)]
    return "\n".join([f"-----BEGIN {label}-----", *body, f"-----END {label}-----", ""])


def _is_pkcs1(octets: bytes) -> bool:
    length_octets = octets[1] & 0x7F if octets[1] & 0x80 else 0
    after_version = 2 + length_octets + 3
    return octets[after_version] == 0x02


def _spki_sha256(key: rsa.RSAPrivateKey) -> bytes:
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()
