"""What a name and a text may hold (design rule 19)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.words import (
    BIDI_CONTROLS,
    LONGEST_NAME,
    LONGEST_TEXT,
    NameChangesDirection,
    NameEmpty,
    NameHasControls,
    NameHasType,
    NameInvisible,
    NameTooLong,
    TextHasControls,
    TextTooLong,
    clean_connector_name,
    clean_name,
    clean_text,
    same_name,
)

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "name", ["Shop", "店鋪 🛒 𠮷", "Åland & Søn", "x" * LONGEST_NAME, "𠮷" * LONGEST_NAME, "%s {0} <b>"]
)
def test_a_name_of_any_letters_stays_as_it_is(name: str):
    assert clean_name(name) == name


@pytest.mark.parametrize("around", ["  Shop ", "\tShop\n", "\u3000Shop\u00a0"])
def test_a_name_is_trimmed(around: str):
    assert clean_name(around) == "Shop"


def test_a_name_is_kept_in_one_form():
    assert clean_name("Cafe\u0301") == "Caf\u00e9"


@pytest.mark.parametrize("nothing", ["", " ", "\t\n", "\u3000"])
def test_a_name_is_never_empty(nothing: str):
    with pytest.raises(NameEmpty):
        clean_name(nothing)


def test_a_name_has_at_most_255_characters():
    with pytest.raises(NameTooLong) as refusal:
        clean_name("𠮷" * 256)

    assert refusal.value.facts == {"longest": 255, "length": 256}


@pytest.mark.parametrize("control", ["\x00", "\x07", "\n", "\x1b", "\x7f", "\x9b", "\u2028", "\u2029", "\ud800"])
def test_a_name_holds_no_controls_inside(control: str):
    with pytest.raises(NameHasControls):
        clean_name(f"a{control}b")


@pytest.mark.parametrize("mark", sorted(BIDI_CONTROLS), ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_name_holds_no_marks_that_change_the_direction(mark: str):
    with pytest.raises(NameChangesDirection):
        clean_name(f"a{mark}b")


def test_the_marks_are_those_of_unicode():
    """UAX #9: every character of the bidirectional explicit, isolate and mark classes."""
    classes = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    by_class = {chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in classes}

    assert by_class | {"\u200e", "\u200f", "\u061c"} == BIDI_CONTROLS


@pytest.mark.parametrize("name", ["Shop [Type: production]", "[type:x", "[TYPE:"])
def test_a_connector_name_holds_no_type(name: str):
    with pytest.raises(NameHasType):
        clean_connector_name(name)


def test_a_connector_name_may_hold_brackets():
    assert clean_connector_name("Shop [Asia]") == "Shop [Asia]"


@pytest.mark.parametrize(("one", "other"), [("Shop", "SHOP"), ("ＳＨＯＰ", "shop"), ("Straße", "STRASSE"), ("ﬁ", "fi")])
def test_names_that_people_call_the_same_are_the_same(one: str, other: str):
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize("undrawn", ["\u200b", "\u2060", "\u00ad", "\u3164", "\u200d"])
def test_what_is_not_drawn_makes_no_other_name(undrawn: str):
    assert same_name(f"Sh{undrawn}op") == same_name("Shop")


@pytest.mark.parametrize("name", ["\u200b", "\u2060\u00ad", "\u3164", "\u2800 \u2800", "\u0301"])
def test_a_name_of_which_nothing_can_be_seen_is_refused(name: str):
    with pytest.raises(NameInvisible):
        clean_name(name)


@pytest.mark.parametrize("name", ["7", "★", "👩‍💻", "商店", "é", "…"])
def test_a_name_may_be_any_single_thing_that_can_be_seen(name: str):
    assert clean_name(name) == name


def test_names_that_differ_are_not_the_same():
    assert same_name("Shop 1") != same_name("Shop 2")


@given(st.text(max_size=300))
def test_a_clean_name_is_clean_already(text: str):
    try:
        name = clean_name(text)
    except (NameEmpty, NameTooLong, NameHasControls, NameChangesDirection, NameInvisible):
        return

    assert clean_name(name) == name
    assert name == name.strip()
    assert 0 < len(name) <= LONGEST_NAME
    name.encode()  # a database can store it


@given(st.text(max_size=300))
def test_the_key_of_a_name_fits_into_an_index(text: str):
    """PostgreSQL takes 2704 bytes in a row of an index; a key stands there beside three ids at most."""
    assert len(same_name(text[:LONGEST_NAME]).encode("utf-8", "surrogatepass")) <= 2704 - 3 * 20


def test_a_text_keeps_its_lines_and_loses_carriage_returns():
    assert clean_text("  one\r\ntwo\n\tthree  ") == "one\ntwo\n\tthree"


def test_a_text_may_be_empty():
    assert clean_text(" \n ") == ""


def test_a_text_has_at_most_2000_characters():
    assert len(clean_text("𠮷" * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(TextTooLong):
        clean_text("x" * (LONGEST_TEXT + 1))


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b", "\u2028", "\ud800", "\u202e", "\u2066"])
def test_a_text_holds_no_controls_and_marks(control: str):
    with pytest.raises(TextHasControls):
        clean_text(f"a{control}b")
