"""Passwords: which ones are good enough, and how they are kept (argon2id under a pepper)."""

import base64
import hashlib
import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.accounts.errors import PasswordGuessable, PasswordTooLong, PasswordTooShort

# security.md section 1: 15 characters without a second factor, 12 with one; argon2id with 46 MiB, one pass, one lane.
SHORTEST, SHORTEST_WITH_FACTOR, LONGEST = 15, 12, 256
MEMORY_KIB = 46 * 1024
# The least that must be left of a password when what everybody can guess is taken out of it.
LEAST_OWN_CHARACTERS, LEAST_DIFFERENT_CHARACTERS = 8, 5
COMMON_PARTS = (
    "partnerportal", "password", "passwort", "administrator", "admin", "adobecommerce", "magento", "commerce",
    "correcthorsebatterystaple", "letmein", "welcome", "iloveyou", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwerty",
    "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnop", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv", "01234567890",
    "1234567890", "0987654321", "123456789", "12345678", "123456", "thisisa", "mysecret", "changeme",
)  # fmt: skip
NONE = "!"  # stored where there is no password: nothing hashes to it


@dataclass(frozen=True)
class ChosenPassword:
    """A new password that passed the rules, as it will be stored. Made by `choose` only, and `NO_PASSWORD` beside it.

    stands_alone: long enough for a sign-in without a second factor.
    """

    hash: str
    stands_alone: bool


# Of who comes in by an identity provider. A mail to the person's address lets them choose one.
NO_PASSWORD = ChosenPassword(NONE, stands_alone=False)


class _Kiln:
    """Hashes and verifies; at most as many at once as there are cores, so that a burst cannot eat the memory."""

    def __init__(self, pepper: str, memory_kib: int) -> None:
        self._pepper = pepper.encode()
        self._hasher = PasswordHasher(time_cost=1, memory_cost=memory_kib, parallelism=1)
        self._places = BoundedSemaphore(min(os.cpu_count() or 1, 8))
        self._nobodys = self.hash("the password of nobody")

    def hash(self, password: str) -> str:
        with self._places:
            return self._hasher.hash(self._peppered(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """Takes as long for nobody (`stored` is None) as for somebody."""
        try:
            with self._places:
                self._hasher.verify(stored or self._nobodys, self._peppered(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)

    def _peppered(self, password: str) -> bytes:
        digest = hmac.digest(self._pepper, _normal(password).encode("utf-8", "surrogatepass"), hashlib.sha256)
        return base64.b64encode(digest)


_kiln: _Kiln | None = None
_memory_kib = MEMORY_KIB


def configure(pepper: str) -> None:
    """Hash under this pepper from now on. `create_app` calls it once."""
    global _kiln
    _kiln = _Kiln(pepper, _memory_kib)


def use_cheap_profile() -> None:
    """For tests, before `configure`: the least memory that argon2 allows."""
    global _memory_kib
    _memory_kib = 8


def choose(password: str, *, email: str, name: str, shortest: int = SHORTEST) -> ChosenPassword:
    """A new password for the person with this address and name, ready to be stored.

    shortest: `SHORTEST_WITH_FACTOR` for who has a second factor. Slow on purpose: call it before a transaction begins.
    Raises: PasswordTooShort, PasswordTooLong, PasswordGuessable.
    """
    if len(_normal(password)) < shortest:
        raise PasswordTooShort(shortest=shortest)
    if len(password) > LONGEST:
        raise PasswordTooLong(longest=LONGEST)
    if _is_guessable(password, (email, email.split("@")[0], name, *name.split())):
        raise PasswordGuessable()
    return ChosenPassword(_get_kiln().hash(password), stands_alone(password))


def stands_alone(password: str) -> bool:
    """Whether it is long enough for a sign-in without a second factor."""
    return len(_normal(password)) >= SHORTEST


def matches(password: str, stored: str | None) -> bool:
    """Whether this is the password; `stored` None is a person that does not exist. It takes as long, as for `NONE`."""
    too_long = len(password) > LONGEST
    return _get_kiln().matches("" if too_long else password, None if stored == NONE else stored) and not too_long


def is_outdated(stored: str) -> bool:
    """Whether it was hashed with other costs than those of today."""
    return _get_kiln().is_outdated(stored)


def nobodys() -> ChosenPassword:
    """A password that nobody knows, in place of one that must not be used any more. Slow, as `choose`."""
    return ChosenPassword(_get_kiln().hash(secrets.token_urlsafe(32)), stands_alone=True)


def rehash(password: str) -> ChosenPassword:
    """A password that is known to be right, hashed with the costs of today."""
    return ChosenPassword(_get_kiln().hash(password), stands_alone(password))


def _get_kiln() -> _Kiln:
    if _kiln is None:
        raise RuntimeError("passwords.configure() was not called")
    return _kiln


def _normal(password: str) -> str:
    # NIST SP 800-63B-4, 3.1.1.2: the same characters typed on another keyboard must give the same octets.
    return unicodedata.normalize("NFKC", password)


def _is_guessable(password: str, own: tuple[str, ...]) -> bool:
    rest = _letters(password)
    if len(set(rest)) < LEAST_DIFFERENT_CHARACTERS:
        return True
    for part in sorted({*map(_letters, own), *COMMON_PARTS}, key=len, reverse=True):
        if len(part) >= 3:
            rest = rest.replace(part, "")
    return len(rest) < LEAST_OWN_CHARACTERS


def _letters(text: str) -> str:
    return "".join(character for character in _normal(text).casefold() if not character.isspace())
