"""What was worked out before and is kept for the next call: signatures that fitted, and public keys ready for use."""

from typing import Generic, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

MOST_TOKENS = 20_000  # about 1 kB each
# A longer token is looked into each time: whoever has a key could fill the memory with them.
LONGEST_KEPT = 2048
MOST_KEYS = 20_000  # about 2 kB each

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A bounded memory: of twice `most` entries at most, those used or put longest ago are forgotten, half at a time.

    Safe for threads: an entry may be forgotten early, and is never wrong.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        """What was put under this key, or None."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Keep this."""
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        self._young[key] = value


class Fitted(NamedTuple):
    """A token whose signature fitted this key, and when it ends. Whether key and time still allow it is asked anew."""

    api_key: str
    spki: bytes
    ends_at: float


class PublicKeys:
    """Public keys ready for use, of the pairs that call."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self._kept: Kept[bytes, RSAPublicKey] = Kept(most)

    def of(self, spki: bytes) -> RSAPublicKey:
        """The public key in this DER. Raises: ValueError when it is none."""
        public_key = self._kept.get(spki)
        if public_key is None:
            public_key = _loaded(spki)
            self._kept.put(spki, public_key)
        return public_key


def _loaded(spki: bytes) -> RSAPublicKey:
    public_key = load_der_public_key(spki)
    if not isinstance(public_key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return public_key
