"""Deployments to be checked: the test's database under settings as a production instance has them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.cli.checking.findings import Check, Deployment, Finding, Severity
from portal.config import Gateway, MailBackend, Mode, Settings
from tests.conftest import settings_for

Found = Callable[..., list[Finding]]


def in_production(database_url: str, migration_url: str, folder: Path, **changes: Any) -> Settings:
    """Settings in which nothing is wrong, but for `changes`."""
    good = {
        "portal_mode": Mode.PRODUCTION,
        "external_base_url": "https://portal.example.com",
        "proxy_hops": 1,
        "mail_backend": MailBackend.SMTP,
        "gateway": Gateway.OFF,
        "secret_key": "q8Zt1mB0vY3nR6pL9sD2fG5hJ7kW4xC1aEoUiT",
        "password_pepper": "Nn4bV7cX2zM9lK6jH3gF8dS5aP1oI0uYtReWq",
        "kek": "Zm9yIHRlc3RzIG9ubHksIDMyIG9jdGV0cyBsb25nLi4=",
    }
    return settings_for(database_url, migration_url, folder, **good | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is the portal's own."""
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def found(app: Flask, database_store: Any, folder: Path) -> Found:
    """What a check finds in the test's database, with `changes` of good settings."""

    def look(check: Check, **changes: Any) -> list[Finding]:
        settings = in_production(*database_store.urls, folder, **changes)
        return list(check(Deployment(settings, settings.external_base_url, 80)))

    return look


def severities(found: list[Finding]) -> set[str]:
    return {finding.severity.value for finding in found}


def only(found: list[Finding], severity: Severity) -> Finding:
    """The one finding that is so bad."""
    (one,) = [finding for finding in found if finding.severity is severity]
    assert one.do or severity is not Severity.FAIL
    return one
