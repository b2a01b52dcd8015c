"""What script/server does: checks, environment, migrations, demo world; then the web server and the worker, together.

Runs on the standard library alone, for it is what installs the rest.
"""

import errno
import http.client
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import environment
from environment import ROOT, NotReady, tell

VAR = ROOT / "var"
DEMO_SETTINGS = VAR / "demo.env"
DEMO_SECRETS = ("SECRET_KEY", "KEK", "PASSWORD_PEPPER")
READY = "/readyz"
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LARGEST_HEADERS = 2 * 1024 * 1024
READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 60, 15, 0.1


class Stopped(Exception):
    """Somebody asked for the end, by Ctrl-C or SIGTERM."""


def main() -> int:
    """Run the portal until it is told to stop (0), or a part of it ends or cannot start (1)."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGINT:  # nohup has SIGHUP ignored
            signal.signal(number, _stop)
    try:
        port = _port()
        mode = _mode()
        with environment.locked():
            environment.prepare(environment.RUN)
            os.umask(0o077)  # what the portal writes is for its own user
            settings = _demo_settings(port) if mode == "demo" else os.environ | {"PORTAL_MODE": mode}
            _prepare_data(settings)
        _serve(port, settings)
    except NotReady as reason:
        tell(str(reason))
        return 1
    except Stopped:
        return 0
    return 0


def _stop(number: int, frame: object) -> None:
    raise Stopped


def _port() -> int:
    """The port of PORT, found free on both loopback addresses: a browser asks `localhost` on either."""
    text = os.environ.get("PORT", "8000")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise NotReady(f"PORT is a number from 1 to 65535, not {text!r}.")
    port = int(text)
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise NotReady(f"Port {port} is in use; choose another: PORT=8001 script/server") from None
            if error.errno == errno.EACCES:
                raise NotReady(f"Port {port} is for root only; choose another: PORT=8001 script/server") from None
            # Anything else: this machine has no IPv6.
    return port


def _mode() -> str:
    """What this start is: without a DATABASE_URL the demo, else production."""
    mode = "production" if os.environ.get("DATABASE_URL") else "demo"
    said = os.environ.get("PORTAL_MODE", mode)
    if said not in ("demo", "production"):
        raise NotReady(f"PORTAL_MODE is demo or production, not {said!r}.")
    if said != mode:
        raise NotReady(
            "PORTAL_MODE=demo runs on its own SQLite file: leave DATABASE_URL out."
            if mode == "production"
            else "PORTAL_MODE=production needs a DATABASE_URL, for example postgresql://portal_app@host/portal."
        )
    if mode == "demo":
        _have_data_folder()
    return mode


def _have_data_folder() -> None:
    """`var/`, there and writable, for this user's eyes only: the demo's passwords lie in it."""
    try:
        VAR.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=VAR):
            pass
    except OSError as error:
        raise NotReady(f"Cannot write to {VAR}, where the demo keeps its data: {error.strerror}.") from None


def _demo_settings(port: int) -> dict[str, str]:
    """The demo's environment, also left in DEMO_SETTINGS for a shell: `set -a; . var/demo.env`.

    Its secrets are made once: with others, what the demo's database holds could not be opened again.
    """
    lines = shlex.split(DEMO_SETTINGS.read_text()) if DEMO_SETTINGS.exists() else []
    kept = dict(line.split("=", 1) for line in lines)
    demo = {name: kept.get(name) or b64encode(secrets.token_bytes(32)).decode() for name in DEMO_SECRETS} | {
        "PORTAL_MODE": "demo",
        "DATABASE_URL": f"sqlite:///{VAR / 'demo.sqlite3'}",
        "EXTERNAL_BASE_URL": f"http://localhost:{port}",
        "MAIL_BACKEND": "mailbox",
        "DATA_FOLDER": str(VAR),
    }
    new = DEMO_SETTINGS.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in demo.items()))
    new.replace(DEMO_SETTINGS)
    return os.environ | demo


def _prepare_data(settings: dict[str, str]) -> None:
    _flask(settings, "db", "upgrade")
    if settings["PORTAL_MODE"] == "demo":
        _flask(settings, "portal", "demo")


def _flask(settings: dict[str, str], *words: str) -> None:
    """Run `flask …` to its end. Raises: NotReady, after its own words on what went wrong."""
    command: list[str | Path] = [environment.PYTHON, "-m", "flask", "--app", "wsgi", *words]
    if code := subprocess.run(command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL).returncode:
        raise NotReady(f"Not started: `flask {' '.join(words)}` failed with exit code {code}; the reason is above.")


def _serve(port: int, settings: dict[str, str]) -> None:
    """Run web server and worker until one of them ends. Raises: NotReady, Stopped."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    if "GATEWAY_PORT" in settings:
        settings = settings | {"GATEWAY": "off"}  # not in the pages' processes, too
    try:
        running["web server"] = _start(settings, *_granian(port, settings))
        running["worker"] = _start(settings, "flask", "--app", "wsgi", "worker")
        if "GATEWAY_PORT" in settings:
            running["gateway"] = _start(settings, *_granian_of_gateway(settings))
        _wait_until_ready(port, settings, running)
        if "gateway" in running:
            _wait_for_gateway(settings, running)
        print(f"ready http://localhost:{port}", flush=True)
        while True:
            _all_run(running)
            time.sleep(POLL_SECONDS)
    finally:
        _end(running)


def _granian(port: int, settings: dict[str, str]) -> list[str]:
    """Granian's words. The demo is for this machine only; HOST is where production listens for its proxy."""
    demo = settings["PORTAL_MODE"] == "demo"
    host = "127.0.0.1" if demo else settings.get("HOST", "127.0.0.1")
    workers = "1" if demo else settings.get("WEB_CONCURRENCY", "2")
    options = f"--interface wsgi --host {host} --port {port} --workers {workers} --blocking-threads 4"
    # Headers of more than these bytes Granian refuses by itself, without a body, and shops want one for each refusal.
    limits = ["--http1-buffer-size", str(LARGEST_HEADERS), "--workers-kill-timeout", "10"]
    # A worker that dies, by the machine's memory for one, is followed by another; its siblings go on meanwhile.
    follow = ["--respawn-failed-workers", "--respawn-interval", "1"]
    return ["granian", *options.split(), "--log-level", "warning", *limits, *follow, "wsgi:app"]


def _granian_of_gateway(settings: dict[str, str]) -> list[str]:
    """Granian's words for workers that do nothing but answer the vendor's services."""
    host, workers = settings.get("GATEWAY_HOST", "127.0.0.1"), settings.get("GATEWAY_WORKERS", "2")
    options = f"--interface wsgi --host {host} --port {settings['GATEWAY_PORT']} --workers {workers}"
    # Two threads each: one could be held by a body that comes slowly, and more only hand the interpreter about.
    # Where checks have workers of their own, these have one (docs/gateway.md).
    more = "--blocking-threads 2 --log-level warning --respawn-failed-workers --workers-kill-timeout 10"
    return ["granian", *options.split(), *more.split(), "wsgi:gateway"]


def _start(settings: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    """A Python module as a process that does not see Ctrl-C (this one passes it on) and does not outlive this one."""
    front = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    return subprocess.Popen(
        [*front, environment.PYTHON, "-m", *words],
        cwd=ROOT,
        env=settings | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_until_ready(port: int, settings: dict[str, str], running: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    host = urlsplit(settings.get("EXTERNAL_BASE_URL", "")).netloc or f"localhost:{port}"
    answer = "no answer"
    while time.monotonic() < deadline:
        _all_run(running)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", READY, headers={"Host": host})
            told = connection.getresponse()
            answer = f"status {told.status}, {told.read(100).decode(errors='replace').strip()}"
            connection.close()
        except OSError:
            time.sleep(POLL_SECONDS)
            continue
        if told.status < 400:
            return
        time.sleep(1)
    raise NotReady(f"The portal was not ready within {READY_SECONDS} seconds: {answer}.")


def _wait_for_gateway(settings: dict[str, str], running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Until it listens: loading many keys may take it longer, and it says so itself."""
    place = settings.get("GATEWAY_HOST", "127.0.0.1"), int(settings["GATEWAY_PORT"])
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _all_run(running)
        try:
            socket.create_connection(place, timeout=1).close()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise NotReady(f"The gateway did not listen on port {place[1]} within {READY_SECONDS} seconds.")


def _all_run(running: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in running.items():
        if (code := process.poll()) is not None:
            raise NotReady(f"The {name} ended by itself (exit code {code}); the portal is stopped.")


def _end(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to finish what they are at, then insist."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)  # asked once is enough
    for process in running.values():
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running.values():
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
