"""Looks for private material in any octets: in the forms in which somebody could have written it, whole or in part."""

import base64
from collections.abc import Iterator

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

WINDOW = 16  # octets: by chance 128 bits are nowhere
# Where in a secret the windows begin: none overlap, and a line of 64 characters ends in one of each three at most.
STEP, WINDOWS = 20, 3
MARKERS = (b"PRIVATE KEY-----", b"openssh-key-v1")


class Scanner:
    """Knows windows of every private number and file of some keys, in each form; finds them in octets."""

    def __init__(self, keys: list[rsa.RSAPrivateKey]) -> None:
        self._windows = {window for key in keys for secret in secrets_of(key) for window in _windows(secret)}

    def findings(self, octets: bytes) -> list[bytes]:
        """What was found: markers of private keys in PEM, and windows of what is secret."""
        found = [marker for marker in MARKERS if marker in octets]
        windows = self._windows
        return found + [
            octets[at : at + WINDOW] for at in range(len(octets) - WINDOW + 1) if octets[at : at + WINDOW] in windows
        ]


def secrets_of(key: rsa.RSAPrivateKey) -> list[bytes]:
    """The private exponent, both primes, what follows from them, and the part of the file that holds all these."""
    numbers = key.private_numbers()
    values = (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    # What comes before in the file is the modulus, which is public.
    private_part = der[der.index(numbers.d.to_bytes((numbers.d.bit_length() + 7) // 8, "big")) :]
    return [*(value.to_bytes((value.bit_length() + 7) // 8, "big") for value in values), private_part]


def _windows(secret: bytes) -> Iterator[bytes]:
    for form in _forms(secret):
        # From the middle on, too: whoever has half of a prime has all of it.
        for start in (0, len(form) // 2):
            for number in range(WINDOWS):
                window = form[start + number * STEP : start + number * STEP + WINDOW]
                if len(window) == WINDOW:
                    yield window


def _forms(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield secret[::-1]
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield str(int.from_bytes(secret, "big")).encode()
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + secret)[4:-4]  # without what depends on the neighbours
        yield packed
        yield packed.replace(b"+", b"-").replace(b"/", b"_")
