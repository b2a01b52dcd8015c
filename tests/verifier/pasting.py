"""Pastes as people make them, with what is found in each: command and browser are held to the same answers."""

from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat


@cache
def key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem(private: object = None, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> str:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return (private or key()).private_bytes(Encoding.PEM, form, lock).decode()


def public_pem() -> str:
    return key().public_key().public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


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
    "the public key": (public_pem, ["public-key"], False),
    "with a passphrase": (lambda: pem(passphrase=b"secret"), ["encrypted"], False),
    "with a passphrase, PKCS#1": (
        lambda: pem(form=PrivateFormat.TraditionalOpenSSL, passphrase=b"secret"),
        ["encrypted"],
        False,
    ),
    "for SSH": (lambda: pem(form=PrivateFormat.OpenSSH), ["other-format"], False),
    "an elliptic curve": (lambda: pem(ec.generate_private_key(ec.SECP256R1())), ["not-rsa"], False),
    "too short": (lambda: pem(key(1024)), ["too-short"], True),
    "something else": (lambda: "a password", ["not-a-key"], False),
    "base64 of something else": (lambda: "aGVsbG8gd29ybGQh", ["not-a-key"], False),
    "a certificate": (lambda: pem().replace("PRIVATE KEY", "CERTIFICATE"), ["not-a-key"], False),
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
