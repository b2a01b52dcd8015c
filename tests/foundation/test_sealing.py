"""Secrets at rest: opened only with the same key, at the same place, unchanged."""

import base64
import re
from dataclasses import replace

import pytest

from portal.foundation.sealing import CannotUnseal, Place, Sealer, new_token, token_hash

pytestmark = pytest.mark.no_database

KEK = bytes(range(32))
HERE = Place("outbox", "sealed", "row 1", "tenant 1")
SECRET = b"the token of an invitation"


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(KEK)


def test_what_is_sealed_can_be_opened_at_its_place(sealer: Sealer):
    assert sealer.unseal(sealer.seal(SECRET, HERE), HERE) == SECRET


def test_what_is_sealed_shows_nothing_of_it(sealer: Sealer):
    sealed = sealer.seal(SECRET, HERE)

    octets = b"".join(base64.urlsafe_b64decode(part + "==") for part in sealed.split(".")[2:])
    assert SECRET not in octets
    assert SECRET.decode() not in sealed


def test_the_same_secret_is_never_sealed_alike(sealer: Sealer):
    assert sealer.seal(SECRET, HERE) != sealer.seal(SECRET, HERE)


@pytest.mark.parametrize("part", ["table", "column", "row", "tenant"])
def test_what_is_moved_elsewhere_does_not_open(part: str, sealer: Sealer):
    sealed = sealer.seal(SECRET, HERE)

    with pytest.raises(CannotUnseal):
        sealer.unseal(sealed, replace(HERE, **{part: "another"}))


def test_two_places_are_never_written_alike():
    assert Place("ab", "c", "d").as_bytes() != Place("a", "bc", "d").as_bytes()


@pytest.mark.parametrize("number", range(4))
def test_what_is_changed_does_not_open(number: int, sealer: Sealer):
    parts = sealer.seal(SECRET, HERE).split(".")
    middle = len(parts[number]) // 2
    letter = "A" if parts[number][middle] != "A" else "B"
    parts[number] = parts[number][:middle] + letter + parts[number][middle + 1 :]

    with pytest.raises(CannotUnseal):
        sealer.unseal(".".join(parts), HERE)


@pytest.mark.parametrize("sealed", ["", ".", "a.b.c.d", "s1.x.y", "s1.12345678.AAAA.AAAA", "ü.ü.ü.ü"])
def test_what_was_never_sealed_does_not_open(sealed: str, sealer: Sealer):
    with pytest.raises(CannotUnseal):
        sealer.unseal(sealed, HERE)


def test_another_key_does_not_open_it(sealer: Sealer):
    with pytest.raises(CannotUnseal):
        Sealer(bytes(32)).unseal(sealer.seal(SECRET, HERE), HERE)


def test_a_key_is_named_without_being_told(sealer: Sealer):
    assert re.fullmatch(r"[0-9a-f]{8}", sealer.key_id)
    assert sealer.key_id != Sealer(bytes(32)).key_id
    assert sealer.key_id not in KEK.hex()


def test_a_token_has_256_random_bits():
    assert re.fullmatch(r"[\w-]{43}", new_token())
    assert len({new_token() for _ in range(1000)}) == 1000


def test_a_token_is_found_by_its_hash_alone():
    token = new_token()

    assert token_hash(token) == token_hash(token)
    assert len(token_hash(token)) == 32
    assert token.encode() not in token_hash(token)
