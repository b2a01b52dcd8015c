"""Key material: reading a public key that somebody gave, refusing weak ones, and making a pair on the server."""

import hashlib
import math
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.keys.errors import (
    NotAPublicKey,
    NotRsa,
    PrivateKeyPasted,
    RocaModulus,
    SeveralKeys,
    WeakModulus,
    WrongExponent,
    WrongSize,
)

# Design rule 4.
SHORTEST_BITS, LONGEST_BITS, DEFAULT_BITS = 2048, 4096, 3072
EXPONENT = 65537
PEM_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
SMALL_PRIMES = 2000
# Fermat's method finds primes that differ by less than about 2 · N^(1/4) in a few steps (CVE-2022-26320).
FERMAT_STEPS = 100
# The primes 2 to 167, as the published test has them. Keys of 2048 bits and more bear the mark modulo further primes,
# too, but these tell enough.
ROCA_PRIMES = 39


@dataclass(frozen=True)
class PublicHalf:
    """An RSA public key as the portal keeps it: SubjectPublicKeyInfo in DER, its SHA-256, its size."""

    spki: bytes
    bits: int

    @property
    def spki_sha256(self) -> bytes:
        return hashlib.sha256(self.spki).digest()

    @classmethod
    def of(cls, spki: bytes) -> "PublicHalf":
        """The public half that was stored as `spki`, checked anew."""
        return public_half(serialization.load_der_public_key(spki))


def read_public_pem(text: str) -> PublicHalf:
    """The public key in `text`, one PEM block.

    Raises: NotAPublicKey, SeveralKeys, PrivateKeyPasted, NotRsa, WrongSize, WrongExponent, WeakModulus,
    RocaModulus.
    """
    labels = PEM_LABEL.findall(text)
    if any("PRIVATE KEY" in label for label in labels):
        raise PrivateKeyPasted(spki_sha256=public_hash_of_private(text))
    if len(labels) > 1:
        raise SeveralKeys()
    if labels != ["PUBLIC KEY"]:
        raise NotAPublicKey()
    try:
        key = serialization.load_pem_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAPublicKey() from error
    return public_half(key)


def public_half(key: object) -> PublicHalf:
    """A public key in the portal's form, after the checks.

    Raises: NotRsa, WrongSize, WrongExponent, WeakModulus, RocaModulus.
    """
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotRsa()
    numbers = key.public_numbers()
    if not SHORTEST_BITS <= key.key_size <= LONGEST_BITS:
        raise WrongSize(bits=key.key_size, shortest=SHORTEST_BITS, longest=LONGEST_BITS)
    if numbers.e != EXPONENT:
        raise WrongExponent()
    if _has_small_factor(numbers.n) or _has_close_primes(numbers.n):
        raise WeakModulus()
    if _is_from_roca(numbers.n):
        raise RocaModulus()
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicHalf(spki, key.key_size)


def generate() -> tuple[PublicHalf, bytes]:
    """A new pair of 3072 bits: its public half, and the private key as PKCS#8 PEM. Takes a fifth of a second."""
    private = rsa.generate_private_key(EXPONENT, DEFAULT_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return public_half(private.public_key()), pem


def public_pem(spki: bytes) -> str:
    """A stored public key as PEM, for people."""
    key = serialization.load_der_public_key(spki)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def public_hash_of_private(text: str) -> bytes | None:
    """SHA-256 of the public half of the first private key in `text`, or None when it cannot be read."""
    start = text.index("-----BEGIN")
    try:
        private = serialization.load_pem_private_key(text[start:].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).digest()


def _small_primes() -> list[int]:
    sieve = bytearray([1]) * SMALL_PRIMES
    for number in range(2, math.isqrt(SMALL_PRIMES) + 1):
        sieve[number * number :: number] = bytes(len(sieve[number * number :: number]))
    return [number for number in range(2, SMALL_PRIMES) if sieve[number]]


def _powers(prime: int) -> frozenset[int]:
    """The residues modulo `prime` that are powers of 65537."""
    power, found = 1, set()
    while power not in found:
        found.add(power)
        power = power * EXPONENT % prime
    return frozenset(found)


PRODUCT_OF_SMALL_PRIMES = math.prod(_small_primes())
ROCA_RESIDUES = {prime: _powers(prime) for prime in _small_primes()[:ROCA_PRIMES]}


def _has_small_factor(modulus: int) -> bool:
    return math.gcd(modulus, PRODUCT_OF_SMALL_PRIMES) != 1


def _has_close_primes(modulus: int) -> bool:
    middle = math.isqrt(modulus) + 1
    for step in range(FERMAT_STEPS):
        square = (middle + step) ** 2 - modulus
        if math.isqrt(square) ** 2 == square:
            return True
    return False


def _is_from_roca(modulus: int) -> bool:
    """Whether the modulus bears the mark of Infineon's RSA library (ROCA, CVE-2017-15361).

    The library's primes are k · M + (65537^a mod M) with M the product of the first primes, so modulo each of these
    the modulus is a power of 65537 (Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack", ACM CCS
    2017, sections 2.1 and 2.2, doi 10.1145/3133956.3133969; the primes are those of the authors' tool,
    crocs-muni/roca). An ordinary modulus does so by chance once in 238,878,720.
    """
    return all(modulus % prime in residues for prime, residues in ROCA_RESIDUES.items())
