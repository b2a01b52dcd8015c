"""The portal as script/server starts it, for measuring: settings, a port, and Granian until the block ends."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GRANIAN = (
    "--interface wsgi --host 127.0.0.1 --blocking-threads 4 --http1-buffer-size 2097152 --log-level warning "
    "--workers-kill-timeout 10"
)
READY_SECONDS = 30
QUIETLY: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(url: str, port: int, folder: str) -> dict[str, str]:
    """The settings of a portal on this database that calls itself by this port."""
    return {
        "PORTAL_MODE": "production",
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url if url.startswith("postgres") else "",
        "SECRET_KEY": "for measuring only, and long enough",
        "KEK": base64.b64encode(bytes(range(32))).decode(),
        "PASSWORD_PEPPER": "for measuring only, and long enough",
        "EXTERNAL_BASE_URL": f"http://localhost:{port}",
        "MAIL_FROM": "portal@example.com",
        "DATA_FOLDER": folder,
    }


@contextmanager
def served(
    target: str, port: int, settings: dict[str, str], workers: int = 1, *more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Granian with this target; `more` are further words for it."""
    options = [*GRANIAN.split(), "--workers", str(workers), "--port", str(port), *more]
    with running([sys.executable, "-m", "granian", *options, target], port, settings) as server:
        yield server


@contextmanager
def running(
    command: list[str], port: int, settings: dict[str, str], folder: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """This command, started in `folder`, from when it listens until the block ends. Raises: SystemExit."""
    server = subprocess.Popen(command, cwd=folder, env=os.environ | settings, **QUIETLY)  # noqa: S603
    try:
        wait_for(port)
        yield server
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    """Return when somebody listens there. Raises: SystemExit."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server on port {port} does not answer")


def children_of(process: int) -> list[int]:
    """The processes that this one started and that run."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def processor_seconds(process: int) -> float:
    """The processor time that a process has used until now."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def age_seconds(process: int) -> float:
    """How long ago a process was started."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
