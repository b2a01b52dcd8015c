"""`flask portal check` as an operator runs it: a process with the settings of the portal that runs behind its proxy."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from sqlalchemy import make_url

from portal.app import create_app
from portal.cli.checking import command, sealed
from portal.config import Settings
from portal.foundation.database import db
from portal.kek import operations
from tests.certificates import certify
from tests.cli.checking.conftest import in_production
from tests.cli.checking.standing import RIGHT, ROOT, Ports, a_portal, environment, nginx, ports
from tests.cli.conftest import Run
from tests.conftest import DATABASE
from tests.database import postgres_cluster

NAME = "portal_test_check_command"
PASSWORD = "sesame/open&wide"


@dataclass(frozen=True)
class Standing:
    """A portal that runs, and the environment that it and its commands have."""

    settings: Settings
    places: Ports
    folder: Path

    def check(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """`flask portal check` with these words, and with an environment that differs in this."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "portal", "check", *words],
            cwd=ROOT,
            env=environment(self.settings) | {"SSL_CERT_FILE": str(self.folder / "certificate.pem")} | changes,
            capture_output=True,
            text=True,
        )

    def in_json(self, **changes: str) -> tuple[int, dict[str, str]]:
        """How it ended, and the severity of each check: of its worst finding."""
        ended = self.check("--json", "--http-port", str(self.places.http), **changes)
        assert not ended.stderr, ended.stderr
        severities: dict[str, str] = {}
        order = ["ok", "not checked", "warn", "broken", "fail"]
        for finding in json.loads(ended.stdout)["findings"]:
            before = severities.get(finding["check"], "ok")
            severities[finding["check"]] = max(before, finding["severity"], key=order.index)
        return ended.returncode, severities


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where an empty database is, of the kind under test."""
    if DATABASE == "sqlite":
        folder = tmp_path_factory.mktemp("database")
        os.chmod(folder, 0o700)
        yield f"sqlite:///{folder / 'portal.sqlite3'}", ""
        return
    with postgres_cluster() as cluster:
        app_url, migration_url = cluster.create_database(NAME)
        with_password = make_url(app_url).set(password=PASSWORD)
        yield with_password.render_as_string(hide_password=False), migration_url
        cluster.drop_database(NAME)


@pytest.fixture(scope="module")
def standing(urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A portal in production, with nothing wrong, that has run for a while."""
    folder, places = tmp_path_factory.mktemp("portal"), ports()
    folder.chmod(0o700)
    settings = in_production(
        *urls, folder, external_base_url=f"https://localhost:{places.https}", smtp_password=PASSWORD
    )
    with create_app(settings).app_context():
        upgrade()
        for engine in db.engines.values():
            engine.dispose()
    certify(folder)
    with a_portal(settings, places.portal, folder), nginx(places, folder, RIGHT):
        yield Standing(settings, places, folder)


@pytest.mark.own_database
def test_with_nothing_wrong_it_ends_with_0(standing: Standing):
    code, severities = standing.in_json()

    assert code == 0
    assert {name for name, severity in severities.items() if severity == "fail"} == set()
    themes = {name.partition(".")[0] for name in severities}
    own = "sqlite" if DATABASE == "sqlite" else "postgresql"
    assert themes == {"settings", "database", own, "kek", "clock", "address", "proxies", "work"}
    assert severities["proxies.arrival"] == severities["address.of_answers"] == severities["database.migrated"] == "ok"


@pytest.mark.own_database
@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"PROXY_HOPS": "2"}, {"proxies.arrival"}),
        ({"PASSWORD_PEPPER": "q8Zt1mB0vY3nR6pL9sD2fG5hJ7kW4xC1aEoUiT"}, {"settings.secrets"}),
        ({"EXTERNAL_BASE_URL": "https://localhost:1"}, {"address.answers", "address.plain_http"}),
        ({"DATA_FOLDER": "/nowhere"}, {"settings.data_folder"}),
    ],
)
def test_with_something_wrong_it_ends_with_1(changes: dict[str, str], failing: set[str], standing: Standing):
    code, severities = standing.in_json(**changes)

    assert code == 1
    assert {name for name, severity in severities.items() if severity == "fail"} == failing


@pytest.mark.own_database
def test_people_read_it_by_theme_with_what_to_do(standing: Standing):
    ended = standing.check("--http-port", str(standing.places.http), PROXY_HOPS="2")

    lines = ended.stdout.splitlines()
    assert ended.returncode == 1
    assert lines[0] == "settings"
    assert "proxies" in lines
    (place,) = [number for number, line in enumerate(lines) if line.startswith("  fail")]
    assert "PROXY_HOPS=1, and not 2" in lines[place]
    assert lines[place + 1].strip().startswith("→ ")
    assert lines[-1].startswith("1 fail, ")


@pytest.mark.own_database
@pytest.mark.parametrize("changes", [{}, {"DATABASE_URL": f"postgresql://portal_app:{PASSWORD}@127.0.0.1:1/portal"}])
def test_it_says_no_secret(changes: dict[str, str], standing: Standing):
    ended = standing.check("--json", **changes)

    settings = standing.settings
    for secret in (settings.secret_key, settings.kek, settings.password_pepper, PASSWORD, "sesame"):
        assert secret not in ended.stdout + ended.stderr


@pytest.mark.own_database
def test_an_address_that_is_none_cannot_be_checked(standing: Standing):
    ended = standing.check("--url", "portal.example.com")

    assert ended.returncode == 2
    assert "Give an address such as" in ended.stderr


@pytest.mark.own_database
def test_settings_that_keep_the_portal_from_starting_are_said(standing: Standing):
    """Then there is no application whose command this could be."""
    code, severities = standing.in_json(SECRET_KEY="", KEK="c2VzYW1lLW9wZW4=")

    assert code == 1
    assert severities == {"settings.allowed": "fail", "settings.others": "not checked"}


@pytest.mark.no_database
def test_they_are_findings_with_what_to_do(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="1"):
        command.tell_of_refusal(["KEK is too short: make one."], ["flask", "--app", "wsgi", "portal", "check"])

    assert "fail         KEK is too short.\n               → Make one.\n" in capsys.readouterr().out


@pytest.mark.no_database
@pytest.mark.parametrize("words", [["flask", "portal", "init"], ["flask", "check"], ["portal"], []])
def test_other_commands_are_not_answered_for(words: list[str]):
    command.tell_of_refusal(["KEK is too short: make one."], words)


def test_a_check_that_breaks_cannot_tell(run: Run, production: Any, monkeypatch: pytest.MonkeyPatch):
    def breaks() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(command, "themes", lambda _settings: [command.Theme("kek", (sealed.kek,), True)])
    monkeypatch.setattr(operations, "in_use", breaks)

    ended = run("portal", "check")

    assert ended.exit_code == 2
    assert "broken       This check broke: ZeroDivisionError." in ended.output
