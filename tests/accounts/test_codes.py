"""Codes of apps and recovery codes at the choke point: each works once, and guessing does not pay."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select

from portal.accounts import attempts, factor_store, recovery_codes, totp
from portal.accounts.attempts import Password, attempt
from portal.accounts.codes import Code
from portal.accounts.errors import TooManyAttempts, WrongCode, WrongPassword
from portal.accounts.models import Means, RecoveryCode, SecondFactor
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.sealing import CannotUnseal, Sealer
from tests.accounts.factors import HERE, an_app
from tests.accounts.record import last_event
from tests.factories import PASSWORD, a_person
from tests.parallel import at_once

THERE = "198.51.100.7"
NOON = datetime(2027, 5, 3, 12, 0, 10, tzinfo=UTC)


def wrong(app, times=1, network=HERE, device=None):
    for _ in range(times):
        with pytest.raises(WrongCode):
            attempt(app.person, Code("abcdef"), network, device)


def test_the_code_of_the_app_is_a_proof_of_the_person():
    app = an_app()

    proof = attempt(app.person, Code(app.code()), HERE)

    assert (proof.person_id, proof.means) == (app.person.id, Means.TOTP)


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1} "])
def test_spaces_do_not_count(typed):
    app = an_app()

    assert attempt(app.person, Code(typed.format(app.code()[:3], app.code()[3:])), HERE)


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"])
def test_only_ascii_digits_are_digits(digits):
    app = an_app()
    typed = "".join(digits[int(digit)] for digit in app.code())

    with pytest.raises(WrongCode):
        attempt(app.person, Code(typed), HERE)


@pytest.mark.parametrize(
    "typed", ["", " ", "12345", "1234567", "\x00", "\ud800", "a" * 5000, "-12345", "+12345", "1e5"]
)
def test_what_is_no_code_is_refused(typed):
    with pytest.raises(WrongCode):
        attempt(an_app().person, Code(typed), HERE)


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_differ_by_one_step(steps, is_right):
    app = an_app()

    with time_machine.travel(NOON, tick=False):
        found = totp.step_of(app.seed, app.code(steps), clock.now())

    assert (found is not None) == is_right


def test_the_codes_are_those_of_the_rfc():
    seed, at = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), datetime.fromtimestamp(1111111109, UTC)

    assert totp.step_of(seed.secret, "081804", at) == 1111111109 // 30  # RFC 6238, appendix B: 07081804


def test_a_code_works_once():
    app = an_app()
    code = app.code()
    attempt(app.person, Code(code), HERE)

    with pytest.raises(WrongCode):
        attempt(app.person, Code(code), HERE)


def test_after_a_code_an_earlier_one_is_refused():
    app = an_app()
    attempt(app.person, Code(app.code(1)), HERE)

    for steps in (-1, 0, 1):
        with pytest.raises(WrongCode):
            attempt(app.person, Code(app.code(steps)), HERE)


def test_the_next_code_is_accepted():
    app = an_app()
    attempt(app.person, Code(app.code()), HERE)

    assert attempt(app.person, Code(app.code(1)), HERE)


def test_the_same_code_at_the_same_moment_works_once():
    app = an_app()
    person_id, code = app.person.email, app.code()
    db.session.remove()

    assert at_once(lambda _number: attempt(person_id, Code(code), HERE), 10) == {"done": 1, "wrong_code": 9}


def test_a_recovery_code_at_the_same_moment_works_once():
    app = an_app()
    email, code = app.person.email, app.codes[0]
    db.session.remove()

    assert at_once(lambda _number: attempt(email, Code(code), HERE), 10) == {"done": 1, "wrong_code": 9}


def test_200_parallel_guesses_spend_ten_attempts(app):
    email = an_app().person.email
    db.session.remove()

    def guess(number):
        with app.app_context():
            try:
                attempt(email, Code(f"x{number:05}"), HERE)
            except (WrongCode, TooManyAttempts) as refusal:
                return type(refusal)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(16) as pool:
        refusals = list(pool.map(guess, range(200)))

    print("200 guesses at once:", refusals.count(WrongCode), "checked")
    assert (refusals.count(WrongCode), refusals.count(TooManyAttempts)) == (10, 190)


def test_the_right_password_does_not_begin_the_count_of_codes_anew():
    app = an_app()
    for _ in range(10):
        attempt(app.person, Password(PASSWORD), HERE)
        wrong(app)

    with pytest.raises(TooManyAttempts):
        attempt(app.person, Code(app.code()), HERE)


def test_wrong_codes_take_nothing_from_the_password():
    app = an_app()
    wrong(app, 10)

    assert attempt(app.person, Password(PASSWORD), HERE)


def test_guesses_from_everywhere_end_at_thirty_in_a_quarter_of_an_hour():
    app = an_app()
    for number in range(10):
        wrong(app, 3, f"203.0.113.{number}")

    with pytest.raises(TooManyAttempts):
        attempt(app.person, Code(app.code()), THERE)


def test_one_place_alone_does_not_make_others_wait():
    app = an_app()
    wrong(app, 10)
    for _ in range(40):
        with pytest.raises(TooManyAttempts):
            attempt(app.person, Code("123456"), HERE)

    assert attempt(app.person, Code(app.code()), THERE)


def test_guesses_from_everywhere_do_not_keep_the_owner_out_of_a_known_device():
    app = an_app()
    for number in range(10):
        wrong(app, 3, f"203.0.113.{number}")

    assert attempt(app.person, Code(app.code()), THERE, "a known device")


def test_a_known_device_has_ten_attempts_wherever_it_is():
    app = an_app()
    for number in range(10):
        wrong(app, 1, f"203.0.113.{number}", "a known device")

    with pytest.raises(TooManyAttempts):
        attempt(app.person, Code(app.code()), THERE, "a known device")


def test_a_known_device_does_not_wait_for_its_network(monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 2)
    app = an_app()
    wrong(app, 2)
    with pytest.raises(TooManyAttempts):
        attempt(app.person, Password(PASSWORD), HERE)

    assert attempt(app.person, Password(PASSWORD), HERE, "a known device")


def test_a_hundred_guesses_are_all_for_a_day(monkeypatch):
    assert attempts.CODES_A_DAY == 100
    monkeypatch.setattr(attempts, "CODES_A_DAY", 6)
    app, now = an_app(), clock.now()
    for hours in range(3):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            wrong(app, 2)

    with time_machine.travel(now + timedelta(hours=4), tick=False), pytest.raises(TooManyAttempts) as refusal:
        attempt(app.person, Code("123456"), HERE)

    assert refusal.value.facts["minutes"] > 60
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        assert attempt(app.person, Code(app.code()), HERE)


def test_an_attempt_counts_even_when_checking_it_breaks(monkeypatch):
    app = an_app()
    monkeypatch.setattr(factor_store, "second_factors", lambda *_: 1 / 0)
    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            attempt(app.person, Code("123456"), HERE)
        db.session.rollback()

    with pytest.raises(TooManyAttempts):
        attempt(app.person, Code("123456"), HERE)


def test_a_wrong_code_is_an_event_of_the_person():
    app = an_app()

    wrong(app)

    assert last_event(app.person.id).event == "person.code_refused"


@pytest.mark.parametrize("spelling", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_recovery_code_may_be_spelled_in_many_ways(spelling):
    app = an_app()

    assert attempt(app.person, Code(spelling(app.codes[3])), HERE).means is Means.RECOVERY_CODE


def test_a_recovery_code_works_once():
    app = an_app()
    attempt(app.person, Code(app.codes[0]), HERE)

    with pytest.raises(WrongCode):
        attempt(app.person, Code(app.codes[0]), HERE)
    assert factor_store.recovery_codes_left(app.person.id) == 9


def test_a_recovery_code_is_of_one_person():
    app, other = an_app(), an_app()

    with pytest.raises(WrongCode):
        attempt(other.person, Code(app.codes[0]), HERE)


def test_recovery_codes_are_ten_of_120_random_bits():
    codes = recovery_codes.new_codes()

    assert len(set(codes)) == 10
    assert {len(recovery_codes.clean(code)) * 5 for code in codes} == {120}


def test_only_the_hashes_of_recovery_codes_are_kept():
    app = an_app()

    stored = b"".join(row.code_hash for row in db.session.scalars(select(RecoveryCode)))
    assert not any(code.replace("-", "").encode() in stored for code in app.codes)


def test_a_seed_is_sealed_at_its_row():
    app, other = an_app(), an_app()
    assert app.seed not in app.factor.sealed
    with transaction():
        moved = db.session.get(SecondFactor, other.factor.id)
        moved.sealed = app.factor.sealed

    with pytest.raises(CannotUnseal):
        totp.seed_of(db.session.get(SecondFactor, other.factor.id))


def test_without_its_kek_an_app_proves_nothing_and_recovery_codes_go_on():
    app, kek = an_app(), bytes(32)
    code, kept = app.code(), totp._sealer
    totp.configure(Sealer(kek))
    try:
        with pytest.raises(WrongCode):
            attempt(app.person, Code(code), HERE)
        assert attempt(app.person, Code(app.codes[0]), HERE)
    finally:
        totp.configure(kept)


def test_who_is_disabled_proves_nothing():
    app = an_app()
    with transaction():
        app.person.disabled_at = clock.now()

    for code in (app.code(), app.codes[0]):
        with pytest.raises(WrongCode):
            attempt(app.person, Code(code), HERE)


def test_who_has_no_second_factor_has_no_code():
    with pytest.raises(WrongCode):
        attempt(a_person(), Code("123456"), HERE)


def test_a_code_is_no_password():
    app = an_app()

    with pytest.raises(WrongPassword):
        attempt(app.person, Password(app.code()), HERE)


def test_ids_of_batches_tell_nothing():
    app = an_app()

    assert factor_store.batch_of_recovery_codes(app.person.id).version == uuid.uuid4().version
