"""docs/asvs.md: every requirement has its row, what a row names is there, and the figures in its head are counted.

Of docs/security.md, too, the tests that it names are there.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/asvs.md"
SECURITY = ROOT / "docs/security.md"
# The last requirement of each section that is of level 1 or 2; they are numbered from 1 without a gap.
LEVELS_1_AND_2 = """
1.1.2 1.2.9 1.3.11 1.4.3 1.5.2   2.1.3 2.2.3 2.3.4 2.4.1   3.2.2 3.3.4 3.4.6 3.5.5 3.7.2   4.1.3 4.2.1 4.3.2 4.4.4
5.1.1 5.2.3 5.3.2 5.4.3   6.1.3 6.2.12 6.3.4 6.4.4 6.5.5 6.6.3 6.8.4   7.1.3 7.2.4 7.3.2 7.4.5 7.5.2 7.6.2
8.1.2 8.2.3 8.3.1 8.4.1   9.1.3 9.2.4   10.1.2 10.2.2 10.3.4 10.4.11 10.5.5 10.6.2 10.7.3
11.1.2 11.2.3 11.3.3 11.4.4 11.5.1 11.6.1   12.1.3 12.2.2 12.3.4   13.1.1 13.2.5 13.3.2 13.4.5   14.1.2 14.2.4 14.3.3
15.1.3 15.2.3 15.3.7   16.1.1 16.2.5 16.3.4 16.4.3 16.5.3   17.1.1 17.2.4 17.3.2
"""
OF_LEVEL_3 = "6.3.5 6.3.6 6.3.7 6.3.8 7.5.3 8.3.2 11.2.4 15.4.1 15.4.2 15.4.3 15.4.4"
MET, NOT_APPLICABLE, OPEN = "met", "n.a.", "open"
# `path` or `path:name`; what has no slash and no ending of a file is a setting or a word of HTTP.
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|py|txt|toml))(?::(\w+))?`")
LIKE = re.compile(r"as \d+\.\d+\.\d+\b")


class Row(NamedTuple):
    """One line of a table."""

    id: str
    asks: str
    verdict: str
    where: str


def rows() -> Iterator[Row]:
    for line in DOCUMENT.read_text().splitlines():
        if re.match(r"\| \d", line):
            yield Row(*(cell.strip() for cell in line.strip("|").split("|")))


def wanted() -> list[str]:
    ids = OF_LEVEL_3.split()
    for last in LEVELS_1_AND_2.split():
        section, _dot, number = last.rpartition(".")
        ids += [f"{section}.{each}" for each in range(1, int(number) + 1)]
    return ids


def test_every_requirement_has_one_row():
    assert Counter(row.id for row in rows()) == Counter(wanted())


def test_levels_1_and_2_have_253_requirements():
    assert len(wanted()) - len(OF_LEVEL_3.split()) == 253


def test_rows_stand_in_the_order_of_their_numbers():
    numbers = [tuple(map(int, row.id.split("."))) for row in rows()]

    assert numbers == sorted(numbers)


def test_every_row_has_a_verdict_and_says_where_or_why():
    assert {row.id for row in rows() if row.verdict not in (MET, NOT_APPLICABLE, OPEN)} == set()
    assert {row.id for row in rows() if not row.asks or not row.where} == set()


def test_what_is_met_names_where_or_the_row_that_does():
    assert {
        row.id for row in rows() if row.verdict == MET and not (NAMED.search(row.where) or LIKE.match(row.where))
    } == set()


def test_what_a_row_names_is_there():
    named = {(path, name) for row in rows() for path, name in NAMED.findall(row.where)}

    assert len(named) > 100
    assert {path for path, _name in named if not (ROOT / path).exists()} == set()
    assert {(path, name) for path, name in named if name and not _holds(ROOT / path, name)} == set()


def test_the_proofs_that_security_md_names_are_there():
    named = {path for path, _name in NAMED.findall(SECURITY.read_text()) if path.startswith("tests/")}

    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


def _holds(file: Path, name: str) -> bool:
    return re.search(rf"\b{name}\b", file.read_text()) is not None


def test_the_head_has_the_figures():
    of = Counter(row.verdict for row in rows())
    head = f"{of.total()} requirements: {of[MET]} met, {of[NOT_APPLICABLE]} not applicable, {of[OPEN]} open."

    assert f"**{head}**" in DOCUMENT.read_text()
