"""Public keys that must not come into service, and how each is refused."""

import math
import random
from collections.abc import Callable, Iterator
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.foundation.errors import PortalError
from portal.keys.errors import RocaModulus, WeakModulus, WrongExponent, WrongSize
from tests.factories import a_private_key

# By bits of the modulus, of how many primes M is the product in keys of that size (Nemec et al. 2017, table 1).
PRIMES_IN_M = {2048: 126, 3072: 126, 4096: 225}


def pem(key: object) -> str:
    return key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def a_public_key(modulus: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def unusual_exponent() -> rsa.RSAPublicKey:
    return a_public_key(a_private_key().public_key().public_numbers().n, exponent=3)


def small_factor() -> rsa.RSAPublicKey:
    return a_public_key(1999 * (2**2047 // 1999 | 1))


def close_primes() -> rsa.RSAPublicKey:
    prime = a_private_key().private_numbers().p
    return a_public_key(prime * next(prime + step for step in range(2, 4000, 2) if is_prime(prime + step)))


@cache
def roca_modulus(bits: int = 2048) -> int:
    """As Infineon's library made them: both primes are k · M + (65537^a mod M). The same for the same size."""
    chance = random.Random(bits)  # noqa: S311 - made to be weak
    product = math.prod(first_primes(PRIMES_IN_M[bits]))
    return roca_prime(chance, product, bits // 2) * roca_prime(chance, product, bits // 2)


def roca_prime(chance: random.Random, product: int, bits: int) -> int:
    """One that begins with two bits set, so that the product of two has all its bits."""
    while True:
        factor = chance.randrange(3 * 2 ** (bits - 2) // product + 1, 2**bits // product)
        candidate = factor * product + pow(65537, chance.getrandbits(256), product)
        if is_prime(candidate):
            return candidate


def is_prime(number: int) -> bool:
    return pow(2, number - 1, number) == 1


def first_primes(count: int) -> list[int]:
    def all_primes() -> Iterator[int]:
        number = 2
        while True:
            if all(number % divisor for divisor in range(2, math.isqrt(number) + 1)):
                yield number
            number += 1

    return [prime for prime, _count in zip(all_primes(), range(count), strict=False)]


WEAK: dict[str, tuple[Callable[[], rsa.RSAPublicKey], type[PortalError]]] = {
    "too short": (lambda: a_public_key((1 << 1024) - 1), WrongSize),
    "too long": (lambda: a_public_key((1 << 4104) - 1), WrongSize),
    "unusual exponent": (unusual_exponent, WrongExponent),
    "small factor": (small_factor, WeakModulus),
    "close primes": (close_primes, WeakModulus),
    "ROCA": (lambda: a_public_key(roca_modulus()), RocaModulus),
}
