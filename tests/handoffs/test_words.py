"""The words that two people compare are told apart by ear."""

import hashlib
from itertools import combinations

import pytest

from portal.handoffs.envelope import raw_public
from portal.handoffs.words import WORDS, comparison_words
from tests.handoffs.sealing import RECEIVER, SOMEBODY_ELSE

pytestmark = pytest.mark.no_database
SOUNDS = {
    letter: sound for sound, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r")) for letter in letters
}


def sound_of(word: str) -> str:
    """Soundex as the National Archives of the United States describe it: words that sound alike have the same."""
    code, last = word[0], SOUNDS.get(word[0])
    for letter in word[1:]:
        sound = SOUNDS.get(letter)
        if sound is not None and sound != last:
            code += str(sound)
        if letter not in "hw":
            last = sound
    return code[:4]


def steps_between(one: str, other: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, row = row, [number]
        for at, beside in enumerate(other, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (letter != beside)))
    return row[-1]


def test_there_is_a_word_for_every_octet():
    assert len(set(WORDS)) == 256
    assert list(WORDS) == sorted(WORDS)
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 <= len(word) <= 7 for word in WORDS)


def test_four_letters_tell_every_word():
    assert len({word[:4] for word in WORDS}) == 256


def test_no_two_words_sound_alike():
    assert len({sound_of(word) for word in WORDS}) == 256


def test_no_two_words_are_a_slip_apart():
    assert [(one, other) for one, other in combinations(WORDS, 2) if steps_between(one, other) < 3] == []


def test_a_key_has_eight_words_from_the_hash_of_its_octets():
    octets = hashlib.sha256(b"portal-envelope-words-v1" + raw_public(RECEIVER)).digest()

    assert comparison_words(raw_public(RECEIVER)) == tuple(WORDS[octet] for octet in octets[:8])


def test_words_never_change():
    assert " ".join(comparison_words(bytes(32))) == "pretzel truffle anchor potato olive mercury village orchard"


def test_two_keys_have_different_words():
    assert comparison_words(raw_public(RECEIVER)) != comparison_words(raw_public(SOMEBODY_ELSE))
