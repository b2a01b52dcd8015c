"""Setting an authenticator app up, naming and removing it, recovery codes: what each ends, tells and records."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from portal.accounts import factor_store, second_factors, totp
from portal.accounts import operations as accounts
from portal.accounts.attempts import attempt
from portal.accounts.codes import Code
from portal.accounts.errors import (
    CodesMadeAlready,
    PasswordTooShort,
    PasswordTooShortAlone,
    SetUpLapsed,
    TooManyFactors,
    WrongCode,
    WrongPassword,
)
from portal.accounts.models import Means, Person, SecondFactor, UserSession
from portal.accounts.passwords import SHORTEST_WITH_FACTOR, choose
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from portal.outbox import operations as outbox
from tests.accounts.factors import DEVICE, HERE, a_session, an_app, code_of, password_of
from tests.accounts.record import events_in, last_event
from tests.factories import a_person
from tests.parallel import at_once

TWELVE = "orchid gravy"


def live_sessions(person):
    db.session.rollback()
    rows = select(UserSession).where(UserSession.person_id == person.id, UserSession.ended_at.is_(None))
    return db.session.scalars(rows).all()


def mails_to(person):
    return [mail.template for mail in outbox.read_all(50) if mail.to == person.email]


def intended(person):
    row = a_session(person)
    with transaction():
        factor = accounts.intend_app(row, "Phone")
    return row, factor


def test_an_app_that_is_not_confirmed_counts_for_nothing():
    person = a_person()
    _row, factor = intended(person)

    assert not factor_store.has_second_factor(person.id)
    with pytest.raises(WrongCode):
        attempt(person, Code(code_of(totp.seed_of(factor))), HERE)


def test_the_first_right_code_confirms_it():
    app = an_app(name="Phone")

    assert [factor.name for factor in factor_store.second_factors(app.person.id)] == ["Phone"]


def test_a_wrong_code_does_not():
    person = a_person()
    row, _factor = intended(person)

    with pytest.raises(WrongCode):
        attempt(person, accounts.FirstCode("000000", row.id), HERE)


def test_the_code_that_confirmed_it_does_not_sign_in():
    person = a_person()
    row, factor = intended(person)
    code = code_of(totp.seed_of(factor))
    proof = attempt(person, accounts.FirstCode(code, row.id), HERE)
    with transaction():
        accounts.confirm_app(row, proof, DEVICE)

    with pytest.raises(WrongCode):
        attempt(person, Code(code), HERE)


def test_only_the_session_that_began_can_confirm():
    person = a_person()
    _row, factor = intended(person)
    other = a_session(person)

    with pytest.raises(WrongCode):
        attempt(person, accounts.FirstCode(code_of(totp.seed_of(factor)), other.id), HERE)
    with pytest.raises(SetUpLapsed):
        accounts.app_to_confirm(other)


def test_half_an_hour_is_all_there_is_to_confirm():
    person = a_person()
    row, factor = intended(person)
    seed, now = totp.seed_of(factor), clock.now()

    with time_machine.travel(now + timedelta(minutes=29), tick=False):
        assert accounts.app_to_confirm(row).id == factor.id
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        proof = attempt(person, accounts.FirstCode(code_of(seed), row.id), HERE)
        with pytest.raises(SetUpLapsed), transaction():
            accounts.confirm_app(row, proof, DEVICE)


def test_after_that_it_begins_with_another_seed():
    person = a_person()
    row, factor = intended(person)
    seed = totp.seed_of(factor)

    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        with transaction():
            again = accounts.intend_app(row, "Phone")
        assert totp.seed_of(again) != seed


def test_to_begin_twice_is_to_go_on():
    person = a_person()
    row, factor = intended(person)
    factor_id = factor.id

    with transaction():
        again = accounts.intend_app(row, "Tablet")

    assert (again.id, again.name) == (factor_id, "Tablet")
    assert events_in(person.id).count("second_factor.intended") == 1


def test_a_proof_of_another_app_confirms_nothing():
    app = an_app()
    proof = attempt(app.person, Code(app.code()), HERE)
    with transaction():
        accounts.intend_app(app.session, "Tablet")

    with pytest.raises(WrongCode), transaction():
        accounts.confirm_app(app.session, proof, DEVICE)


def test_two_tabs_confirm_once():
    person = a_person()
    row, factor = intended(person)
    session_id, email, code = row.id, person.email, code_of(totp.seed_of(factor))
    db.session.remove()

    def confirm(_number):
        row = db.session.get(UserSession, session_id)
        proof = attempt(email, accounts.FirstCode(code, session_id), HERE)
        with transaction():
            accounts.confirm_app(row, proof, DEVICE)

    assert at_once(confirm, 8)["done"] == 1
    assert events_in(person.id).count("second_factor.added") == 1


def test_adding_one_ends_all_other_sessions_and_renews_the_present_one():
    person = a_person()
    a_session(person)
    before = a_session(person)

    app = an_app(person, session=before)

    assert [row.id for row in live_sessions(person)] == [app.session.id]
    assert app.session.id != before.id
    assert app.session.factors == {Means.PASSWORD, Means.TOTP}


def test_adding_one_is_an_event_and_a_mail():
    app = an_app()

    assert last_event(app.person.id).event == "second_factor.added"
    assert mails_to(app.person) == ["second_factor_added"]


def test_the_first_app_brings_ten_codes_and_the_second_none():
    app = an_app()

    second = an_app(app.person, "Tablet", app.session)

    assert (len(app.codes), second.codes) == (10, ())
    assert factor_store.recovery_codes_left(app.person.id) == 10


def test_either_of_two_apps_will_do():
    app = an_app()
    second = an_app(app.person, "Tablet", app.session)

    assert attempt(app.person, Code(app.code()), HERE)
    assert attempt(app.person, Code(second.code()), HERE)


def test_there_are_at_most_three_apps():
    app = an_app()
    second = an_app(app.person, "Tablet", app.session)
    third = an_app(app.person, "Laptop", second.session)

    with pytest.raises(TooManyFactors), transaction():
        accounts.intend_app(third.session, "Watch")


def test_a_removed_app_proves_nothing():
    app = an_app()
    proof = password_of(app.person)

    with transaction():
        second_factors.remove(app.session, app.factor.id, proof, DEVICE)

    with pytest.raises(WrongCode):
        attempt(app.person, Code(app.code()), HERE)
    assert db.session.scalars(select(SecondFactor)).all() == []


def test_removing_one_ends_all_other_sessions_is_an_event_and_a_mail():
    app = an_app()
    a_session(app.person)
    proof = password_of(app.person)

    with transaction():
        changed = second_factors.remove(app.session, app.factor.id, proof, DEVICE)
        session_id = changed.session.id

    assert [row.id for row in live_sessions(app.person)] == [session_id]
    assert last_event(app.person.id).event == "second_factor.removed"
    assert mails_to(app.person)[0] == "second_factor_removed"


def test_with_the_last_app_the_recovery_codes_end():
    app = an_app()
    second = an_app(app.person, "Tablet", app.session)
    proof = password_of(app.person)

    with transaction():
        changed = second_factors.remove(second.session, second.factor.id, proof, DEVICE)
    assert factor_store.recovery_codes_left(app.person.id) == 10
    with transaction():
        second_factors.remove(changed.session, app.factor.id, proof, DEVICE)
    assert factor_store.recovery_codes_left(app.person.id) == 0


def test_twelve_characters_are_enough_with_a_second_factor():
    app = an_app()
    proof, second = password_of(app.person), attempt(app.person, Code(app.code()), HERE)
    chosen = choose(TWELVE, email=app.person.email, name=app.person.name, shortest=SHORTEST_WITH_FACTOR)

    with transaction():
        accounts.change_password(proof, chosen, DEVICE, second)

    assert password_of(app.person, TWELVE)


def test_twelve_characters_are_not_enough_without_one():
    person = a_person()
    proof = password_of(person)
    chosen = choose(TWELVE, email=person.email, name=person.name, shortest=SHORTEST_WITH_FACTOR)

    with pytest.raises(PasswordTooShort), transaction():
        accounts.change_password(proof, chosen, DEVICE)


def test_the_last_factor_stays_while_the_password_is_too_short_alone():
    app = an_app()
    with transaction():
        chosen = choose(TWELVE, email=app.person.email, name=app.person.name, shortest=SHORTEST_WITH_FACTOR)
        db.session.execute(update(Person).where(Person.id == app.person.id).values(password_hash=chosen.hash))
    proof = password_of(app.person, TWELVE)

    with pytest.raises(PasswordTooShortAlone), transaction():
        second_factors.remove(app.session, app.factor.id, proof, DEVICE)

    second = an_app(app.person, "Tablet", app.session)
    with transaction():
        second_factors.remove(second.session, app.factor.id, proof, DEVICE)
    assert factor_store.has_second_factor(app.person.id)


def test_a_proof_from_before_the_password_changed_removes_nothing():
    app = an_app()
    proof = password_of(app.person)
    with transaction():
        chosen = choose("another long enough password", email=app.person.email, name=app.person.name)
        db.session.execute(update(Person).where(Person.id == app.person.id).values(password_hash=chosen.hash))

    with pytest.raises(WrongPassword), transaction():
        second_factors.remove(app.session, app.factor.id, proof, DEVICE)


def test_somebody_elses_factor_does_not_exist():
    app, other = an_app(), an_app()
    proof = password_of(app.person)

    with pytest.raises(NotFound), transaction():
        second_factors.remove(app.session, other.factor.id, proof, DEVICE)
    with pytest.raises(NotFound), transaction():
        second_factors.rename(app.session, other.factor.id, "Mine")


def test_renaming_is_an_event_and_ends_nothing():
    app = an_app()
    with transaction():
        second_factors.rename(app.session, app.factor.id, "Old phone")
    with transaction():
        second_factors.rename(app.session, app.factor.id, "Old phone")

    assert events_in(app.person.id).count("second_factor.renamed") == 1
    assert [row.id for row in live_sessions(app.person)] == [app.session.id]


def made_anew(app):
    batch = factor_store.batch_of_recovery_codes(app.person.id)
    with transaction():
        changed = accounts.make_recovery_codes(app.session, DEVICE, instead_of=batch)
    return batch, changed


def test_new_recovery_codes_end_the_old_ones():
    app = an_app()

    _batch, changed = made_anew(app)

    with pytest.raises(WrongCode):
        attempt(app.person, Code(app.codes[0]), HERE)
    assert attempt(app.person, Code(changed.codes[0]), HERE)


def test_new_recovery_codes_end_all_other_sessions_are_an_event_and_a_mail():
    app = an_app()
    a_session(app.person)

    _batch, changed = made_anew(app)

    assert [row.id for row in live_sessions(app.person)] == [changed.session.id]
    assert last_event(app.person.id).event == "person.recovery_codes_made"
    assert mails_to(app.person)[0] == "recovery_codes_made"


def test_a_form_that_is_sent_twice_makes_new_codes_once():
    app = an_app()
    batch, changed = made_anew(app)

    with pytest.raises(CodesMadeAlready), transaction():
        accounts.make_recovery_codes(changed.session, DEVICE, instead_of=batch)

    assert attempt(app.person, Code(changed.codes[0]), HERE)


def test_without_a_second_factor_there_are_no_recovery_codes():
    row = a_session(a_person())

    with pytest.raises(NotFound), transaction():
        accounts.make_recovery_codes(row, DEVICE, instead_of=uuid.uuid4())


def test_what_was_never_confirmed_is_tidied_away():
    intended(a_person())
    kept = an_app()

    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False), transaction():
        accounts.tidy_up()

    assert [factor.id for factor in db.session.scalars(select(SecondFactor))] == [kept.factor.id]
