"""Takes a file apart: from octets to rows of text, without knowing what they mean. Pure, and nothing is guessed."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.foundation.cells import unguarded
from portal.foundation.words import refuse_private_key
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

MEGABYTES = 20  # security.md 1, "Web"
LARGEST = MEGABYTES * 1024 * 1024
MOST_LINES = 20_000
NEEDED = ("name", "owner_email", "edition", "first_day", "last_day")
OPTIONAL = ("account_id", "language", "signer_email")
COLUMNS = ("account_id", "name", "owner_email", "language", "edition", "first_day", "last_day", "signer_email")
DELIMITERS = ",;\t"
ZIP = b"PK\x03\x04"  # what workbooks are packed in
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Row:
    """One line below the header: where it begins in the file, from 1, and its cells by column.

    surplus: whether cells stand beyond the last column.
    """

    number: int
    cells: dict[str, str]
    surplus: bool = False


def read(octets: bytes) -> list[Row]:
    """The rows of the file, blank ones left out. Raises: the refusals of a file, HoldsPrivateKey."""
    if len(octets) > LARGEST:
        raise FileTooLarge(megabytes=MEGABYTES)
    text = decoded(octets)
    refuse_private_key(text)
    if not text.strip():
        raise FileEmpty()
    columns, rows = _header_and_rows(text)
    if not rows:
        raise OnlyHeader()
    return [_row(number, columns, cells) for number, cells in rows]


def decoded(octets: bytes) -> str:
    """The file as text: UTF-16 when it says so by its mark, else UTF-8. Raises: IsSpreadsheet, NotUtf8, HasNul."""
    if octets.startswith(ZIP):
        raise IsSpreadsheet()
    encoding = UTF_16.get(octets[:2], "utf-8")
    try:
        text = octets.decode(encoding)
    except UnicodeDecodeError as error:
        # What was written in an old code page cannot be told from another one: nothing is guessed.
        raise NotUtf8(line=_line_at(octets[: error.start].decode(encoding, "replace"))) from error
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise HasNul(line=_line_at(text[: text.index("\x00")]))
    return text


def _line_at(before: str) -> int:
    """The number of the line in which `before` ends."""
    return before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def _header_and_rows(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    records = _records(text, delimiter_of(text))
    _number, header = next(records, (0, []))
    if not header:
        raise FileEmpty()
    columns = _columns(header)
    rows: list[tuple[int, list[str]]] = []
    for number, cells in records:
        if len(rows) == MOST_LINES:
            raise TooManyLines(most=MOST_LINES)
        rows.append((number, cells))
    return columns, rows


def delimiter_of(text: str) -> str:
    """What stands between the cells: that of the three by which the first line names most of the known columns."""
    return max(DELIMITERS, key=lambda delimiter: _known_in_header(text, delimiter))


def _known_in_header(text: str, delimiter: str) -> int:
    try:
        _number, header = next(_records(text, delimiter), (0, []))
    except QuotesBroken:
        return 0
    return len({_column_name(cell) for cell in header} & set(COLUMNS))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of the line in which it begins. Raises: QuotesBroken."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise QuotesBroken(line=begins) from error


def _columns(header: Sequence[str]) -> list[str]:
    columns = [_column_name(cell) for cell in header]
    while columns and not columns[-1]:  # a delimiter at the end of each line
        columns.pop()
    if unknown := [cell.strip() or "“”" for cell, name in zip(header, columns, strict=False) if name not in COLUMNS]:
        raise ColumnsUnknown(columns=unknown, known=list(COLUMNS))
    if missing := [name for name in NEEDED if name not in columns]:
        raise ColumnsMissing(columns=missing)
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise ColumnsTwice(columns=twice)
    return columns


def _column_name(cell: str) -> str:
    return cell.strip().casefold()


def _row(number: int, columns: list[str], cells: list[str]) -> Row:
    texts = [unguarded(cell.strip()) for cell in cells]
    filled = dict.fromkeys(COLUMNS, "") | dict(zip(columns, texts, strict=False))
    return Row(number, filled, surplus=any(texts[len(columns) :]))
