"""Making many pairs: first every private key, each in a file of its own, then the proofs, some at a time."""

import os
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, local
from typing import Any, TypeVar

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import files, signing
from portal.cli.holder.codes import Codes, Wish, key_file
from portal.cli.holder.files import Unusable
from portal.cli.holder.progress import Progress
from portal.cli.holder.proving import proof
from portal.cli.holder.ringing import Refused, Unreachable, ask, require_same
from portal.client.lines import Line
from portal.verifier.paste import LARGEST

NOT_TRIED = "not_tried"
# What the next one would hear, too.
FOR_ALL = {"too_many_attempts", "other_address"}
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Pair:
    """What became of one name: its API key, or why there is none. `code` is the reason's own word."""

    name: str
    file: Path
    api_key: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Held:
    """A name, its code, and its private key, which the disk has."""

    wish: Wish
    file: Path
    key: rsa.RSAPrivateKey


def keys_for(codes: Codes, folder: Path, progress: Progress) -> list[Held | Pair]:
    """The private key of each name: the one in its file, or a new one there; or why there is none."""

    def one(wish: Wish) -> Held | Pair:
        file = folder / key_file(wish.name, codes.environment)
        try:
            return Held(wish, file, _read(file) if file.exists() else _made(file))
        except (Unusable, click.ClickException, OSError) as reason:
            sentence = reason.message if isinstance(reason, click.ClickException) else str(reason)
            return Pair(wish.name, file, code="unusable_file", message=sentence)
        finally:
            progress.count()

    return _at_once(one, codes.wishes, os.cpu_count() or 1)


def prove(portal_url: str, codes: Codes, held: Iterable[Held], jobs: int, progress: Progress) -> list[Pair]:
    """Each pair in service, or why not. When the portal is gone, or refuses all that comes, the rest is not tried."""
    prover = Prover(portal_url, codes.environment)

    def one(each: Held) -> Pair:
        pair = prover.prove(each)
        progress.count()
        return pair

    return _at_once(one, held, jobs)


class Prover:
    """Proves from several threads, each on a line of its own."""

    def __init__(self, portal_url: str, environment: str) -> None:
        self.portal_url, self.environment = portal_url, environment
        self._tls = ssl.create_default_context()
        self._lines, self._stop = local(), Event()

    def prove(self, held: Held) -> Pair:
        """The pair in service, or why not."""
        pair = Pair(held.wish.name, held.file)
        if self._stop.is_set():
            return replace(pair, code=NOT_TRIED, message="Not tried. Run the command again to go on with it.")
        try:
            return replace(pair, api_key=self._api_key(held))
        except Refused as reason:
            if reason.code in FOR_ALL:
                self._stop.set()
            return replace(pair, code=reason.code, message=str(reason))
        except Unreachable as reason:
            self._stop.set()
            return replace(pair, code="unreachable", message=str(reason))

    def _api_key(self, held: Held) -> str:
        code, known = held.wish.code, signing.public_sha256(held.key).hex()
        facts = ask(self._line, "keys/making", {"code": code, "public_key_sha256": known})
        require_same(self.portal_url, facts["base_url"])
        if (facts["environment"], facts["name"]) != (self.environment, held.wish.name):
            sentence = f"The code is for “{facts['name']}” ({facts['environment']}): the file of codes was changed."
            raise Refused("other_pair", sentence)
        return ask(self._line, "keys/making/proof", proof(code, facts, held.key))["api_key"]

    @property
    def _line(self) -> Line:
        if not hasattr(self._lines, "line"):
            self._lines.line = Line(self.portal_url, self._tls)
        line: Line = self._lines.line
        return line


def _at_once(one: Callable[[T], R], all_of_them: Iterable[T], threads: int) -> list[R]:
    """What `one` makes of each, in their order, some at a time. Ctrl-C ends it with what is under way."""
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(one, all_of_them))
    finally:
        pool.shutdown(cancel_futures=True)


def _read(file: Path) -> rsa.RSAPrivateKey:
    """The private key of a run before. What a shop would stumble over is mended as elsewhere. Raises: Unusable."""
    key: Any = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        # Without the tests of primes, a tenth of a second each: OpenSSL verifies what it signs, and so does the portal.
        with file.open("rb") as opened:
            octets = opened.read(LARGEST)
        key = serialization.load_pem_private_key(octets, None, unsafe_skip_rsa_key_validation=True)
    return key if isinstance(key, rsa.RSAPrivateKey) else files.private_key(file)


def _made(file: Path) -> rsa.RSAPrivateKey:
    """A new private key, whole in its file or not at all: an interruption leaves no half of one under its name."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)  # nothing was ever proved with it
    _key, pem = files.new_key()
    files.save(new, pem)
    try:
        os.link(new, file)
    except FileExistsError:
        raise Unusable(f"{file} exists already; nothing was written.") from None
    finally:
        new.unlink()
    _keep_name(file.parent)
    # What is in the file, and not what was made: a second run in the same folder may have been there in between.
    return _read(file)


def _keep_name(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
