"""The last good bundle, kept in a folder over restarts: the whole one, and the deltas that came after it.

A file is written beside its place and then put there in one step. What is read is checked like what comes from the
portal, but for its age, so a damaged or exchanged file is refused.
"""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import finalize

WHOLE, DELTAS, KEYS, LOCK = "bundle", "deltas", "keys", "lock"


@dataclass
class Kept:
    """What a folder holds: a whole bundle, deltas in the order in which they came, and the portal's public keys."""

    whole: bytes
    deltas: list[bytes] = field(default_factory=list)
    jwks: dict[str, Any] = field(default_factory=dict)


class Folder:
    """A folder for the bundles of one environment. Of several processes that share it one writes, while it lives."""

    def __init__(self, path: Path, environment: str) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, self._environment = path, environment
        self._lock: finalize[..., Any] | None = None  # closes it

    def is_ours(self) -> bool:
        """Whether this process is the one that writes; it becomes so when nobody else is."""
        if self._lock is not None:
            return True
        try:
            lock = os.open(self._file(LOCK), os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._lock = finalize(self, os.close, lock)
        return True

    def leave(self) -> None:
        """Write no more. In a forked child it leaves the parent's right alone."""
        if self._lock is not None:
            self._lock()
            self._lock = None

    def read(self) -> Kept | None:
        """What was kept, or None. Raises: OSError, ValueError when a file is damaged."""
        whole = self._file(WHOLE)
        if not whole.exists():
            return None
        octets, deltas = whole.read_bytes(), self._file(DELTAS)
        lines = deltas.read_bytes().split(b"\n") if deltas.exists() else []
        jwks = json.loads(self._file(KEYS).read_text())
        return Kept(octets, [line for line in lines if line], jwks if isinstance(jwks, dict) else {})

    def write(self, kept: Kept, *, is_whole: bool) -> None:
        """Keep this; the whole bundle is written only when `is_whole` says that it is another one. Raises: OSError."""
        if is_whole:
            # Deltas of one bundle never stand beside another: then there would be nothing that fits together.
            self._file(DELTAS).unlink(missing_ok=True)
            self._put(WHOLE, kept.whole)
        else:
            self._put(DELTAS, b"\n".join(kept.deltas))
        self._put(KEYS, json.dumps(kept.jwks).encode())

    def clear(self) -> None:
        """Keep nothing any more."""
        for name in (WHOLE, DELTAS):
            with suppress(OSError):
                self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self._path / f"{name}-{self._environment}"

    def _put(self, name: str, octets: bytes) -> None:
        place = self._file(name)
        beside = place.with_name(f"{place.name}.{os.getpid()}.new")
        with beside.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
