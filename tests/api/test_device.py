"""A command line signs in: it asks, its person answers on a page, it fetches the token once."""

from datetime import timedelta

import pytest

from portal.access.roles import Role, Scope
from portal.accounts import attempts, members
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tokens import devices, operations, store
from portal.tokens.models import TokenState
from tests.factories import a_licensee, a_member, membership_of, tenant_of


@pytest.fixture
def later(monkeypatch):
    """Moves the clock on: `later(seconds=5)`, each time from where it is."""
    moved, real = [timedelta()], clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(**by: float) -> None:
        moved[0] += timedelta(**by)

    return move


def begun(call, **others):
    return call("device", **{"machine": "ada@laptop", "scopes": "read keys"} | others).json


def approve(actor, code: str, *scopes: Scope):
    with transaction():
        return devices.approve(
            actor,
            devices.get(code),
            name="ada@laptop",
            scopes=frozenset(scopes),
            ends_at=clock.now() + timedelta(days=30),
        )


def refuse(actor, code: str) -> None:
    with transaction():
        devices.refuse(actor, devices.get(code))


def state_of_the_one(actor) -> TokenState:
    db.session.rollback()
    (token,) = store.page(actor, everybodys=False).rows
    return token.state(clock.now())


def asked(call, told, network="192.0.2.7"):
    return call("device/token", device_code=told["device_code"], network=network)


def test_a_command_line_is_told_both_codes_and_where_to_type_the_one(call):
    told = begun(call)

    assert told["verification_uri"].endswith("/device")
    assert told["verification_uri_complete"].endswith(f"/device?user_code={told['user_code']}")
    assert (told["interval"], told["expires_in"]) == (5, 600)
    assert len(told["device_code"]) == 43


def test_until_somebody_approves_it_is_pending(call):
    answer = asked(call, begun(call))

    assert (answer.status_code, answer.json["code"]) == (400, "authorization_pending")


def test_an_approved_one_fetches_a_token_that_works(call, owner):
    told = begun(call)
    approve(owner, told["user_code"], Scope.KEYS)

    answer = asked(call, told)

    token = operations.find(answer.json["token"], clock.now())
    assert token.scopes == {Scope.READ, Scope.KEYS}
    assert token.public_id == answer.json["id"]
    assert answer.json["account"] == tenant_of(owner).account_id
    assert answer.json["scopes"] == "keys read"


def test_the_token_is_fetched_once(call, owner, later):
    told = begun(call)
    approve(owner, told["user_code"])
    asked(call, told)
    later(seconds=6)

    answer = asked(call, told)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_grant")


def test_until_it_is_fetched_an_approved_token_waits_and_then_it_works(call, owner):
    told = begun(call)
    approve(owner, told["user_code"])
    before = state_of_the_one(owner)

    asked(call, told)

    assert (before, state_of_the_one(owner)) == (TokenState.WAITING, TokenState.WORKING)


def test_one_that_nobody_fetched_in_time_says_so_and_counts_no_more(call, owner, later):
    told = begun(call)
    approve(owner, told["user_code"])
    held = store.count_held(owner, owner.membership_id, clock.now())
    later(minutes=10)

    assert asked(call, told).json["code"] == "expired_token"
    assert state_of_the_one(owner) is TokenState.UNFETCHED
    assert (held, store.count_held(owner, owner.membership_id, clock.now())) == (1, 0)


def test_a_token_that_was_ended_before_it_was_fetched_is_refused(call, owner):
    told = begun(call)
    token = approve(owner, told["user_code"])
    with transaction():
        operations.end(owner, token)

    assert asked(call, told).json["code"] == "access_denied"


def test_a_refused_one_is_told_so(call, owner):
    told = begun(call)
    refuse(owner, told["user_code"])

    assert asked(call, told).json["code"] == "access_denied"


def test_who_asks_too_often_is_slowed_down_more_each_time(call, later):
    told = begun(call)
    asked(call, told)

    first = asked(call, told)
    later(seconds=9)
    second = asked(call, told)
    later(seconds=15)
    third = asked(call, told)

    assert [one.json["code"] for one in (first, second, third)] == ["slow_down", "slow_down", "authorization_pending"]
    assert (first.headers["Retry-After"], second.headers["Retry-After"]) == ("10", "15")


def test_after_ten_minutes_the_code_is_over(call, owner, later):
    told = begun(call)
    later(minutes=10)

    assert asked(call, told).json["code"] == "expired_token"


def test_a_code_of_nobody_counts_as_a_guess(call, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 1)

    assert asked(call, {"device_code": "x" * 43}).json["code"] == "invalid_grant"
    assert asked(call, {"device_code": "x" * 43}).status_code == 429


def test_beginning_counts_as_a_guess(call, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 1)
    begun(call)

    assert call("device", machine="ada@laptop").status_code == 429


def test_a_token_whose_person_left_before_it_was_fetched_is_refused(call, owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)
    told = begun(call)
    approve(developer, told["user_code"])
    with transaction():
        members.remove(owner, membership_of(developer))

    assert asked(call, told).json["code"] == "access_denied"


def test_a_scope_that_does_not_exist_is_told(call):
    answer = call("device", machine="ada@laptop", scopes="read everything")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_scope")


def test_a_machine_has_a_name(call):
    assert call("device", machine=" ").status_code == 422


def test_approving_twice_is_told(call, owner):
    told = begun(call)
    approve(owner, told["user_code"])

    with pytest.raises(devices.DecidedAlready):
        approve(owner, told["user_code"])


def test_a_code_has_one_answer_whoever_gives_it(call, owner):
    told = begun(call)
    refuse(a_licensee(), told["user_code"])

    with pytest.raises(devices.DecidedAlready):
        approve(owner, told["user_code"])


def test_only_hashes_of_the_codes_are_kept(call):
    told = begun(call)
    db.session.rollback()

    row = devices.get(told["user_code"])

    kept = str(vars(row))
    assert told["user_code"] not in kept
    assert told["device_code"] not in kept


def test_requests_are_forgotten_after_a_day(call, later):
    told = begun(call)
    later(days=2)
    with transaction():
        devices.tidy_up()

    assert asked(call, told).json["code"] == "invalid_grant"
