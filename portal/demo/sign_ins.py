"""The demo's passwords: random, and kept in one file that only its owner can read."""

import os
import secrets
from pathlib import Path

from portal.demo.cast import everybody
from portal.foundation.ids import ALPHABET

FILE = "demo-passwords.txt"
GROUPS, GROUP_LENGTH = 4, 5  # 20 characters of 5 random bits: 100 bits, and short enough to type
HEADING = "Sign-ins of the demo. They work on this machine only."


def new_password() -> str:
    """Four groups of five characters that survive being read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def listing(passwords: dict[str, str], account_ids: dict[str, str]) -> str:
    """The sign-ins as a table for people, company by company.

    passwords: by e-mail address. account_ids: by the company's name.
    """
    lines = [HEADING]
    last = ""
    for company, someone in everybody():
        if company.name != last:
            lines += ["", f"{company.name}, {account_ids[company.name]}"]
            last = company.name
        lines.append(f"  {someone.email:<32} {passwords[someone.email]}   {someone.part}")
    return "\n".join(lines) + "\n"


def read(folder: Path) -> str | None:
    """The listing as it was kept in `folder`, or None."""
    try:
        return (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def keep(folder: Path, text: str) -> None:
    """Keep the listing in `folder`. Nobody else can read it at any moment, and it is there whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f".{FILE}.{secrets.token_hex(4)}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / FILE)
