"""Many RSA keys in little time: finding primes takes long, so each stands in many keys, and no two keys are one."""

import math
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa

from portal.keys.material import EXPONENT


def many_keys(bits: int = 2048) -> Iterator[rsa.RSAPrivateKey]:
    """One key after the other, without end. Not for a test of what is weak: keys share their primes."""
    primes: list[int] = []
    while True:
        numbers = rsa.generate_private_key(EXPONENT, bits).private_numbers()
        for prime in (numbers.p, numbers.q):
            yield from (key_of(prime, other) for other in primes)
            primes.append(prime)


def key_of(p: int, q: int) -> rsa.RSAPrivateKey:
    """The key with these primes."""
    d = pow(EXPONENT, -1, math.lcm(p - 1, q - 1))
    further = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    numbers = rsa.RSAPrivateNumbers(p, q, d, *further, rsa.RSAPublicNumbers(EXPONENT, p * q))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
