"""The portal's gateway door as somebody runs it: Granian with `wsgi:gateway`, in a process of its own."""

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from portal.config import Settings
from tests.gateway.real.programs import POLL_SECONDS, READY_SECONDS, end, free_port

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = "--interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 4 --log-level warning"


@contextmanager
def a_door(settings: Settings, folder: Path, policy: str) -> Iterator[int]:
    """The port of a gateway door with this ENVIRONMENT_POLICY, until the block ends."""
    port = free_port()
    front = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    command = [*front, sys.executable, "-m", "granian", *OPTIONS.split(), "--port", str(port), "wsgi:gateway"]
    output = folder / f"{policy}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(settings, folder, policy), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, port, output)
        yield port
    finally:
        end(process)


def environment(settings: Settings, folder: Path, policy: str) -> dict[str, str]:
    ours = ("PORTAL_", "FLASK_", "GATEWAY", "ENVIRONMENT_POLICY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "PORTAL_MODE": "production",
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": "",
        "SECRET_KEY": settings.secret_key,
        "KEK": settings.kek,
        "PASSWORD_PEPPER": settings.password_pepper,
        "EXTERNAL_BASE_URL": settings.external_base_url,
        "MAIL_BACKEND": "folder",
        "MAIL_FOLDER": str(folder / "mail"),
        "MAIL_FROM": "portal@example.com",
        "DATA_FOLDER": str(folder),
        "ENVIRONMENT_POLICY": policy,
    }


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Nothing, once the door has loaded what it decides by. Raises: RuntimeError with what the process said."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/gateway/ready", headers={"Host": "localhost"})
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
        except OSError:
            pass
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the gateway door is not ready: {output.read_text(errors='replace')[-4000:]}")
