"""Signing in and out, changing the password, proving again who one is."""

from datetime import timedelta

import pytest
import time_machine

from portal.accounts import operations as accounts
from portal.accounts import passwords, store
from portal.accounts.attempts import Password, Proof, attempt
from portal.accounts.errors import SessionEnded, WrongPassword
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from portal.outbox import operations as outbox
from tests.accounts.record import events_in
from tests.factories import PASSWORD, a_person

NETWORK = "192.0.2.1"


def proof_of(person):
    return attempt(person, Password(PASSWORD), NETWORK)


def signed_in(person, device="Firefox · Linux"):
    proof = proof_of(person)
    with transaction():
        return accounts.sign_in(proof, device)


def changed(person, to="another violin umbrella"):
    proof, new = proof_of(person), passwords.choose(to, email=person.email, name=person.name)
    with transaction():
        return accounts.change_password(proof, new, "Firefox · Linux")


def test_signing_in_begins_a_session_and_is_one_event():
    person = a_person()

    row, token = signed_in(person)

    assert accounts.session_for(token).id == row.id
    assert events_in(person.id) == ["person.signed_in"]


def test_signing_in_again_on_a_device_ends_what_it_had():
    person = a_person()
    row, old = signed_in(person)
    proof = proof_of(person)

    with transaction():
        accounts.sign_in(proof, "Firefox · Linux", instead_of=row)

    assert accounts.session_for(old) is None


def test_a_proof_is_worth_nothing_after_the_password_changed():
    person = a_person()
    proof = proof_of(person)
    changed(person)

    with pytest.raises(WrongPassword), transaction():
        accounts.sign_in(proof, "")


def test_a_proof_is_worth_nothing_after_the_person_was_disabled():
    person = a_person()
    proof = proof_of(person)
    with transaction():
        person.disabled_at = clock.now()

    with pytest.raises(WrongPassword), transaction():
        accounts.sign_in(proof, "")


def test_signing_in_keeps_the_hash_with_the_costs_of_today():
    person = a_person()
    renewed = passwords.rehash(PASSWORD)

    with transaction():
        accounts.sign_in(Proof(person.id, person.password_hash, renewed), "")

    assert store.get_person(person.id).password_hash == renewed.hash


def test_signing_out_twice_is_one_event():
    person = a_person()
    row, _token = signed_in(person)

    for _ in range(2):
        with transaction():
            accounts.sign_out(row)

    assert events_in(person.id) == ["person.signed_in", "person.signed_out"]


def test_one_device_is_signed_out_from_another():
    person = a_person()
    here, _token = signed_in(person)
    there, lost = signed_in(person)

    with transaction():
        accounts.sign_out_elsewhere(here, there.id)

    assert accounts.session_for(lost) is None


def test_nobody_ends_the_session_of_another_person():
    here, _token = signed_in(a_person())
    foreign, token = signed_in(a_person())

    with pytest.raises(NotFound), transaction():
        accounts.sign_out_elsewhere(here, foreign.id)

    assert accounts.session_for(token) is not None


def test_signing_out_a_device_that_is_out_is_not_found():
    person = a_person()
    here, _token = signed_in(person)
    there, _other = signed_in(person)
    with transaction():
        accounts.sign_out_elsewhere(here, there.id)

    with pytest.raises(NotFound), transaction():
        accounts.sign_out_elsewhere(here, there.id)


@pytest.mark.parametrize(("keep_current", "alive"), [(True, 1), (False, 0)])
def test_signing_out_everywhere_keeps_this_device_or_does_not(keep_current, alive):
    person = a_person()
    here, _token = signed_in(person)
    for _ in range(2):
        signed_in(person)

    with transaction():
        accounts.sign_out_everywhere(here, keep_current=keep_current)

    assert len(accounts.sessions_of(person)) == alive
    assert events_in(person.id)[-1] == "person.signed_out_everywhere"


def test_signing_out_everywhere_leaves_other_people_alone():
    here, _token = signed_in(a_person())
    other = a_person()
    signed_in(other)

    with transaction():
        accounts.sign_out_everywhere(here, keep_current=False)

    assert len(accounts.sessions_of(other)) == 1


def test_changing_the_password_ends_every_session_and_begins_one():
    person = a_person()
    _here, old = signed_in(person)
    _there, other = signed_in(person)

    _row, new = changed(person)

    assert accounts.session_for(old) is None
    assert accounts.session_for(other) is None
    assert accounts.session_for(new) is not None


def test_only_the_new_password_works_from_then_on():
    person = a_person()

    changed(person, "another violin umbrella")

    with pytest.raises(WrongPassword):
        proof_of(person)
    assert attempt(person, Password("another violin umbrella"), NETWORK)


def test_a_change_of_password_is_told_by_mail_and_one_event():
    person = a_person()

    changed(person)

    assert [(mail.template, mail.to) for mail in outbox.read_all(9)] == [("password_changed", person.email)]
    assert events_in(person.id) == ["person.password_changed"]


def test_a_session_is_fresh_for_ten_minutes():
    row, _token = signed_in(a_person())

    with time_machine.travel(clock.now() + timedelta(minutes=9), tick=False):
        assert accounts.is_fresh(row)
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1), tick=False):
        assert not accounts.is_fresh(row)


def test_proving_again_keeps_the_session_and_makes_it_fresh():
    person = a_person()
    row, token = signed_in(person)

    with time_machine.travel(clock.now() + timedelta(minutes=30), tick=False):
        proof = proof_of(person)
        with transaction():
            accounts.reauthenticate(row, proof)
        found = accounts.session_for(token)

        assert found.id == row.id
        assert accounts.is_fresh(found)


def test_proving_oneself_does_not_freshen_the_session_of_another_person():
    row, _token = signed_in(a_person())
    proof = proof_of(a_person())

    with pytest.raises(SessionEnded), transaction():
        accounts.reauthenticate(row, proof)


def test_an_ended_session_does_not_become_fresh():
    person = a_person()
    row, _token = signed_in(person)
    proof = proof_of(person)
    with transaction():
        accounts.sign_out(row)

    with pytest.raises(SessionEnded), transaction():
        accounts.reauthenticate(row, proof)


def test_an_act_whose_record_fails_did_not_happen(monkeypatch):
    person = a_person()
    proof = proof_of(person)
    monkeypatch.setattr("portal.audit.operations._append", lambda *_a, **_k: 1 / 0)

    with pytest.raises(ZeroDivisionError), transaction():
        accounts.sign_in(proof, "")

    db.session.rollback()
    assert accounts.sessions_of(person) == []
