"""The real portal in a process of its own, and nginx with a certificate in front of it, set up in this way or that."""

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.config import Settings
from tests.gateway.real.programs import POLL_SECONDS, READY_SECONDS, end, free_port, wait_for, where

ROOT = Path(__file__).resolve().parents[3]
GRANIAN = "--interface wsgi --host 127.0.0.1 --workers 1 --blocking-threads 4 --log-level warning"
OURS = ("PORTAL_", "FLASK_", "GATEWAY", "DATABASE_", "MAIL_", "SMTP_", "PROXY_")
RIGHT = """
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Request-Id $request_id;
"""
TO_HTTPS = "return 301 https://localhost:{https}$request_uri;"
NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    server {{ listen 127.0.0.1:{http}; {plain} }}
    server {{
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{ proxy_pass http://127.0.0.1:{next_one}; {settings} }}
    }}
    server {{
        listen 127.0.0.1:{inner};
        location / {{
            proxy_pass http://127.0.0.1:{portal};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Ports:
    """Where everything listens: the portal's name is https://localhost:`https`."""

    http: int
    https: int
    inner: int
    portal: int


def ports() -> Ports:
    return Ports(*(free_port() for _port in range(4)))


def environment(settings: Settings) -> dict[str, str]:
    """These settings as an operator gives them to a process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    said = {
        name.upper(): str(value)
        for name, value in settings.model_dump(mode="json").items()
        if not isinstance(value, bool)
    }
    return kept | said | {"MIGRATION_DATABASE_URL": settings.migration_database_url}


@contextmanager
def a_portal(settings: Settings, port: int, folder: Path) -> Iterator[None]:
    """The portal at this port, ready, until the block ends."""
    front = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    command = [*front, sys.executable, "-m", "granian", *GRANIAN.split(), "--port", str(port), "wsgi:app"]
    output = folder / "portal.log"
    with output.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(settings), stdout=log, stderr=log)
    try:
        _wait_until_ready(port, process, output)
        yield
    finally:
        end(process)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
        except OSError:
            pass
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the portal is not ready: {output.read_text(errors='replace')[-4000:]}")


@contextmanager
def nginx(at: Ports, folder: Path, settings: str = RIGHT, *, hops: int = 1, plain: str = TO_HTTPS) -> Iterator[None]:
    """nginx in front of the portal, with a certificate that lies in `folder`; two of them where `hops` says so."""
    text = NGINX.format(
        **vars(at),
        folder=folder,
        user="" if os.geteuid() else "user root;",
        next_one=at.portal if hops == 1 else at.inner,
        settings=settings,
        plain=plain.format(https=at.https),
    )
    (folder / "nginx.conf").write_text(text)
    log = folder / "error.log"
    process = subprocess.Popen([where("nginx"), "-c", folder / "nginx.conf", "-e", log], stdin=subprocess.DEVNULL)
    try:
        wait_for(at.https, process, lambda: log.read_text(errors="replace"))
        yield
    finally:
        end(process)
