"""What a token looks like, and what is told from its text alone."""

import re
import zlib

import pytest

from portal.foundation.database import db
from portal.tokens import operations, texts

pytestmark = pytest.mark.no_database


def test_a_token_is_a_prefix_30_random_characters_and_a_checksum():
    made = {texts.make() for _ in range(20)}

    assert len(made) == 20
    assert all(re.fullmatch(r"ppt_[0-9A-Za-z]{36}", token) for token in made)


def test_the_checksum_is_the_crc_32_of_what_stands_before_it_in_base62():
    token = texts.make()
    value = 0
    for digit in token[-6:]:
        value = value * 62 + texts.ALPHABET.index(digit)

    assert value == zlib.crc32(token[:-6].encode())


@pytest.mark.parametrize("body", ["ppt_" + "0" * 30, "ppt_" + "z" * 30])
def test_a_checksum_always_has_6_digits(body):
    assert len(texts.checksum(body)) == 6
    assert texts.is_sound(body + texts.checksum(body))


def test_a_token_with_one_other_character_is_none():
    token = texts.make()
    other = "a" if token[10] != "a" else "b"

    assert texts.is_sound(token)
    assert not texts.is_sound(token[:10] + other + token[11:])


@pytest.mark.parametrize("text", ["", "ppt_", "ppt_" + "é" * 36, "psc_" + "a" * 43, "ppt_" + "a" * 36 + "\n", "\x00"])
def test_another_text_is_none_and_the_database_is_not_asked(text, monkeypatch):
    monkeypatch.setattr(db.session, "scalars", None)

    assert operations.find(text, None) is None
