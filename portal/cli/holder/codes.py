"""The file of one-time codes that the portal's page for several pairs gives, and the key file of each of its names."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from portal.cli.holder.files import Unusable
from portal.verifier.settings import SIDES

HEAD = re.compile(r"# portal-key batch (\S+) (\S+)")
LARGEST_FILE = 4 * 1024 * 1024
LONGEST_STEM = 60  # of letters with up to 4 bytes: file names have at most 255 bytes


@dataclass(frozen=True)
class Wish:
    """A code, and the name of the pair that it is for."""

    code: str
    name: str


@dataclass(frozen=True)
class Codes:
    """What the file says: whose codes these are, for which environment, and the codes."""

    portal_url: str
    environment: str
    wishes: list[Wish]


def read(file: Path) -> Codes:
    """The codes in a file. Raises: Unusable."""
    try:
        with file.open("rb") as opened:
            lines = opened.read(LARGEST_FILE).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Unusable(f"{file} is no file of codes: it is not UTF-8 text.") from error
    head = HEAD.fullmatch(lines[0].strip()) if lines else None
    if head is None or head[2] not in SIDES:
        raise Unusable(f"{file} is no file of codes: its first line does not name portal and environment.")
    kept = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and line[0] != "#"]
    wishes = [_wish(file, number, line) for number, line in kept]
    if len({key_file(wish.name, head[2]) for wish in wishes}) < len(wishes):
        raise Unusable(f"{file} has a name twice.")
    return Codes(head[1], head[2], wishes)


def key_file(name: str, environment: str) -> str:
    """The file for the private key of this name: the same for the same name, and for no other one."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    stem = "".join(character if character.isalnum() else "-" for character in plain)[:LONGEST_STEM]
    if stem != plain.replace(" ", "-") or "-" in plain:  # other names would have the same
        stem += "-" + hashlib.sha256(plain.encode()).hexdigest()[:8]
    return f"{stem}-{environment}.pem"


def _wish(file: Path, number: int, line: str) -> Wish:
    code, _tab, name = line.partition("\t")
    if not code.strip() or not name.strip():
        raise Unusable(f"{file}, line {number}: a line is a code, a TAB and a name.")
    return Wish(code.strip(), name.strip())
