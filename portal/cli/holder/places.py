"""Where a key goes that is made or opened here, and how an interrupted attempt goes on with it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.cli.holder.files import Unusable
from portal.cli.holder.ringing import Refused, Unreachable


def require_free(file: Path) -> None:
    """Nothing, when there is no such file yet. Raises: Unusable."""
    if file.exists():
        raise Unusable(f"{file} exists already; nothing was written. Name another, or go on with it: --out {file}")


def require_room(file: Path) -> None:
    """Nothing, when a file can be made there, as far as can be seen before. Raises: Unusable."""
    if not os.access(file.absolute().parent, os.W_OK | os.X_OK):
        raise Unusable(f"{file} cannot be written: its folder is not there, or is not yours to write to.")


@contextmanager
def going_on(file: Path, what: str = "The private key") -> Iterator[None]:
    """Says with a refusal, or when the portal cannot be reached, that the key is in `file`, and how to go on."""
    try:
        yield
    except (Refused, Unreachable) as reason:
        reason.args = (f"{reason} {what} is in {file}. To go on with it: add --out {file}",)
        raise
