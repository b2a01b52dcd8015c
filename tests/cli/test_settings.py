"""A start with a missing or unsafe setting ends with sentences that say what to do, and without a traceback."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import Settings, UnsafeSettings, from_environment
from portal.foundation.sealing import key_id_of

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "PORTAL_MODE": "production",
    "DATABASE_URL": "sqlite://",
    "SECRET_KEY": "for tests only, and long enough to pass",
    "KEK": "Zm9yIHRlc3RzIG9ubHksIDMyIG9jdGV0cyBsb25nLi4=",
    "PASSWORD_PEPPER": "for tests only too, and long enough",
    "EXTERNAL_BASE_URL": "https://portal.example.com",
    "MAIL_BACKEND": "folder",
    "MAIL_FROM": "portal@example.com",
}
OTHER_KEK = base64.b64encode(bytes(range(32))).decode()
RING = ("KEK_CHECK", "KEK_OTHERS", "KEK_LOST")


@pytest.fixture
def environment(monkeypatch):
    """The environment with good settings and what a test changes of them; None takes one away."""

    def change(**changes: str | None) -> None:
        for name in ("MIGRATION_DATABASE_URL", "PROXY_HOPS", *RING, *GOOD):
            monkeypatch.delenv(name, raising=False)
        for name, value in (GOOD | changes).items():
            if value is not None:
                monkeypatch.setenv(name, value)

    return change


def problems() -> list[str]:
    with pytest.raises(UnsafeSettings) as unsafe:
        from_environment()
    return unsafe.value.problems


def test_good_settings_pass(environment):
    environment()

    assert not from_environment().is_demo


@pytest.mark.parametrize("mode", [None, "", "staging"])
def test_the_mode_is_never_guessed(mode, environment):
    environment(PORTAL_MODE=mode)

    assert problems() == ["PORTAL_MODE is missing or unknown: set it to demo or to production."]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", None),
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("KEK", None),
        ("KEK", "not base64"),
        ("KEK", "c2hvcnQ="),
        ("KEK", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("KEK_CHECK", "01234567"),
        ("KEK_OTHERS", "not base64"),
        ("KEK_OTHERS", "c2hvcnQ="),
        ("KEK_OTHERS", f"{OTHER_KEK},é"),
        ("KEK_OTHERS", f"{OTHER_KEK}, {OTHER_KEK}"),
        ("KEK_OTHERS", "Zm9yIHRlc3RzIG9ubHksIDMyIG9jdGV0cyBsb25nLi4="),
        ("KEK_LOST", "everything"),
        ("KEK_LOST", "0123456789abcdef"),
        ("EXTERNAL_BASE_URL", None),
        ("EXTERNAL_BASE_URL", "http://portal.example.com"),
        ("EXTERNAL_BASE_URL", "https://portal.example.com/below"),
        ("OTEL_ENDPOINT", "localhost:4318"),
        ("OTEL_ENDPOINT", "http://[collector"),
        ("OTEL_ENDPOINT", "http://collector:4318/?key=abc"),
        ("WORKER_METRICS_PORT", "70000"),
        ("MAIL_FROM", None),
        ("MAIL_FROM", "portal.example.com"),
        ("MAIL_BACKEND", "mailbox"),
        ("MAIL_BACKEND", "pigeon"),
        ("PROXY_HOPS", "many"),
        ("PROXY_HOPS", "-1"),
    ],
)
def test_a_setting_that_is_missing_or_unsafe_is_named(name, value, environment):
    environment(**{name: value})

    (problem,) = problems()
    assert name in problem


def test_a_ring_of_keys_passes(environment):
    known = key_id_of(base64.b64decode(GOOD["KEK"]))
    environment(KEK_CHECK=known, KEK_OTHERS=f"{OTHER_KEK}, {base64.b64encode(bytes(32)).decode()}", KEK_LOST="0a1b2c3d")

    settings = from_environment()

    assert settings.other_keks == [bytes(range(32)), bytes(32)]
    assert settings.lost_keks == {"0a1b2c3d"}


def test_a_key_that_is_here_is_not_lost(environment):
    environment(KEK_OTHERS=OTHER_KEK, KEK_LOST=key_id_of(bytes(range(32))))

    (problem,) = problems()
    assert problem.startswith("KEK_LOST")


def test_a_wrong_check_value_says_which_key_there_is(environment):
    environment(KEK_CHECK="01234567")

    (problem,) = problems()
    assert key_id_of(base64.b64decode(GOOD["KEK"])) in problem


@given(kek=st.binary(min_size=32, max_size=32), garbage=st.text(max_size=50), lost=st.text(max_size=20))
def test_no_sentence_tells_a_key(kek: bytes, garbage: str, lost: str):
    text = base64.b64encode(kek).decode()
    settings = Settings(**{name.lower(): value for name, value in GOOD.items()} | {
        "kek": text, "kek_check": "01234567", "kek_others": f"{text},{text},{garbage}", "kek_lost": lost,
    })  # fmt: skip

    with pytest.raises(UnsafeSettings) as unsafe:
        settings.check()

    assert text not in str(unsafe.value)
    assert kek.hex() not in str(unsafe.value)


def test_on_postgresql_migrations_ask_for_a_role_of_their_own():
    settings = GOOD | {"DATABASE_URL": "postgresql://portal_app@db/portal"}
    clean = {name: value for name, value in os.environ.items() if name not in (*GOOD, "MIGRATION_DATABASE_URL")}

    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        cwd=ROOT, env=clean | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode != 0
    assert "MIGRATION_DATABASE_URL is missing" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_demo_on_this_machine_passes(environment):
    environment(PORTAL_MODE="demo", EXTERNAL_BASE_URL="http://localhost:8000")

    assert from_environment().is_demo


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://portal_app@db/portal"),
        ("EXTERNAL_BASE_URL", "https://portal.example.com"),
    ],
)
def test_a_demo_beyond_this_machine_is_refused(name, value, environment):
    environment(**{"PORTAL_MODE": "demo", "EXTERNAL_BASE_URL": "http://localhost:8000"} | {name: value})

    (problem,) = problems()
    assert name in problem


def test_all_problems_are_said_at_once(environment):
    environment(SECRET_KEY=None, KEK=None)

    assert len(problems()) == 2


@pytest.mark.parametrize("words", [("portal", "init"), ("worker",), ("audit", "verify")])
def test_a_command_with_unsafe_settings_ends_in_sentences(words):
    settings = {"PATH": os.environ["PATH"]} | GOOD | {"SECRET_KEY": ""}

    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words], cwd=ROOT, env=settings, capture_output=True, text=True
    )

    assert ended.returncode == 1
    assert "The portal does not start:\n- SECRET_KEY is missing" in ended.stderr
    assert "Traceback" not in ended.stderr
