"""The gateways of docs/gateways as processes, with the very files of the documentation and addresses of the test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).resolve().parents[3] / "docs" / "gateways"
MARK = "HERE"
READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 60, 10, 0.02
# Debian has nginx and haproxy where only root's PATH leads.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
IN_NGINX = """
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
    access_log {folder}/access.log;
    include {folder}/services.conf;
}}
"""


@dataclass(frozen=True)
class Places:
    """What a test fills in: a folder of its own, ports on 127.0.0.1, and the credential at the portal."""

    folder: Path
    portal: int
    services: int
    shops: int
    credential: str


@dataclass(frozen=True)
class Gateway:
    """A running gateway: shops come in at `port`."""

    program: str
    port: int
    folder: Path

    @property
    def logs(self) -> str:
        """All that it has written down until now."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


Run = Callable[..., Gateway]


def filled(name: str, values: Mapping[str, str]) -> str:
    """A file of the documentation with these values replaced, in marked lines and below marked comments only."""
    lines = (FILES / name).read_text(encoding="utf-8").splitlines()
    for value, instead in values.items():
        places = [number for number, line in enumerate(lines) if value in line]
        assert places, f"{name} has no {value!r}"
        for number in places:
            assert MARK in lines[number] or _is_marked_above(lines, number), f"{name}:{number + 1} is not marked"
            lines[number] = lines[number].replace(value, instead)
    return "\n".join(lines) + "\n"


def _is_marked_above(lines: list[str], number: int) -> bool:
    """Whether the lines before it, up to a comment, are those of a marked comment."""
    while number > 0 and lines[number - 1].strip():
        number -= 1
        if lines[number].lstrip().startswith("#"):
            return MARK in lines[number]
    return False


def _nginx(at: Places) -> list[str | Path]:
    credential = at.folder / "portal-credential"
    credential.write_text(f"proxy_set_header X-Portal-Credential {at.credential};\n")
    values = {
        "127.0.0.1:8001": f"127.0.0.1:{at.portal}",
        "127.0.0.1:9000": f"127.0.0.1:{at.services}",
        "listen 8080": f"listen 127.0.0.1:{at.shops}",
        "/var/log/nginx/services.log": str(at.folder / "services.log"),
        "/etc/nginx/portal-credential": str(credential),
        "Host portal.example.com": "Host localhost",
    }
    (at.folder / "services.conf").write_text(filled("nginx.conf", values))
    # As root its workers would be somebody whom the folders of tests are closed to.
    main = IN_NGINX.format(folder=at.folder, user="" if os.geteuid() else "user root;")
    (at.folder / "nginx.conf").write_text(main)
    return ["-c", at.folder / "nginx.conf", "-e", at.folder / "error.log"]


def _caddy(at: Places) -> list[str | Path]:
    values = {
        "127.0.0.1:8001": f"127.0.0.1:{at.portal}",
        "127.0.0.1:9000": f"127.0.0.1:{at.services}",
        "http://:8080 {": f"http://:{at.shops} {{\nbind 127.0.0.1",
        "Host portal.example.com": "Host localhost",
    }
    (at.folder / "Caddyfile").write_text(filled("Caddyfile", values))
    return ["run", "--adapter", "caddyfile", "--config", at.folder / "Caddyfile"]


def _haproxy(at: Places) -> list[str | Path]:
    values = {
        "127.0.0.1:8001": f"127.0.0.1:{at.portal}",
        "127.0.0.1:9000": f"127.0.0.1:{at.services}",
        "bind :8080": f"bind 127.0.0.1:{at.shops}",
        "/etc/haproxy/portal.lua": str(FILES / "portal.lua"),
        "PORTAL_NAME portal.example.com": "PORTAL_NAME localhost",
    }
    (at.folder / "haproxy.cfg").write_text(filled("haproxy.cfg", values))
    return ["-f", at.folder / "haproxy.cfg"]


PROGRAMS: dict[str, Callable[[Places], list[str | Path]]] = {"nginx": _nginx, "caddy": _caddy, "haproxy": _haproxy}


@contextmanager
def running(program: str, folder: Path, *, portal: int, services: int, credential: str) -> Iterator[Gateway]:
    """The gateway until the block ends; it asks `portal` with this credential, and hands on to `services`."""
    at = Places(folder, portal, services, free_port(), credential)
    command = [*_end_with_parent(), where(program), *PROGRAMS[program](at)]
    settings = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PORTAL_CREDENTIAL": credential}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=settings, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    gateway = Gateway(program, at.shops, folder)
    try:
        wait_for(at.shops, process, lambda: gateway.logs)
        yield gateway
    finally:
        end(process)


def where(program: str) -> str:
    """The path of a gateway's program. It is no reason to skip a test that it is missing."""
    found = shutil.which(program, path=PLACES)
    assert found, f"There is no `{program}` on the PATH; on Debian: apt-get install {program}"
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes], logs: Callable[[], str]) -> None:
    """Nothing, once somebody listens at `port`. Raises: RuntimeError with the logs, when the process does not start."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise RuntimeError(f"{process.args} did not start: {logs()[-4000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, by force when it does not go."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> list[str]:
    """A front for a command that has the kernel end it when the tests are killed."""
    return [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
