"""The README's five minutes as a script that uses the API alone, in the demo world, against a real listener."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal.access.roles import scopes_within
from portal.accounts import store as accounts
from portal.contracts import store as contracts
from portal.delegations import people
from portal.demo import cast
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tokens import operations as tokens
from tests.cli.serving import served

TOUR = Path(__file__).parents[2] / "docs" / "tour.py"
WHO = {"MAYA": cast.MAYA, "PRIYA": cast.PRIYA, "KARIM": cast.KARIM, "RUTH": cast.RUTH}


def a_token(someone: cast.Someone) -> str:
    """As the person makes one on the page of tokens, of all scopes."""
    person = accounts.person_by_email(someone.email)
    assert person is not None
    membership = accounts.memberships_of(person.id)[0]
    actor = people.as_member(membership, contracts.powers_of(membership, clock.now()))
    ends_at = clock.now() + timedelta(days=7)
    with transaction():
        return tokens.issue(actor, name="Tour", scopes=scopes_within(actor.permissions), ends_at=ends_at).secret


@pytest.fixture
def url(app: Flask, make_world, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    make_world()
    with served(app, monkeypatch) as (address, _line):
        yield address


def test_the_tour_can_be_made_by_the_api_alone(url: str, tmp_path: Path):
    environment = os.environ | {name: a_token(someone) for name, someone in WHO.items()}
    environment["PYTHONPATH"] = str(TOUR.parents[1])

    done = subprocess.run(
        [sys.executable, str(TOUR), url], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "0 of 2 environments ready" in done.stdout
    assert "accepted: active" in done.stdout
    assert "delegation: ended" in done.stdout
    assert "refused (not_signer)" in done.stdout
    assert len(list(tmp_path.glob("*.pem"))) == 4
