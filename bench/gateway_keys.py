"""Many RSA keys in little time, and tokens signed with them; kept in var/bench, for they take minutes to make.

A key is the product of two primes out of a pool: 1,500 primes give more than a million keys that differ, all genuine to
whoever verifies. Anybody who has two of them could work out the private halves; they are for measuring only.

Tokens end at one fixed moment, so that they can be kept too: what verifies them has its clock set (`clock`).
"""

import base64
import hashlib
import itertools
import json
import math
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

FOLDER = Path(__file__).resolve().parent.parent / "var" / "bench"
EXPONENT = 65537
BEGAN = 1_790_000_000  # when the clock of the measured ones begins, again and again
ENDS_AT = BEGAN + 300
TURN_SECONDS = 240
AUDIENCE = "https://ims.example.com/c/0123456789abcdef0123456789abcdef"
MARKS = {f"https://ims.example.com/s/{name}": True for name in ("ent_magento", "ent_saas", "meta_one", "meta_two")}
TOKENS = 24_000
CALLERS = 1_000  # as many as the smallest size has keys, so that sizes differ in nothing else

Token = tuple[int, str]  # the key's number, and the token


def clock(seconds: Any = time.time) -> float:
    """A time in which the tokens are good: four minutes, over and over."""
    return BEGAN + seconds() % TURN_SECONDS


def api_key(number: int) -> str:
    """The API key of the key pair with this number."""
    return hashlib.sha256(f"bench {number}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Pool:
    """Primes that any two make a key; key pairs are numbered so that the first primes make the first pairs."""

    bits: int
    primes: list[int]

    @cached_property
    def _frame(self) -> tuple[bytes, bytes]:
        """What stands before and after the modulus in the DER of a public key."""
        modulus = self.primes[0] * self.primes[1]
        der = _public(modulus).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        before, _modulus, after = der.partition(modulus.to_bytes(self.bits // 8, "big"))
        return before, after

    def spki(self, number: int) -> bytes:
        """The public half of a pair, in DER."""
        first, second = self._two(number)
        before, after = self._frame
        return before + (first * second).to_bytes(self.bits // 8, "big") + after

    def private(self, number: int) -> rsa.RSAPrivateKey:
        """The private half."""
        p, q = self._two(number)
        d = pow(EXPONENT, -1, (p - 1) * (q - 1))
        parts = rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(EXPONENT, p * q)
        )
        return parts.private_key(unsafe_skip_rsa_key_validation=True)

    def _two(self, number: int) -> tuple[int, int]:
        second = (1 + math.isqrt(1 + 8 * number)) // 2
        return self.primes[number - second * (second - 1) // 2], self.primes[second]


def pool(keys: int, bits: int) -> Pool:
    """A pool for that many keys; makes the primes that var/bench lacks."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"primes-{bits}.json"
    primes = json.loads(file.read_text()) if file.exists() else []
    missing = (3 + math.isqrt(1 + 8 * keys)) // 2 - len(primes)
    if missing > 0:
        primes += itertools.chain.from_iterable(_in_threads(lambda _: _primes(bits), range((missing + 1) // 2)))
        _write(file, primes)
    return Pool(bits, primes)


def tokens(of: Pool, keys: int, number: int = TOKENS, callers: int = CALLERS) -> list[Token]:
    """That many tokens, all different, signed by as many of the first `keys` pairs as `callers` says."""
    file = FOLDER / f"tokens-{of.bits}-{keys}-{number}-{callers}.json"
    if not file.exists():
        chosen = random.Random(keys).sample(range(keys), min(callers, keys))  # noqa: S311 - the same at every start
        shares = [(caller, range(place, number, len(chosen))) for place, caller in enumerate(chosen)]
        signed = _in_threads(lambda share: list(_signed(of, *share)), shares)
        _write(file, [token for _number, token in sorted(itertools.chain.from_iterable(signed))])
    return [(caller, token) for caller, token in json.loads(file.read_text())]


def _primes(bits: int) -> tuple[int, int]:
    numbers = rsa.generate_private_key(EXPONENT, bits).private_numbers()
    return numbers.p, numbers.q


def _signed(of: Pool, caller: int, serials: range) -> Iterator[tuple[int, Token]]:
    """Tokens of one key as a stock shop's, with `sub` to tell them apart."""
    private = of.private(caller)
    for serial in serials:
        issuer = f"{serial:024X}"
        claims = {"exp": ENDS_AT, "iss": f"{issuer}@ExampleOrg", "sub": f"{issuer}@TechAcct", "aud": AUDIENCE}
        message = f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(claims | MARKS)}"
        signature = private.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        yield serial, (caller, f"{message}.{_encoded(signature)}")


def _in_threads(work: Any, items: Any) -> list[Any]:
    """Making keys and signing leave the interpreter to others meanwhile."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, items))


def _public(modulus: int) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(EXPONENT, modulus).public_key()


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _write(file: Path, value: Any) -> None:
    """All of it or nothing, should somebody lose patience."""
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(value))
    new.replace(file)
