"""Passkeys: what registers one, what it lets in, and each answer that is refused."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from portal.accounts import challenges, factor_store, second_factors
from portal.accounts import operations as accounts
from portal.accounts.attempts import PER_PAIR, attempt
from portal.accounts.errors import (
    ChallengeLapsed,
    NewPasskeyRefused,
    PasskeyCountedBack,
    PasskeyKnown,
    PasskeyRefused,
    PasswordTooShortAlone,
    SetUpLapsed,
    TooManyAttempts,
    TooManyPasskeys,
    WrongPassword,
)
from portal.accounts.models import FactorKind, Means, RegisteredPasskey, SecondFactor, SpentChallenge
from portal.accounts.passwords import SHORTEST_WITH_FACTOR, choose
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from tests.accounts.authenticator import PRESENT, VERIFIED, Authenticator
from tests.accounts.factors import (
    BROWSER,
    CONFIRMING,
    DEVICE,
    HERE,
    REGISTERING,
    SIGNING_IN,
    a_passkey,
    a_session,
    an_app,
    invitation,
    password_of,
)
from tests.accounts.record import events_in, last_event
from tests.accounts.test_second_factors import live_sessions, mails_to
from tests.factories import a_person
from tests.parallel import at_once

TWELVE = "orchid gravy"
ELSEWHERE = {
    "another origin": {"origin": "https://portal.example.net"},
    "the same host with a port": {"origin": "http://localhost:8000"},
    "plain http in place of https": {"origin": "https://localhost"},
    "another site's id": {"rp_id": "example.net"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "in another site's frame": {"crosses": True},
}
each_fault = pytest.mark.parametrize("fault", ELSEWHERE.values(), ids=ELSEWHERE.keys())


def intended(person):
    row = a_session(person)
    with transaction():
        accounts.intend_passkey(row, "Laptop")
    return row


def test_a_passkey_that_is_not_made_yet_counts_for_nothing():
    person = a_person()
    intended(person)

    assert not factor_store.has_second_factor(person.id)


def test_what_the_device_makes_is_registered():
    held = a_passkey(name="Laptop")

    (row,) = factor_store.passkeys_of(held.person.id)
    assert (row.factor.name, row.credential_id) == ("Laptop", held.device.credential_id)


def test_the_device_is_asked_to_verify_and_to_keep_it_and_never_who_made_it():
    asked = json.loads(invitation(intended(a_person())))

    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["rp"] == {"id": "localhost", "name": "Partner portal"}


def test_the_device_learns_no_id_of_the_person():
    held = a_passkey()

    assert len(held.device.handle) == 64
    assert held.person.id.bytes not in held.device.handle


def test_a_second_passkey_has_the_same_handle_and_excludes_the_first():
    held = a_passkey()
    with transaction():
        accounts.intend_passkey(held.session, "Key")

    asked = json.loads(invitation(held.session))

    other = a_passkey(held.person, "Phone", a_session(held.person))
    assert other.device.handle == held.device.handle
    assert len(asked["excludeCredentials"]) == 1
    assert len(factor_store.passkeys_of(held.person.id)) == 2


@each_fault
def test_what_a_device_makes_elsewhere_is_not_registered(fault):
    person = a_person()
    row = intended(person)
    answer = Authenticator(**fault).make(invitation(row))

    with pytest.raises(NewPasskeyRefused):
        attempt(person, accounts.FirstPasskey(answer, REGISTERING, row.id), HERE)


def test_what_a_device_makes_is_taken_once():
    person = a_person()
    row = intended(person)
    factor = accounts.FirstPasskey(Authenticator().make(invitation(row)), REGISTERING, row.id)
    attempt(person, factor, HERE)

    with pytest.raises(NewPasskeyRefused):
        attempt(person, factor, HERE)


def test_it_is_taken_of_the_session_that_began():
    person = a_person()
    row, other = intended(person), a_session(person)
    answer = Authenticator().make(invitation(row))

    with pytest.raises(NewPasskeyRefused):
        attempt(person, accounts.FirstPasskey(answer, REGISTERING, other.id), HERE)
    with pytest.raises(SetUpLapsed):
        accounts.passkey_to_confirm(other)


def test_one_passkey_is_registered_once():
    held = a_passkey()
    other = a_person()
    row = intended(other)
    proof = attempt(other, accounts.FirstPasskey(held.device.make(invitation(row)), REGISTERING, row.id), HERE)

    with pytest.raises(PasskeyKnown), transaction():
        accounts.confirm_passkey(row, proof, DEVICE)


def test_two_tabs_register_one():
    person = a_person()
    row = intended(person)
    proofs = [
        attempt(person, accounts.FirstPasskey(Authenticator().make(invitation(row)), REGISTERING, row.id), HERE)
        for _ in range(2)
    ]
    with transaction():
        changed = accounts.confirm_passkey(row, proofs[0], DEVICE)

    with pytest.raises(SetUpLapsed), transaction():
        accounts.confirm_passkey(changed.session, proofs[1], DEVICE)


def test_to_begin_twice_is_to_go_on_and_an_app_takes_its_place():
    row = intended(a_person())
    with transaction():
        again = accounts.intend_passkey(row, "Phone")
    assert accounts.passkey_to_confirm(row).id == again.id

    with transaction():
        accounts.intend_app(row, "App")

    with pytest.raises(SetUpLapsed):
        accounts.passkey_to_confirm(row)
    assert db.session.scalar(select(func.count()).select_from(RegisteredPasskey)) == 0


def test_the_first_brings_recovery_codes_and_ends_all_other_sessions():
    person = a_person()
    a_session(person)

    held = a_passkey(person)

    assert len(held.codes) == 10
    assert [row.id for row in live_sessions(person)] == [held.session.id]
    assert held.session.factors == {Means.PASSWORD, Means.PASSKEY}
    assert last_event(person.id).event == "passkey.added"
    assert mails_to(person)[0] == "passkey_added"


def test_the_next_brings_none():
    app = an_app()

    assert a_passkey(app.person, session=app.session).codes == ()


def test_there_is_room_for_so_many(monkeypatch):
    fewer = replace(second_factors.KINDS[FactorKind.PASSKEY], most=1)
    monkeypatch.setitem(second_factors.KINDS, FactorKind.PASSKEY, fewer)
    held = a_passkey()

    with pytest.raises(TooManyPasskeys), transaction():
        accounts.intend_passkey(held.session, "Key")


def test_with_a_passkey_twelve_characters_are_enough():
    assert accounts.shortest_password(a_passkey().person) == SHORTEST_WITH_FACTOR


def test_it_signs_in_without_a_password():
    held = a_passkey()

    proof = held.sign_in()
    with transaction():
        row, _token = accounts.sign_in(proof, DEVICE)

    assert row.factors == {Means.PASSKEY}
    assert last_event(held.person.id).facts["factors"] == ["passkey"]


def test_anybody_is_asked_alike():
    a_passkey()

    assert json.loads(accounts.question_to_anybody(SIGNING_IN)).get("allowCredentials", []) == []


@each_fault
def test_what_is_signed_elsewhere_lets_nobody_in(fault):
    held = a_passkey()

    with pytest.raises(PasskeyRefused):
        held.sign_in(held.device.but(**fault))
    assert events_in(held.person.id)[-1] == "person.passkey_refused"


def test_another_key_lets_nobody_in():
    held = a_passkey()

    with pytest.raises(PasskeyRefused):
        held.sign_in(Authenticator(credential_id=held.device.credential_id, handle=held.device.handle))


def test_a_passkey_that_nobody_has_lets_nobody_in():
    held = a_passkey()

    with pytest.raises(PasskeyRefused):
        held.sign_in(Authenticator(handle=held.device.handle))


@pytest.mark.parametrize("handle", [b"", b"somebody else"], ids=["none", "another"])
def test_a_passkey_says_whose_it_is(handle: bytes):
    held = a_passkey()

    with pytest.raises(PasskeyRefused):
        held.sign_in(held.device.but(handle=handle))


def test_somebody_elses_passkey_confirms_nothing():
    held, other = a_passkey(), a_passkey()

    with pytest.raises(PasskeyRefused):
        held.confirm(other.device)


def test_an_answer_is_taken_once():
    held = a_passkey()
    answer = accounts.Passkey(held.device.sign(accounts.question_to_anybody(SIGNING_IN)), SIGNING_IN)
    attempt(held.person, answer, HERE)

    with pytest.raises(PasskeyRefused):
        attempt(held.person, answer, HERE)


@pytest.mark.parametrize("counts", [False, True], ids=["never counts", "counts"])
def test_of_eight_at_once_one_is_taken(counts: bool):
    held = a_passkey(device=Authenticator(counts=counts))
    email = held.person.email
    answer = accounts.Passkey(held.device.sign(accounts.question_to_anybody(SIGNING_IN)), SIGNING_IN)
    db.session.remove()

    outcome = at_once(lambda _number: attempt(email, answer, HERE), 8)

    assert outcome == {"done": 1, "passkey_refused": 7}


@pytest.mark.parametrize(
    "asked",
    [
        accounts.Asked(accounts.Purpose.SIGN_IN, "another browser"),
        accounts.Asked(accounts.Purpose.REGISTER, BROWSER),
        accounts.Asked(accounts.Purpose.CONFIRM, BROWSER),
    ],
    ids=["another browser", "another purpose", "a confirmation"],
)
def test_an_answer_belongs_to_the_question(asked):
    held = a_passkey()
    answer = held.device.sign(accounts.question_to_anybody(SIGNING_IN))

    with pytest.raises(PasskeyRefused):
        attempt(held.person, accounts.Passkey(answer, asked), HERE)
    with pytest.raises(ChallengeLapsed):
        accounts.Passkey(answer, asked).require_live()


def test_a_question_of_ones_own_making_is_none():
    held = a_passkey()
    answer = held.device.sign(json.dumps({"challenge": "x" * 86}))

    with pytest.raises(PasskeyRefused):
        attempt(held.person, accounts.Passkey(answer, SIGNING_IN), HERE)


def test_a_question_waits_for_ten_minutes():
    held, now = a_passkey(), clock.now()
    answer = accounts.Passkey(held.device.sign(accounts.question_to_anybody(SIGNING_IN)), SIGNING_IN)

    with time_machine.travel(now + timedelta(minutes=9), tick=False):
        answer.require_live()
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        with pytest.raises(ChallengeLapsed):
            answer.require_live()
        with pytest.raises(PasskeyRefused):
            attempt(held.person, answer, HERE)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "x", '{"id": 1}', '{"rawId": "AA", "id": "AA", "response": 3}']
)
def test_what_is_no_answer_is_refused(text: str):
    held = a_passkey()

    assert accounts.person_of(text) is None
    with pytest.raises(PasskeyRefused):
        attempt(held.person, accounts.Passkey(text, SIGNING_IN), HERE)
    with pytest.raises(NewPasskeyRefused):
        attempt(held.person, accounts.FirstPasskey(text, REGISTERING, held.session.id), HERE)


def test_a_counter_that_goes_on_is_kept():
    held = a_passkey(device=Authenticator(counts=True, counter=7))

    held.sign_in()
    held.sign_in()

    db.session.refresh(held.factor)
    assert held.factor.counter == 9


@pytest.mark.parametrize("counter", [0, 4, 6], ids=["nothing", "back", "the same"])
def test_a_counter_that_goes_back_is_refused_and_told_once(counter: int):
    held = a_passkey(device=Authenticator(counts=True, counter=6))
    held.sign_in()
    copy = held.device.but(counter=counter, counts=bool(counter))

    for _ in range(2):
        with pytest.raises(PasskeyCountedBack):
            held.sign_in(copy.but(counter=counter))

    assert events_in(held.person.id)[-1] == "person.passkey_counted_back"
    assert mails_to(held.person).count("passkey_counted_back") == 1
    (row,) = factor_store.passkeys_of(held.person.id)
    db.session.refresh(row)
    assert row.suspected_at is not None


def test_a_double_click_is_no_copy():
    held = a_passkey(device=Authenticator(counts=True))
    answer = accounts.Passkey(held.device.sign(accounts.question_to_anybody(SIGNING_IN)), SIGNING_IN)
    attempt(held.person, answer, HERE)

    with pytest.raises(PasskeyRefused) as refused:
        attempt(held.person, answer, HERE)

    assert refused.value.code == "passkey_refused"


def test_who_is_disabled_is_refused_like_by_password():
    held = a_passkey()
    with transaction():
        held.person.disabled_at = clock.now()

    with pytest.raises(PasskeyRefused):
        held.sign_in()


def test_who_is_disabled_this_moment_is_refused():
    held = a_passkey()
    proof = held.sign_in()
    with transaction():
        held.person.disabled_at = clock.now()

    with pytest.raises(WrongPassword), transaction():
        accounts.sign_in(proof, DEVICE)


def test_it_is_throttled_by_account_and_network():
    held = a_passkey()
    for _ in range(PER_PAIR):
        with pytest.raises(PasskeyRefused):
            attempt(held.person, accounts.Passkey("{}", SIGNING_IN), HERE)

    with pytest.raises(TooManyAttempts):
        held.sign_in()
    password_of(held.person)


def test_a_password_waits_for_a_passkey_and_the_passkey_finishes_the_sign_in():
    held = a_passkey()
    proof = password_of(held.person)
    assert accounts.needs_code(proof)
    with transaction():
        token = accounts.await_code(proof)

    second = held.confirm()
    with transaction():
        row, _token = accounts.sign_in_with_code(token, second, DEVICE)

    assert row.factors == {Means.PASSWORD, Means.PASSKEY}


def test_it_alone_proves_again_who_one_is():
    held = a_passkey()
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        proof = held.confirm()
        with transaction():
            accounts.reauthenticate(held.session, proof)
        assert accounts.is_fresh(held.session)


def test_with_a_password_it_changes_the_password():
    held = a_passkey()
    proof, second = password_of(held.person), held.confirm()
    chosen = choose(TWELVE, email=held.person.email, name=held.person.name, shortest=SHORTEST_WITH_FACTOR)

    with transaction():
        row, _token = accounts.change_password(proof, chosen, DEVICE, second)

    assert row.factors == {Means.PASSWORD, Means.PASSKEY}


def test_a_passkey_that_is_removed_lets_nobody_in():
    held = a_passkey()
    a_session(held.person)
    proof = password_of(held.person)
    with transaction():
        changed = second_factors.remove(held.session, held.factor.id, proof, DEVICE, FactorKind.PASSKEY)

    with pytest.raises(PasskeyRefused):
        held.sign_in()
    assert [row.id for row in live_sessions(held.person)] == [changed.session.id]
    assert "passkey.removed" in events_in(held.person.id)
    assert mails_to(held.person)[0] == "passkey_removed"
    assert factor_store.recovery_codes_left(held.person.id) == 0


def test_a_proof_from_before_it_was_removed_is_spent_for_nothing():
    held = a_passkey()
    answer = accounts.Passkey(held.device.sign(accounts.question_to(held.person.id, CONFIRMING)), CONFIRMING)
    proof = answer.proof(held.person)
    removal = password_of(held.person)
    with transaction():
        second_factors.remove(held.session, held.factor.id, removal, DEVICE, FactorKind.PASSKEY)

    with transaction():
        assert not factor_store.count_passkey(proof.factor_id, proof.counted, clock.now())


def test_the_last_one_stays_while_the_password_is_short():
    held = a_passkey()
    chosen = choose(TWELVE, email=held.person.email, name=held.person.name, shortest=SHORTEST_WITH_FACTOR)
    proof, second = password_of(held.person), held.confirm()
    with transaction():
        row, _token = accounts.change_password(proof, chosen, DEVICE, second)
    short = password_of(held.person, TWELVE)

    with pytest.raises(PasswordTooShortAlone), transaction():
        second_factors.remove(row, held.factor.id, short, DEVICE, FactorKind.PASSKEY)


def test_renaming_is_an_event():
    held = a_passkey()
    with transaction():
        second_factors.rename(held.session, held.factor.id, "Old laptop", FactorKind.PASSKEY)

    assert last_event(held.person.id).event == "passkey.renamed"


def test_an_app_is_no_passkey_and_somebody_elses_does_not_exist():
    held, app = a_passkey(), an_app()

    with pytest.raises(NotFound):
        second_factors.get(held.person, held.factor.id, FactorKind.TOTP)
    with pytest.raises(NotFound):
        second_factors.get(app.person, held.factor.id, FactorKind.PASSKEY)


def test_what_counts_no_more_is_tidied_away():
    kept = a_passkey()
    intended(a_person())
    kept.sign_in()

    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False), transaction():
        accounts.tidy_up()

    assert [factor.id for factor in db.session.scalars(select(SecondFactor))] == [kept.factor.id]
    assert db.session.scalars(select(SpentChallenge)).all() == []


def test_a_challenge_has_no_secret_and_never_comes_twice():
    first, second = challenges.new(SIGNING_IN), challenges.new(SIGNING_IN)

    assert first != second
    assert len(first) == 64
    assert challenges.is_live(first, SIGNING_IN)
    assert not challenges.is_live(first[:-1] + bytes([first[-1] ^ 1]), SIGNING_IN)
