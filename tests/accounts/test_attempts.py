"""The choke point of sign-in: throttled, never locked out, alike for known and unknown."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.accounts import attempts, passwords
from portal.accounts.attempts import Password, attempt
from portal.accounts.errors import TooManyAttempts, WrongPassword
from portal.accounts.models import AttemptCounter
from portal.audit.operations import SYSTEM_CHAIN
from portal.foundation import clock
from portal.foundation.database import db, transaction
from tests.accounts.record import events_in, last_event
from tests.factories import PASSWORD, a_person

HERE, THERE = "192.0.2.1", "198.51.100.7"
EMAIL = "mara@example.com"


def fail(times, email=EMAIL, network=HERE):
    for _ in range(times):
        with pytest.raises(WrongPassword):
            attempt(email, Password("wrong"), network)


def test_the_right_password_is_a_proof_of_the_person():
    person = a_person(email=EMAIL)

    assert attempt(EMAIL, Password(PASSWORD), HERE).person_id == person.id


def test_an_address_is_known_however_its_case_is_written():
    person = a_person(email=EMAIL)

    assert attempt(" MARA@Example.com", Password(PASSWORD), HERE).person_id == person.id


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), PASSWORD + " ", "a\x00b", "\ud800"])
def test_a_wrong_password_is_refused(password):
    a_person(email=EMAIL)

    with pytest.raises(WrongPassword):
        attempt(EMAIL, Password(password), HERE)


def test_an_unknown_address_is_refused_alike():
    with pytest.raises(WrongPassword):
        attempt("nobody@example.com", Password(PASSWORD), HERE)


def test_a_disabled_person_is_refused_alike():
    person = a_person(email=EMAIL)
    with transaction():
        person.disabled_at = clock.now()

    fail(1)
    with pytest.raises(WrongPassword):
        attempt(EMAIL, Password(PASSWORD), HERE)


def test_known_unknown_and_disabled_cost_one_verification_each(monkeypatch):
    disabled = a_person(email="disabled@example.com")
    a_person(email=EMAIL)
    with transaction():
        disabled.disabled_at = clock.now()
    verified = []
    hasher = passwords._get_kiln()._hasher
    spy = type("Spy", (), {"verify": lambda _self, *parts: verified.append(parts) or hasher.verify(*parts)})
    monkeypatch.setattr(passwords._get_kiln(), "_hasher", spy())

    for email in (EMAIL, "nobody@example.com", "disabled@example.com"):
        fail(1, email)

    assert len(verified) == 3


def test_known_and_unknown_run_the_same_number_of_statements(statements):
    a_person(email=EMAIL)
    fail(1)
    fail(1, "warm@example.com")

    with statements() as known:
        fail(1)
    with statements() as unknown:
        fail(1, "nobody@example.com")

    assert known() == unknown()


def test_ten_wrong_passwords_from_one_place_make_it_wait():
    a_person(email=EMAIL)
    fail(10)

    with pytest.raises(TooManyAttempts) as refusal:
        attempt(EMAIL, Password(PASSWORD), HERE)

    assert refusal.value.facts["minutes"] == 15


def test_an_unknown_address_has_to_wait_alike():
    fail(10, "nobody@example.com")

    with pytest.raises(TooManyAttempts):
        attempt("nobody@example.com", Password("wrong"), HERE)


def test_nobody_is_locked_out_the_wait_is_a_quarter_of_an_hour():
    person = a_person(email=EMAIL)
    fail(11 - 1)

    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=1), tick=False):
        assert attempt(EMAIL, Password(PASSWORD), HERE).person_id == person.id


def test_an_attack_from_one_place_does_not_keep_the_owner_out_elsewhere():
    person = a_person(email=EMAIL)
    fail(10, network=THERE)
    for _ in range(50):
        with pytest.raises(TooManyAttempts):
            attempt(EMAIL, Password("wrong"), THERE)

    assert attempt(EMAIL, Password(PASSWORD), HERE).person_id == person.id


def test_an_attack_from_everywhere_leaves_each_place_three_attempts():
    a_person(email=EMAIL)
    for number in range(10):
        fail(3, network=f"203.0.113.{number}")

    fail(3)
    with pytest.raises(TooManyAttempts):
        attempt(EMAIL, Password("wrong"), HERE)


def test_the_right_password_begins_the_count_anew():
    a_person(email=EMAIL)
    fail(9)
    attempt(EMAIL, Password(PASSWORD), HERE)

    fail(10)


def test_many_failures_on_many_accounts_make_a_place_wait(monkeypatch):
    assert attempts.PER_NETWORK == 100
    monkeypatch.setattr(attempts, "PER_NETWORK", 12)
    for number in range(12):
        fail(1, f"guess{number}@example.com")

    with pytest.raises(TooManyAttempts):
        attempt("another@example.com", Password("wrong"), HERE)


def test_an_office_that_signs_in_every_morning_does_not_wait(monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 3)
    people = [a_person() for _ in range(3)]

    for person in people * 4:
        assert attempt(person, Password(PASSWORD), HERE).person_id == person.id


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("192.0.2.1", "::ffff:192.0.2.1"), ("", "not an address")],
)
def test_addresses_of_one_subscriber_count_together(one, other):
    a_person(email=EMAIL)
    fail(10, network=one)

    with pytest.raises(TooManyAttempts):
        attempt(EMAIL, Password("wrong"), other)


def test_an_attempt_counts_even_when_checking_it_breaks(monkeypatch):
    a_person(email=EMAIL)
    monkeypatch.setattr(passwords, "matches", lambda *_: 1 / 0)
    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            attempt(EMAIL, Password("wrong"), HERE)
        db.session.rollback()

    with pytest.raises(TooManyAttempts):
        attempt(EMAIL, Password("wrong"), HERE)


def test_parallel_guesses_spend_no_more_than_ten(app):
    a_person(email=EMAIL)
    db.session.remove()

    def guess(_number):
        with app.app_context():
            try:
                attempt(EMAIL, Password("wrong"), HERE)
            except (WrongPassword, TooManyAttempts) as refusal:
                return type(refusal)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(guess, range(40)))

    assert refusals.count(WrongPassword) == 10


def test_a_failure_is_one_event_in_the_persons_chain():
    person = a_person("Mara Lind", email=EMAIL)

    fail(1)

    event = last_event(person.id)
    assert (event.event, event.subject_label) == ("person.sign_in_failed", "Mara Lind")


def test_a_failure_for_an_unknown_address_is_recorded_without_what_was_typed():
    fail(1, "my secret password by mistake")

    event = last_event(SYSTEM_CHAIN)
    assert event.event == "person.sign_in_failed"
    assert "secret" not in f"{event.subject_label}{event.subject_id}{event.facts}"


def test_a_proof_is_no_event_by_itself():
    person = a_person(email=EMAIL)

    attempt(EMAIL, Password(PASSWORD), HERE)

    assert events_in(person.id) == []


def test_a_hash_of_older_costs_is_renewed(app):
    person = a_person(email=EMAIL)
    pepper = app.config["PORTAL"].password_pepper
    with transaction():
        person.password_hash = passwords._Kiln(pepper, 16).hash(PASSWORD)

    proof = attempt(EMAIL, Password(PASSWORD), HERE)

    assert not passwords.is_outdated(proof.renewed.hash)


def test_the_counters_do_not_hold_the_address():
    fail(1)

    buckets = db.session.scalars(select(AttemptCounter.bucket)).all()
    assert not any("mara" in bucket for bucket in buckets)
