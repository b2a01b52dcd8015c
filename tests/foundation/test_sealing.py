"""Secrets at rest: opened only with the same key, at the same place, unchanged."""

import base64
import re
from dataclasses import replace

import pytest

from portal.foundation.sealing import CannotUnseal, Place, Sealer, key_id_in, new_token, token_hash

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


def test_a_ring_opens_what_is_sealed_under_any_of_its_keys(sealer: Sealer):
    other, third = Sealer(bytes(32)), Sealer(bytes(range(1, 33)))
    ring = Sealer(KEK, [bytes(32), bytes(range(1, 33))])

    assert [ring.unseal(each.seal(SECRET, HERE), HERE) for each in (sealer, other, third)] == [SECRET] * 3
    assert ring.key_ids == {sealer.key_id, other.key_id, third.key_id}


def test_a_ring_seals_under_its_first_key_alone(sealer: Sealer):
    sealed = Sealer(KEK, [bytes(32)]).seal(SECRET, HERE)

    assert key_id_in(sealed) == sealer.key_id
    assert sealer.unseal(sealed, HERE) == SECRET


def test_an_unknown_key_is_named(sealer: Sealer):
    sealed = Sealer(bytes(32)).seal(SECRET, HERE)

    with pytest.raises(CannotUnseal, match=f"outbox.sealed is sealed under the key-encryption key {key_id_in(sealed)}"):
        sealer.unseal(sealed, HERE)


def test_a_value_relabelled_with_a_known_key_does_not_open(sealer: Sealer):
    sealed = Sealer(bytes(32)).seal(SECRET, HERE)

    with pytest.raises(CannotUnseal, match="does not open"):
        sealer.unseal(sealed.replace(key_id_in(sealed) or "", sealer.key_id), HERE)


def test_what_is_sealed_anew_needs_the_old_key_no_more(sealer: Sealer):
    old = Sealer(bytes(32)).seal(SECRET, HERE)

    anew = Sealer(KEK, [bytes(32)]).seal_anew(old, HERE)

    assert sealer.unseal(anew, HERE) == SECRET
    assert not set(anew.split(".")[1:]) & set(old.split(".")[1:])


def test_only_what_opens_at_its_place_is_sealed_anew(sealer: Sealer):
    with pytest.raises(CannotUnseal):
        sealer.seal_anew(sealer.seal(SECRET, HERE), replace(HERE, row="another"))


@pytest.mark.parametrize(
    "text", ["", "s1.12345678", "s2.12345678.AAAA.AAAA", "s1.1234567.AAAA.AAAA", "s1.1234567G.A.A"]
)
def test_what_is_no_sealed_value_names_no_key(text: str):
    assert key_id_in(text) is None


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
