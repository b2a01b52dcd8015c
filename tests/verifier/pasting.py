"""Pastes as people make them, with what is found in each: command and browser are held to the same answers."""

from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates


@cache
def key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem(private: object = None, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> str:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return (private or key()).private_bytes(Encoding.PEM, form, lock).decode()


def public_pem() -> str:
    return key().public_key().public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def curve() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pkcs12() -> bytes:
    return serialize_key_and_certificates(b"shop", key(), None, None, BestAvailableEncryption(b"secret"))


def body() -> str:
    return "\n".join(pem().splitlines()[1:-1])


# name: the paste, what is found, whether it is a key that can be told from others
PASTES: dict[str, tuple[Callable[[], str], list[str], bool]] = {
    "nothing": (lambda: " \n", [], False),
    "as it was saved": (pem, [], True),
    "PKCS#1": (lambda: pem(form=PrivateFormat.TraditionalOpenSSL), [], True),
    "with the line ends of Windows": (lambda: pem().replace("\n", "\r\n"), [], True),
    "with empty lines around": (lambda: f"\n\n{pem()}\n", [], True),
    "without BEGIN": (lambda: pem().partition("\n")[2], ["no-begin"], True),
    "without END": (lambda: pem().rpartition("-----END")[0], ["no-end"], True),
    "without both": (body, ["no-begin", "no-end"], True),
    "in one line": (lambda: pem().replace("\n", ""), ["one-line"], True),
    "in one line with spaces": (lambda: pem().replace("\n", " "), ["one-line"], True),
    "BEGIN on the line of the key": (lambda: pem().replace("\n", "", 1), ["one-line"], True),
    "PKCS#1 in one line": (
        lambda: pem(form=PrivateFormat.TraditionalOpenSSL).replace("\n", " "),
        ["one-line"],
        True,
    ),
    "indented": (lambda: pem().replace("\n", "\n    "), ["indented"], True),
    "indented and without END": (
        lambda: pem().replace("\n", "\n\t").rpartition("-----END")[0],
        ["no-end", "indented"],
        True,
    ),
    "from a JSON file": (lambda: pem().strip().replace("\n", "\\n"), ["escaped"], True),
    "cut off": (lambda: pem()[:900], ["broken"], False),
    "with letters that are none": (lambda: pem().replace("\nM", "\n*", 1), ["broken"], False),
    "twice": (lambda: pem() + pem(), ["several"], False),
    "with its certificate": (lambda: pem() + pem().replace("PRIVATE KEY", "CERTIFICATE"), ["several"], False),
    "too much": (lambda: pem() + " " * 65_536, ["too-large"], False),
    "with a byte order mark": (lambda: "\ufeff" + pem(), [], True),
    "the public key": (public_pem, ["public-key"], False),
    "with a passphrase": (lambda: pem(passphrase=b"secret"), ["encrypted"], False),
    "with a passphrase, PKCS#1": (
        lambda: pem(form=PrivateFormat.TraditionalOpenSSL, passphrase=b"secret"),
        ["encrypted"],
        False,
    ),
    "with a passphrase, in one line": (lambda: pem(passphrase=b"secret").replace("\n", " "), ["encrypted"], False),
    "with a passphrase, cut off": (lambda: pem(passphrase=b"secret")[:900], ["broken"], False),
    "for SSH": (lambda: pem(form=PrivateFormat.OpenSSH), ["ssh-key"], False),
    "the public key for SSH": (lambda: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB maya@shop", ["public-key"], False),
    "of another make": (lambda: pem().replace("PRIVATE KEY", "ODD PRIVATE KEY"), ["other-format"], False),
    "an elliptic curve, as it was": (lambda: pem(curve(), PrivateFormat.TraditionalOpenSSL), ["not-rsa"], False),
    "an elliptic curve": (lambda: pem(curve()), ["not-rsa"], False),
    "too short": (lambda: pem(key(1024)), ["too-short"], True),
    "something else": (lambda: "a password", ["not-a-key"], False),
    "base64 of something else": (lambda: "aGVsbG8gd29ybGQh", ["not-a-key"], False),
    "a certificate": (lambda: pem().replace("PRIVATE KEY", "CERTIFICATE"), ["certificate"], False),
    "a certificate request": (
        lambda: pem().replace("PRIVATE KEY", "CERTIFICATE REQUEST"),
        ["certificate-request"],
        False,
    ),
}

# Files: name, octets, what is found, whether it is a key
FILES: dict[str, tuple[Callable[[], bytes], list[str], bool]] = {
    "as it was saved": (lambda: pem().encode(), [], True),
    "of Windows, with BOM": (lambda: pem().encode("utf-8-sig"), ["encoding"], True),
    "of Windows, UTF-16": (lambda: pem().replace("\n", "\r\n").encode("utf-16"), ["encoding"], True),
    "UTF-16 the other way round": (lambda: b"\xfe\xff" + pem().encode("utf-16-be"), ["encoding"], True),
    "UTF-16 without BOM": (lambda: pem().encode("utf-16-le"), ["encoding"], True),
    "UTF-16 the other way round, without BOM": (lambda: pem().encode("utf-16-be"), ["encoding"], True),
    "UTF-16 in one line": (lambda: pem().replace("\n", " ").encode("utf-16"), ["encoding", "one-line"], True),
    "UTF-16 with a passphrase": (lambda: pem(passphrase=b"secret").encode("utf-16"), ["encrypted"], False),
    "empty": (lambda: b"", ["empty"], False),
    "line ends only": (lambda: b"\r\n\r\n", ["empty"], False),
    "a byte order mark only": (lambda: b"\xff\xfe", ["empty"], False),
    "zeros": (lambda: bytes(4096), ["not-a-key"], False),
    "huge": (lambda: pem().encode() + b" " * 70_000, ["too-large"], False),
    "PKCS#12": (pkcs12, ["container"], False),
    "a Java key store": (lambda: b"\xfe\xed\xfe\xed\x00\x00\x00\x02", ["container"], False),
    "DER": (lambda: key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), ["binary"], False),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n\xff\xc0", ["not-a-key"], False),
}

API_KEYS: dict[str, tuple[str, list[str]]] = {
    "nothing": ("", []),
    "as it is shown": ("0123456789abcdef0123456789abcdef", []),
    "with a space behind": ("0123456789abcdef0123456789abcdef ", ["api-key-spaces"]),
    "broken over two lines": ("0123456789abcdef\n0123456789abcdef", ["api-key-spaces"]),
    "in capitals": ("0123456789ABCDEF0123456789abcdef", ["api-key-case"]),
    "both": (" 0123456789ABCDEF0123456789abcdef", ["api-key-spaces", "api-key-case"]),
    "too short": ("0123456789abcdef", ["api-key-form"]),
    "a private key": ("-----BEGIN PRIVATE KEY-----", ["api-key-form"]),
}
