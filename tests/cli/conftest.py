"""Commands of a production instance on the test's database, run as an operator runs them."""

from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from portal.app import create_app
from portal.config import MailBackend, Mode
from portal.foundation.database import db
from tests.conftest import settings_for

Run = Callable[..., Result]


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
