"""Taking files apart: encodings, delimiters, quotes, and sentences for what cannot be read. Nothing is guessed."""

import pytest

from portal.foundation.errors import PortalError
from portal.foundation.words import HoldsPrivateKey
from portal.imports import reading
from portal.imports.errors import (
    ColumnsMissing,
    ColumnsTwice,
    ColumnsUnknown,
    FileEmpty,
    FileTooLarge,
    HasNul,
    IsSpreadsheet,
    NotUtf8,
    OnlyHeader,
    QuotesBroken,
    TooManyLines,
)
from portal.imports.reading import LARGEST, MOST_LINES, read
from portal.web import exports
from tests.factories import a_private_key, pem_of

pytestmark = pytest.mark.no_database

HEADER = "name,owner_email,edition,first_day,last_day"
LINE = "晨曦 Aurora,a@example.com,integrator,2031-01-01,2031-12-31"
FILE = f"{HEADER}\n{LINE}\n"


def refusal_of(octets: bytes) -> PortalError:
    with pytest.raises(PortalError) as refusal:
        read(octets)
    return refusal.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_one_file_in_many_shapes(encoding: str, end: str, delimiter: str):
    text = FILE.replace("\n", end).replace(",", delimiter)

    (row,) = read(text.encode(encoding))

    assert (row.number, row.cells["name"], row.cells["last_day"]) == (2, "晨曦 Aurora", "2031-12-31")


def test_utf_16_in_the_other_order_of_octets():
    (row,) = read(b"\xfe\xff" + FILE.encode("utf-16-be"))

    assert row.cells["name"] == "晨曦 Aurora"


def test_columns_stand_in_any_order_and_any_case():
    header = b"Last_Day; NAME ;edition;first_day;Owner_Email;"

    (row,) = read(header + b"\n2031-12-31;Aurora;integrator;2031-01-01;a@b.example;\n")

    assert (row.cells["name"], row.cells["last_day"], row.cells["account_id"]) == ("Aurora", "2031-12-31", "")


def test_quotes_hold_delimiters_quotes_and_line_breaks():
    text = f'{HEADER}\n"A, ""B""\nC",a@example.com,integrator,2031-01-01,2031-12-31\n{LINE}\n'

    first, second = read(text.encode())

    assert first.cells["name"] == 'A, "B"\nC'
    assert (first.number, second.number) == (2, 4)


def test_blank_lines_are_left_out_and_still_counted():
    rows = read(f"{HEADER}\n\n,,,,\n{LINE}\n\n".encode())

    assert [row.number for row in rows] == [4]


@pytest.mark.parametrize("name", ["=1+1", "+8", "-x", "@home", "＝全形"])
def test_a_name_that_begins_as_a_formula_comes_back_as_it_was_exported(name: str):
    exported = "".join(exports.lines(reading.COLUMNS, [("", name, "a@b.example", "", "e", "d", "d", "")]))

    (guarded,), (plain,) = read(exported.encode()), read(exported.replace("'", "").encode())

    assert guarded.cells["name"] == plain.cells["name"] == name


def test_an_apostrophe_of_a_name_stays():
    (row,) = read(f"{HEADER}\n's-Hertogenbosch,,,,\n".encode())

    assert row.cells["name"] == "'s-Hertogenbosch"


@pytest.mark.parametrize(
    ("encoding", "name"), [("big5", "晨曦"), ("cp1252", "Müller & Söhne"), ("shift_jis", "株式会社")]
)
def test_an_old_code_page_is_named_by_its_line_and_not_guessed(encoding: str, name: str):
    octets = f"{HEADER}\nAurora,,,,\n{name},,,,\n".encode(encoding)

    refusal = refusal_of(octets)

    assert isinstance(refusal, NotUtf8)
    assert refusal.facts == {"line": 3}
    assert "CSV UTF-8" in refusal.in_english()


def test_utf_16_that_is_cut_off():
    assert isinstance(refusal_of(FILE.encode("utf-16")[:-1]), NotUtf8)


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (b"", FileEmpty),
        (b"\xef\xbb\xbf \r\n\r\n", FileEmpty),
        (b",,,\n,,,\n", FileEmpty),
        (b";;;", ColumnsUnknown),
        (b'""', FileEmpty),
        (HEADER.encode(), OnlyHeader),
        (f"{HEADER}\n,,,,\n".encode(), OnlyHeader),
        (b"PK\x03\x04\x14\x00", IsSpreadsheet),
        (HEADER.encode("utf-16-le"), HasNul),
        (FILE.encode("utf-32"), HasNul),
        (f"{HEADER}\nAur\x00ora,,,,\n".encode(), HasNul),
        (f'{HEADER}\n"Aurora,,,,\n'.encode(), QuotesBroken),
        (f'{HEADER}\n"Aurora"x,,,,\n'.encode(), QuotesBroken),
        (f'{HEADER}\n"{"x" * 200_000}",,,,\n'.encode(), QuotesBroken),
        (b"name,edition\nAurora,integrator\n", ColumnsMissing),
        (b"\x80\x81", NotUtf8),
        (f"{HEADER},notes\n".encode(), ColumnsUnknown),
        (b"Aurora\n", ColumnsUnknown),
        (f"{HEADER},name\n{LINE}\n".encode(), ColumnsTwice),
        (b"x" * (LARGEST + 1), FileTooLarge),
        (f"{HEADER}\n{pem_of(a_private_key())}".encode(), HoldsPrivateKey),
    ],
)
def test_what_cannot_be_read_is_said(octets: bytes, kind: type[PortalError]):
    assert type(refusal_of(octets)) is kind


def test_missing_columns_are_named():
    assert refusal_of(b"name,edition\nAurora,integrator\n").facts == {
        "columns": ["owner_email", "first_day", "last_day"]
    }


def test_unknown_columns_are_named():
    assert refusal_of(f"{HEADER},Notes,\tplan\n".encode()).facts["columns"] == ["Notes", "plan"]


def test_a_quote_that_is_not_closed_is_named_by_the_line_in_which_it_opens():
    assert refusal_of(f'{HEADER}\n{LINE}\n"Aurora,,,,\n{LINE}\n'.encode()).facts == {"line": 3}


def test_as_many_lines_as_one_may_have_and_one_more():
    line = "A,,,,\n"

    assert len(read((HEADER + "\n" + line * MOST_LINES).encode())) == MOST_LINES
    assert isinstance(refusal_of((HEADER + "\n" + line * (MOST_LINES + 1)).encode()), TooManyLines)


def test_a_line_with_more_cells_than_columns_says_so():
    more, empty = read(f"{HEADER}\n{LINE},more\n{LINE},,\n".encode())

    assert (more.surplus, empty.surplus) == (True, False)
