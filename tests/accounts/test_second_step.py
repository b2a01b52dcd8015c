"""Signing in in two steps: a password alone lets nobody in who has a second factor."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from portal.accounts import operations as accounts
from portal.accounts import second_factors, sessions
from portal.accounts.attempts import attempt
from portal.accounts.codes import Code
from portal.accounts.errors import CodeNeeded, SignInLapsed, WrongPassword
from portal.accounts.models import Means, PendingSignIn, UserSession
from portal.accounts.passwords import choose
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.sealing import token_hash
from portal.outbox import operations as outbox
from tests.accounts.factors import DEVICE, HERE, a_session, an_app, password_of
from tests.accounts.record import last_event
from tests.factories import a_person
from tests.parallel import at_once


def waiting(app):
    """The token of a sign-in of the app's person that waits for its code."""
    proof = password_of(app.person)
    with transaction():
        return accounts.await_code(proof)


def entered(app, token, code):
    proof = attempt(app.person, Code(code), HERE)
    with transaction():
        return accounts.sign_in_with_code(token, proof, DEVICE)


def sessions_now():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(UserSession).where(UserSession.ended_at.is_(None)))


def test_a_password_alone_does_not_sign_in():
    app = an_app()
    proof = password_of(app.person)

    assert accounts.needs_code(proof)
    with pytest.raises(CodeNeeded), transaction():
        accounts.sign_in(proof, DEVICE)


def test_without_a_second_factor_it_does():
    person = a_person()
    proof = password_of(person)

    assert not accounts.needs_code(proof)
    with transaction():
        row, _token = accounts.sign_in(proof, DEVICE)
    assert row.factors == {Means.PASSWORD}


def test_waiting_for_a_code_is_no_session():
    app = an_app()
    before = sessions_now()

    token = waiting(app)

    assert sessions.session_for(token) is None
    assert sessions_now() == before
    assert last_event(app.person.id).event == "person.password_accepted"


def test_only_the_hash_of_the_token_is_kept():
    token = waiting(an_app())

    assert db.session.scalars(select(PendingSignIn)).one().token_hash == token_hash(token)


@pytest.mark.parametrize(
    ("code", "means"), [(lambda app: app.code(), Means.TOTP), (lambda app: app.codes[0], Means.RECOVERY_CODE)]
)
def test_the_code_signs_in_and_the_session_says_how(code, means):
    app = an_app()

    row, token = entered(app, waiting(app), code(app))

    assert row.factors == {Means.PASSWORD, means}
    assert sessions.session_for(token).id == row.id
    assert last_event(app.person.id).facts["factors"] == sorted({"password", means.value})


def test_a_recovery_code_is_told_by_mail():
    app = an_app()

    entered(app, waiting(app), app.codes[0])

    mail = outbox.read_all(10)[0]
    assert (mail.template, mail.to, mail.facts["left"]) == ("recovery_code_used", app.person.email, 9)


def test_a_sign_in_is_finished_once():
    app = an_app()
    token = waiting(app)
    entered(app, token, app.code())

    with pytest.raises(SignInLapsed):
        entered(app, token, app.code(1))


def test_a_double_click_signs_in_once():
    app = an_app()
    token, email, code = waiting(app), app.person.email, app.code()
    before = sessions_now()
    db.session.remove()

    def finish(_number):
        proof = attempt(email, Code(code), HERE)
        with transaction():
            accounts.sign_in_with_code(token, proof, DEVICE)

    assert at_once(finish, 8)["done"] == 1
    assert sessions_now() == before + 1


def test_two_codes_at_once_finish_one_sign_in():
    app = an_app()
    token, email, codes = waiting(app), app.person.email, app.codes
    db.session.remove()

    def finish(number):
        proof = attempt(email, Code(codes[number]), HERE)
        with transaction():
            accounts.sign_in_with_code(token, proof, DEVICE)

    assert at_once(finish, 4) == {"done": 1, "sign_in_lapsed": 3}


def test_it_waits_for_ten_minutes():
    app, now = an_app(), clock.now()
    token = waiting(app)

    with time_machine.travel(now + timedelta(minutes=9), tick=False):
        assert accounts.awaiting_code(token).person.id == app.person.id
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        assert accounts.awaiting_code(token) is None
        with pytest.raises(SignInLapsed):
            entered(app, token, app.code())


def test_a_token_waits_for_its_own_person():
    app, other = an_app(), an_app()
    token = waiting(app)

    with pytest.raises(SignInLapsed):
        entered(other, token, other.code())


def test_another_password_ends_what_waits():
    app = an_app()
    token = waiting(app)
    proof, second = password_of(app.person), attempt(app.person, Code(app.code()), HERE)
    chosen = choose("another long enough password", email=app.person.email, name=app.person.name)
    with transaction():
        accounts.change_password(proof, chosen, DEVICE, second)

    assert accounts.awaiting_code(token) is None


def test_removing_a_factor_ends_what_waits():
    app = an_app()
    token = waiting(app)
    proof = password_of(app.person)
    with transaction():
        second_factors.remove(app.session, app.factor.id, proof, DEVICE)

    assert accounts.awaiting_code(token) is None


def test_signing_out_everywhere_ends_what_waits():
    app = an_app()
    token = waiting(app)
    with transaction():
        accounts.sign_out_everywhere(app.session, keep_current=True)

    assert accounts.awaiting_code(token) is None


def test_who_is_disabled_waits_in_vain():
    app = an_app()
    token = waiting(app)
    proof = attempt(app.person, Code(app.code()), HERE)
    with transaction():
        app.person.disabled_at = clock.now()

    assert accounts.awaiting_code(token) is None
    with pytest.raises(WrongPassword), transaction():
        accounts.sign_in_with_code(token, proof, DEVICE)


def test_to_prove_again_who_one_is_takes_both():
    app = an_app()
    proof = password_of(app.person)
    with pytest.raises(CodeNeeded), transaction():
        accounts.reauthenticate(app.session, proof)
    with pytest.raises(CodeNeeded), transaction():
        accounts.reauthenticate(app.session, proof, proof)

    second = attempt(app.person, Code(app.code()), HERE)
    with transaction():
        accounts.reauthenticate(app.session, proof, second)


def test_anothers_code_proves_nothing():
    app, other = an_app(), an_app()
    proof, second = password_of(app.person), attempt(other.person, Code(other.code()), HERE)

    with pytest.raises(WrongPassword), transaction():
        accounts.reauthenticate(app.session, proof, second)


def test_a_new_password_takes_both():
    app = an_app()
    proof = password_of(app.person)
    chosen = choose("another long enough password", email=app.person.email, name=app.person.name)

    with pytest.raises(CodeNeeded), transaction():
        accounts.change_password(proof, chosen, DEVICE)


def test_a_session_of_before_is_of_a_password():
    assert a_session(a_person()).factors == {Means.PASSWORD}


def test_a_renewed_session_says_how_the_first_one_was_made():
    app = an_app()

    with transaction():
        renewed, _token = accounts.renew_session(app.session, DEVICE)

    assert renewed.factors == {Means.PASSWORD, Means.TOTP}


def test_what_waited_in_vain_is_tidied_away():
    waiting(an_app())

    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False), transaction():
        accounts.tidy_up()

    assert db.session.scalars(select(PendingSignIn)).all() == []
