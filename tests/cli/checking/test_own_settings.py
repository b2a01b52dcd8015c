"""Settings with which the portal starts, or would not, and which real use should not have: each is found."""

import os
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from portal.cli.checking import own_settings
from portal.cli.checking.findings import Deployment, Finding, Hiding, Severity, Theme, run
from portal.config import Gateway, MailBackend, Mode
from tests.cli.checking.conftest import in_production, only, severities

pytestmark = pytest.mark.no_database

POSTGRESQL = "postgresql://portal_app@db/portal"
DRAWN = "q8Zt1mB0vY3nR6pL9sD2fG5hJ7kW4xC1aEoUiT"
KEK = "Zm9yIHRlc3RzIG9ubHksIDMyIG9jdGV0cyBsb25nLi4="


def look(folder: Path, *checks: Any, database_url: str = POSTGRESQL, **changes: Any) -> list[Finding]:
    settings = in_production(database_url, "postgresql://portal_migrate@db/portal", folder, **changes)
    deployment = Deployment(settings, settings.external_base_url, 80)
    return list(run([Theme("settings", checks or own_settings.CHECKS)], deployment))


def test_good_settings_are_all_ok(folder: Path):
    found = look(folder, smtp_starttls=True)

    assert severities(found) == {"ok"}
    assert {finding.check for finding in found} >= {"settings.secrets", "settings.data_folder", "settings.space"}


@pytest.mark.parametrize(
    ("changes", "severity", "word"),
    [
        ({"secret_key": "tiny-secret"}, "fail", "SECRET_KEY is missing or shorter"),
        ({"kek": "c2hvcnQ="}, "fail", "KEK is not 32 bytes"),
        ({"external_base_url": "http://portal.example.com"}, "fail", "EXTERNAL_BASE_URL must begin with https"),
        ({"mail_backend": MailBackend.MAILBOX}, "fail", "MAIL_BACKEND=mailbox"),
        ({"identity_providers": "loopback"}, "fail", "IDENTITY_PROVIDERS=loopback"),
        ({"webhook_receivers": "loopback"}, "fail", "WEBHOOK_RECEIVERS=loopback"),
        ({"proxy_hops": -1}, "fail", "PROXY_HOPS is less than 0"),
        ({"external_base_url": "http://localhost:8000"}, "warn", "EXTERNAL_BASE_URL is plain http"),
        ({"external_base_url": "http://localhost:8000"}, "warn", "PROXY_HOPS is more than 0"),
        ({"proxy_hops": 0}, "warn", "PROXY_HOPS is 0 though"),
        ({"portal_mode": Mode.DEMO}, "fail", "at the public name portal.example.com"),
        ({"portal_mode": Mode.DEMO, "external_base_url": "http://localhost"}, "warn", "This is the demo"),
        ({"password_pepper": DRAWN}, "fail", "SECRET_KEY and PASSWORD_PEPPER are the same"),
        ({"password_pepper": KEK}, "fail", "KEK and PASSWORD_PEPPER are the same"),
        ({"secret_key": KEK}, "fail", "SECRET_KEY and KEK are the same"),
        ({"secret_key": "abcabc" * 8}, "fail", "SECRET_KEY has too few different characters"),
        ({"mail_backend": MailBackend.FOLDER}, "warn", "reaches nobody"),
        ({"smtp_host": "mail.example.com", "smtp_password": "sesame"}, "fail", "SMTP_PASSWORD goes"),
        ({"smtp_host": "mail.example.com"}, "warn", "in plain text"),
        ({"gateway": Gateway.ON}, "warn", "GATEWAY is on"),
        ({"otel_endpoint": "http://collector.example.com:4318"}, "warn", "Traces leave"),
        ({"database_url": "sqlite:////tmp/p.sqlite3"}, "warn", "The database is SQLite"),
        ({"database_url": "sqlite:////tmp/p", "listen_database_url": POSTGRESQL}, "warn", "LISTEN_DATABASE_URL is set"),
        ({"database_url": "postgresql://portal_migrate@db/p"}, "fail", "log in as the same role"),
    ],
)
def test_each_setting_that_is_wrong_is_found(changes: dict[str, Any], severity: str, word: str, folder: Path):
    (one,) = [finding for finding in look(folder, **changes) if word in finding.says]

    assert one.severity.value == severity
    assert one.do


@pytest.mark.parametrize("mode", [0o701, 0o704, 0o702, 0o755, 0o777])
def test_a_data_folder_that_is_everybodys(mode: int, folder: Path):
    folder.chmod(mode)

    assert only(look(folder, own_settings.data_folder), Severity.FAIL).do == f"chmod o= {folder}"


def test_a_data_folder_that_is_missing(folder: Path):
    assert "cannot be written to" in only(look(folder / "none", own_settings.data_folder), Severity.FAIL).says


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_is_somebody_elses(folder: Path):
    folder.chmod(0o500)

    assert "cannot be written to" in only(look(folder, own_settings.data_folder), Severity.FAIL).says


def test_a_mail_folder_is_looked_at_where_mail_goes_there(folder: Path, tmp_path: Path):
    mails = tmp_path / "mails"
    mails.mkdir()
    mails.chmod(0o755)

    found = look(folder, own_settings.data_folder, mail_backend=MailBackend.FOLDER, mail_folder=mails)

    assert "MAIL_FOLDER" in only(found, Severity.FAIL).says


@pytest.mark.parametrize(("free", "severity"), [(50, "fail"), (500, "warn"), (5000, "ok")])
def test_a_disk_that_is_full(free: int, severity: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(0, 0, free * own_settings.MIB))

    assert severities(look(folder, own_settings.space)) == {severity}


# What is never said


def test_no_secret_is_in_what_is_said(folder: Path):
    settings = in_production(
        "postgresql://portal_app:s%C3%A9same%2Fopen@db/portal",
        "postgresql://portal_migrate:barbarossa@db/portal",
        folder,
        smtp_password="tell nobody & me",
    )
    hide = Hiding(settings)

    for secret in (settings.secret_key, settings.kek, settings.password_pepper, "barbarossa", "tell nobody & me"):
        assert hide(f"the word is “{secret}”.") == "the word is “…”."
    assert "same" not in hide("connection to postgresql://portal_app:s%C3%A9same%2Fopen@db failed")
    assert "tell" not in hide("tell%20nobody%20%26%20me tell+nobody+%26+me")


def test_a_check_that_breaks_keeps_no_other_from_its_turn(folder: Path):
    def breaks(_at: Deployment) -> list[Finding]:
        raise ZeroDivisionError(DRAWN)

    found = look(folder, breaks, own_settings.secrets)

    assert [finding.severity for finding in found] == [Severity.BROKEN, Severity.OK]
    assert found[0].says == "This check broke: ZeroDivisionError."
