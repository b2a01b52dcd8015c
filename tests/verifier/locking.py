"""Locked private keys as OpenSSL's own command line makes them."""

import base64
import subprocess
from dataclasses import dataclass
from functools import cache

from tests.verifier.pasting import PrivateFormat, pem

PASSPHRASE = "päss phrase 金"
TO_PKCS8 = ("pkcs8", "-topk8")


@dataclass(frozen=True)
class Lock:
    """How a file was locked, and whether Chromium's WebCrypto opens it."""

    openssl: tuple[str, ...]
    in_browser: bool = True


LOCKS = {
    "AES-256": Lock((*TO_PKCS8, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256")),
    "AES-256, SHA-1": Lock((*TO_PKCS8, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1")),
    "AES-256, SHA-384": Lock((*TO_PKCS8, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384")),
    "AES-256, SHA-512": Lock((*TO_PKCS8, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512")),
    "AES-128": Lock((*TO_PKCS8, "-v2", "aes-128-cbc")),
    # Chromium's WebCrypto knows no AES of 192 bits; Firefox's does.
    "AES-192": Lock((*TO_PKCS8, "-v2", "aes-192-cbc"), in_browser=False),
    "SHA-224": Lock((*TO_PKCS8, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA224"), in_browser=False),
    "3DES": Lock((*TO_PKCS8, "-v2", "des3"), in_browser=False),
    "scrypt": Lock((*TO_PKCS8, "-scrypt"), in_browser=False),
    "PBES1": Lock((*TO_PKCS8, "-v1", "PBE-SHA1-3DES"), in_browser=False),
    "traditional": Lock(("rsa", "-traditional", "-aes256"), in_browser=False),
}


@cache
def locked(name: str) -> str:
    """The key of `pasting.pem`, locked by OpenSSL with `PASSPHRASE`."""
    return openssl(*LOCKS[name].openssl, "-passout", f"pass:{PASSPHRASE}", given=pem())


@cache
def slow_lock() -> str:
    """A file that says that its passphrase was turned round 2,147,483,647 times."""
    made = openssl(*TO_PKCS8, "-v2", "aes-256-cbc", "-iter", "8388608", "-passout", "pass:secret", given=pem())
    octets = base64.b64decode("".join(made.splitlines()[1:-1]))
    more = octets.replace(b"\x02\x04\x00\x80\x00\x00", b"\x02\x04\x7f\xff\xff\xff")
    assert more != octets
    packed = base64.encodebytes(more).decode()
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{packed}-----END ENCRYPTED PRIVATE KEY-----\n"


@cache
def made_by_openssl() -> str:
    """A private key of OpenSSL's own making."""
    return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072")


def as_pkcs1() -> str:
    """The key of `pasting.pem`, as OpenSSL writes it in the older form."""
    made = openssl("rsa", "-traditional", given=pem())
    assert made == pem(form=PrivateFormat.TraditionalOpenSSL)
    return made


def openssl(*words: str, given: str = "") -> str:
    ended = subprocess.run(["openssl", *words], input=given, capture_output=True, text=True, check=True)
    return ended.stdout
