"""`flask portal service-credential`: the secret alone on standard output, once; everything else beside it."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest

from portal.access.actor import Actor, system_actor
from portal.credentials import store, tokens
from portal.credentials.models import ServiceCredential
from portal.foundation import clock
from portal.foundation.database import db
from tests.cli.conftest import Run
from tests.credentials.scenes import a_credential, events, rotated
from tests.factories import a_vendor

COMMAND = ("portal", "service-credential")
TOKEN = re.compile(r"psc_[A-Za-z0-9_-]{43}\n")


@pytest.fixture
def vendor() -> Actor:
    return system_actor("tests", a_vendor().tenant_id)


def found(vendor: Actor) -> list[ServiceCredential]:
    db.session.rollback()
    return list(store.everything(vendor))


def test_a_last_day_in_a_hundred_years_is_refused(run: Run, vendor: Actor):
    result = run(*COMMAND, "--issue", "Edge gateway", "--last-day", "2199-12-31")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "ten years" in result.stderr


def test_a_last_day_is_the_whole_of_it(run: Run, vendor: Actor):
    last_day = clock.now().date() + timedelta(days=30)

    run(*COMMAND, "--issue", "Edge gateway", "--last-day", last_day.isoformat())

    assert found(vendor)[0].expires_at == datetime.combine(last_day + timedelta(days=1), time(), tzinfo=UTC)


def test_the_secret_of_what_works_is_all_that_goes_to_standard_output(run: Run, vendor: Actor):
    result = run(*COMMAND, "--issue", "Edge gateway", "--service", "live-search")

    (working,) = store.all_working(clock.now())
    assert TOKEN.fullmatch(result.stdout)
    assert working.digest == tokens.digest_of(result.stdout.strip())
    assert working.service_code == "live-search"
    assert f"{working.public_id}  Edge gateway, for live-search: works" in result.stderr


def test_issuing_is_one_event_of_the_vendor_by_the_command_line(run: Run, vendor: Actor):
    run(*COMMAND, "--issue", "Edge gateway")

    assert events() == [("service_credential.issued", {"service": "all", "until": None})]
    assert found(vendor)[0].created_by_id is None


def test_an_unknown_service_is_named_with_those_that_there_are(run: Run, vendor: Actor):
    result = run(*COMMAND, "--issue", "Edge gateway", "--service", "nothing")

    assert result.exit_code == 2
    assert "live-search" in result.stderr
    assert found(vendor) == []


def test_rotating_shows_the_successor_and_says_when_the_old_one_stops(run: Run, vendor: Actor):
    old = a_credential(vendor).credential.public_id

    result = run(*COMMAND, "--rotate", old, "--overlap", "0")

    assert TOKEN.fullmatch(result.stdout)
    assert f"The old one, {old}, stops on" in result.stderr
    (working,) = store.all_working(clock.now())
    assert working.digest == tokens.digest_of(result.stdout.strip())


def test_rotating_twice_is_refused_and_shows_nothing(run: Run, vendor: Actor):
    old = a_credential(vendor).credential
    rotated(vendor, old)

    result = run(*COMMAND, "--rotate", old.public_id)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "has a successor already" in result.stderr


def test_revoking_needs_a_reason(run: Run, vendor: Actor):
    credential = a_credential(vendor).credential.public_id

    assert run(*COMMAND, "--revoke", credential).exit_code == 1
    assert run(*COMMAND, "--revoke", credential, "--reason", "It was left in a log.").exit_code == 0
    assert store.all_working(clock.now()) == []


def test_the_list_says_where_each_stands_and_no_secret(run: Run, vendor: Actor):
    issued = a_credential(vendor, "Edge gateway")
    new = rotated(vendor, issued.credential)

    output = run(*COMMAND, "--list").output

    assert re.search(
        rf"{issued.credential.public_id}  Edge gateway, for all services: ends .* UTC, .*never used", output
    )
    assert re.search(rf"{new.credential.public_id}  Edge gateway, for all services: works, ", output)
    assert "psc_" not in output


@pytest.mark.parametrize("words", [(), ("--list", "--issue", "One"), ("--rotate", "a", "--revoke", "b")])
def test_it_does_one_thing_at_a_time(words: tuple[str, ...], run: Run, vendor: Actor):
    assert run(*COMMAND, *words).exit_code == 2


def test_an_id_that_does_not_exist_is_refused_in_a_sentence(run: Run, vendor: Actor):
    result = run(*COMMAND, "--revoke", "crd_00000000000000000000", "--reason", "Gone.")

    assert result.exit_code == 1
    assert "There is nothing here" in result.stderr


def test_before_there_is_a_vendor_it_says_what_to_do(run: Run):
    result = run(*COMMAND, "--list")

    assert result.exit_code == 1
    assert "flask portal init" in result.stderr
