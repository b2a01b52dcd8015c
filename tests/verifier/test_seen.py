"""What is kept for the next call: bounded, never wrong, whoever asks at once."""

import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.verifier.seen import Kept, PublicKeys
from tests.verifier.world import DELEGATED, OWN, private_of, spki_of

pytestmark = pytest.mark.no_database

MILLION = 1_000_000


def test_what_was_put_is_kept():
    kept: Kept[str, int] = Kept(10)

    kept.put("a", 1)

    assert (kept.get("a"), kept.get("b")) == (1, None)


def test_a_million_entries_are_never_more_than_twice_the_most():
    kept: Kept[int, int] = Kept(1000)
    lengths = set()

    for number in range(MILLION):
        kept.put(number, number)
        lengths.add(len(kept))

    assert max(lengths) == 2000


def test_what_is_used_is_kept_whatever_comes():
    kept: Kept[int, int] = Kept(1000)
    kept.put(-1, 7)

    for number in range(100_000):
        kept.put(number, number)
        if number % 900 == 0:
            assert kept.get(-1) == 7


def test_what_is_not_used_is_forgotten():
    kept: Kept[int, int] = Kept(1000)
    kept.put(-1, 7)

    for number in range(2000):
        kept.put(number, number)

    assert kept.get(-1) is None


def test_threads_find_what_they_look_for_or_nothing():
    kept: Kept[int, int] = Kept(100)
    wrong: list[tuple[int, int]] = []

    def work(first: int) -> None:
        for number in range(first, first + 100_000):
            asked = number % 1000
            found = kept.get(asked)
            if found is None:
                kept.put(asked, -asked)
            elif found != -asked:
                wrong.append((asked, found))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(kept) <= 200 + len(threads)


def test_a_public_key_is_made_ready_once():
    public_keys = PublicKeys()

    assert public_keys.of(spki_of(OWN)) is public_keys.of(spki_of(OWN))
    assert public_keys.of(spki_of(DELEGATED)) is not public_keys.of(spki_of(OWN))


def test_a_public_key_is_the_one_of_its_der():
    assert PublicKeys().of(spki_of(OWN)).public_numbers() == private_of(OWN).public_key().public_numbers()


ED25519 = ed25519.Ed25519PrivateKey.generate().public_key()
ANOTHER_KIND = ED25519.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("spki", [b"", b"no key", ANOTHER_KIND], ids=["nothing", "no key", "another kind"])
def test_what_is_no_rsa_key_is_refused(spki: bytes):
    with pytest.raises(ValueError, match="key"):
        PublicKeys().of(spki)
