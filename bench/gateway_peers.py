"""The packages that a user would pick instead of the gateway, under the servers of their users; see bench/peers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.gateway_load import SERVER_CORE, Asked, answers, pinned, written
from bench.serving import ROOT, free_port, running

PEERS = ROOT / "bench" / "peers"
FOLDER = ROOT / "var" / "peers"
GRANIAN = "--interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 4 --log-level warning"
DRF, OAUTH, BETTER = "djangorestframework-api-key", "django-oauth-toolkit, introspection", "better-auth, api-key plugin"


TUNED = ", tuned"
NAMES = [DRF, DRF + TUNED, OAUTH, OAUTH + TUNED, BETTER]


@dataclass(frozen=True)
class Peer:
    """A server that is asked with the requests of a file."""

    name: str
    port: int
    file: Path


@contextmanager
def served(folder: Path) -> Iterator[list[Peer]]:
    """Those of the peers that could be installed, with requests for a thousand keys; says which are left out.

    Those in Django are there as its documentation sets it up, and once more with all that makes them quick.
    """
    with ExitStack() as stack:
        peers = []
        if _is_installed("django"):
            for tuned in ("", TUNED):
                port = stack.enter_context(_django(tuned))
                peers.append(_peer(DRF + tuned, port, folder, "django-api-key"))
                peers.append(_peer(OAUTH + tuned, port, folder, "django-oauth"))
        if _is_installed("better-auth"):
            port = stack.enter_context(_better_auth())
            peers.append(_peer(BETTER, port, folder, "better-auth"))
        yield peers


def _is_installed(what: str) -> bool:
    """Whether it is there, or can be had; says so where it cannot."""
    print(f"Looking for {what}; the first time it is installed, which takes minutes", flush=True)
    install = subprocess.run([PEERS / "install", what], capture_output=True, text=True)  # noqa: S603
    if install.returncode:
        last = (install.stderr.strip() or install.stdout.strip() or "no reason given").splitlines()[-3:]
        print(f"LEFT OUT: {what} could not be installed here: {' / '.join(last)}", file=sys.stderr, flush=True)
    return install.returncode == 0


@contextmanager
def _django(tuned: str) -> Iterator[int]:
    port = free_port()
    settings = {"PEERS_FOLDER": str(FOLDER)} | ({"PEERS_TUNED": "yes"} if tuned else {})
    python = str(FOLDER / "python" / "bin" / "python")
    words = [python, "-m", "granian", *GRANIAN.split(), "--port", str(port), "django_site:application"]
    with running([*pinned(SERVER_CORE), *words], port, settings, PEERS):
        yield port


@contextmanager
def _better_auth() -> Iterator[int]:
    port = free_port()
    words = ["node", "server.mjs", str(port)]
    settings = {"PEERS_FOLDER": str(FOLDER), "NODE_ENV": "production"}
    with running([*pinned(SERVER_CORE), *words], port, settings, FOLDER / "node"):
        yield port


def _peer(name: str, port: int, folder: Path, requests: str) -> Peer:
    """The peer, after it has answered with 200. Raises: SystemExit."""
    asked = [Asked(**one) for one in json.loads((FOLDER / f"{requests}.json").read_text())]
    for response in answers(port, asked[:20]):
        if response.status != 200:
            raise SystemExit(f"{name} answers with {response.status}")
    return Peer(name, port, written(folder / requests, asked))
