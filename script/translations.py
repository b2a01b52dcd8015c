"""What script/translate does: extract the texts, merge them into the catalogue, compile it, and say what is missing."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / "babel.cfg"
LOCALE = "zh_Hant"
CATALOGUE = ROOT / "translations" / LOCALE / "LC_MESSAGES" / "messages.po"
COMPILED = CATALOGUE.with_suffix(".mo")

# What marks a text, beside Babel's own `_`, `gettext`, `ngettext` and `N_`.
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
HEADER = "# Traditional Chinese texts of the partner portal; written by script/translate, translated by hand."
# A date that moved with each run would make a change of every run.
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: script/translate [--check]", file=sys.stderr)
        return 2
    if not arguments:
        update()
    found = list(problems())
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"translate: {len(found) or 'nothing'} left to do")
    return int(bool(found) and bool(arguments))


def texts() -> Catalog:
    """Every marked text of the portal, with the files it stands in."""
    found = Catalog(creation_date=NO_DATE)
    with CONFIGURATION.open() as configuration:
        methods, options = parse_mapping_cfg(configuration)
    for folder in ("portal", "templates"):
        # The patterns name paths from the top of the checkout, Babel compares them with paths below the folder.
        inside = [(pattern.removeprefix(f"{folder}/"), how) for pattern, how in methods if pattern.startswith(folder)]
        chosen = {pattern.removeprefix(f"{folder}/"): option for pattern, option in options.items()}
        for file, _line, text, comments, context in extract_from_dir(ROOT / folder, inside, chosen, KEYWORDS):
            found.add(text, None, [(f"{folder}/{file}", 0)], auto_comments=comments, context=context)
    return found


def catalogue() -> Catalog:
    """The texts and their translations as they are kept; empty when there is no file yet."""
    if not CATALOGUE.exists():
        return Catalog(LOCALE, header_comment=HEADER, creation_date=NO_DATE, revision_date=NO_DATE)
    with CATALOGUE.open("rb") as file:
        return read_po(file, LOCALE)


def update() -> None:
    """Merge the texts into the catalogue: new ones without translation, those that are gone dropped; compile it."""
    merged = catalogue()
    merged.update(texts(), no_fuzzy_matching=True)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, merged, width=120, ignore_obsolete=True, sort_by_file=True, include_lineno=False)
    with COMPILED.open("wb") as file:
        write_mo(file, merged)


def problems() -> Iterator[str]:
    """What is missing or wrong, a sentence each."""
    kept = catalogue()
    yield from (f"not translated: {text}" for text in untranslated(kept))
    yield from (f"other placeholders: {text}" for text in other_placeholders(kept))
    yield from (f"fuzzy: {message.id}" for message in kept if message.id and message.fuzzy)
    if not is_compiled(kept):
        yield f"{COMPILED.name} is not what {CATALOGUE.name} says: run script/translate"


def untranslated(kept: Catalog) -> list[str]:
    """The marked texts without a translation."""
    return [_of(message) for message in texts() if message.id and not _is_translated(kept.get(message.id))]


def other_placeholders(kept: Catalog) -> list[str]:
    """The translated texts whose translation fills in other things than the text itself."""
    return [
        _of(message)
        for message in kept
        if message.id
        and _is_translated(message)
        and any(_placeholders(part) != _named(message) for part in _said(message))
    ]


def is_compiled(kept: Catalog) -> bool:
    """Whether the compiled file holds just what the catalogue does."""
    if not COMPILED.exists():
        return False
    compiled, expected = read_mo(BytesIO(COMPILED.read_bytes())), BytesIO()
    write_mo(expected, kept)
    expected.seek(0)
    return _pairs(compiled) == _pairs(read_mo(expected))


def _pairs(of: Catalog) -> dict[str, list[str]]:
    return {_of(message): _said(message) for message in of if message.id}


def _of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _said(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def _is_translated(message: Message | None) -> bool:
    return message is not None and all(part.strip() for part in _said(message))


def _named(message: Message) -> set[str]:
    """What the text fills in; of a plural what its longest form does."""
    texts = [message.id] if isinstance(message.id, str) else message.id
    return set().union(*(_placeholders(text) for text in texts))


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
