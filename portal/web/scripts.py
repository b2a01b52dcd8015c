"""The published hashes of our own scripts (docs/release-notes.md)."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import current_app


def sha256_of(script: str) -> str:
    """The SHA-256 of a file below static/, such as `js/private-key.js`, as hexadecimal digits."""
    return _sha256(Path(current_app.static_folder or "", script))


@lru_cache(maxsize=32)
def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
