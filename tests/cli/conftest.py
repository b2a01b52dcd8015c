"""Commands of a production instance on the test's database, run as an operator runs them."""

import io
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.app import create_app
from portal.config import MailBackend, Mode
from portal.foundation.database import db
from tests.cli.serving import Line, served
from tests.conftest import settings_for

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def portal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Line]]:
    """The portal for commands that run as processes: its address, and the line to it."""
    with served(app, monkeypatch) as (url, line):
        yield url, line


@pytest.fixture
def url(portal: tuple[str, Line]) -> str:
    return portal[0]


@pytest.fixture
def line(portal: tuple[str, Line]) -> Line:
    return portal[1]


@pytest.fixture
def sent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies of all calls that come to the portal: its side of the wire."""
    bodies: list[bytes] = []
    asked = app.wsgi_app

    def listening(environ: dict[str, Any], start_response: Any) -> Any:
        octets = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(octets)
        bodies.append(octets)
        return asked(environ, start_response)

    monkeypatch.setattr(app, "wsgi_app", listening)
    return bodies


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands of a holder run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def production(app: Flask, database_store, tmp_path: Path) -> Iterator[Flask]:
    """The portal as a production instance; mail goes into `tmp_path`/mail."""
    production = create_app(
        settings_for(
            *database_store.urls,
            tmp_path,
            portal_mode=Mode.PRODUCTION,
            mail_backend=MailBackend.FOLDER,
            mail_folder=tmp_path / "mail",
            external_base_url="https://portal.example.com",
        )
    )
    yield production
    with production.app_context():
        db.engine.dispose()


@pytest.fixture
def run(production: Flask) -> Run:
    """Runs `flask …` with these words; what it did, said and ended with."""
    runner = production.test_cli_runner()

    def command(*words: str) -> Result:
        # With the test's own application context in place, the command would run in that application.
        result: Result = Context().run(runner.invoke, args=words)
        db.session.rollback()  # the test sees what the command changed
        return result

    return command
