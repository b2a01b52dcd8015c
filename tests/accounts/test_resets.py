"""A new password by a link in a mail: for whom, how long, once, and never in place of a second factor."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.access.roles import Role
from portal.accounts import factor_store, passwords, sessions, store
from portal.accounts import operations as accounts
from portal.accounts.attempts import MAILS_A_DAY, MAILS_PER_ACCOUNT, MAILS_PER_NETWORK, ask_for_mail
from portal.accounts.errors import CodeNeeded, PasswordTooShort, ResetGone, TooManyAttempts
from portal.accounts.models import Language, MailedToken, Person, ResetRequest
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from tests.accounts.factors import HERE, a_session, an_app, password_of
from tests.accounts.record import events_in
from tests.factories import a_licensee, a_person
from tests.parallel import AT_ONCE, at_once

NEW = "entirely different umbrella"
SHORT = "umbrella 123"

pytestmark = pytest.mark.either_database


def asked(email: str) -> list[outbox.Message]:
    """The mails that leave because somebody asked for this address, the newest first."""
    before = {message.id for message in outbox.read_all(100)}
    with transaction():
        accounts.ask_for_reset(email)
    with transaction():
        accounts.answer_reset_requests()
    return [message for message in outbox.read_all(100) if message.id not in before]


def link_for(person: Person) -> str:
    return str(asked(person.email)[0].facts["token"])


def chosen(person: Person, password: str = NEW) -> passwords.ChosenPassword:
    return passwords.choose(password, email=person.email, name=person.name, shortest=passwords.SHORTEST_WITH_FACTOR)


def reset(token: str, person: Person, second=None, password: str = NEW) -> None:
    with transaction():
        accounts.reset_password(token, chosen(person, password), second)


def test_the_mail_is_in_the_language_of_the_person_and_its_token_is_kept_as_a_hash(app):
    person = a_person()
    with transaction():
        store.get_person(person.id).language = Language.ZH_HANT

    [mail] = asked(person.email.upper())

    row = db.session.scalars(select(MailedToken)).one()
    assert (mail.template, mail.to, mail.language) == ("password_reset_link", person.email, "zh_Hant")
    assert len(str(mail.facts["token"])) >= 43
    assert str(mail.facts["token"]).encode() not in row.token_hash
    assert events_in(person.id)[-1] == "person.reset_link_sent"


@pytest.mark.parametrize("who", ["unknown", "disabled"])
def test_nobody_else_gets_a_mail(app, who):
    person = a_person()
    with transaction():
        store.get_person(person.id).disabled_at = clock.now()

    assert asked(person.email if who == "disabled" else "nobody@example.com") == []
    assert db.session.scalars(select(ResetRequest)).all() == []


def test_who_is_invited_and_never_came_in_is_told_what_to_do(app):
    owner = a_licensee(name="Acme")
    with transaction():
        accounts.invite(owner, "nina@example.com", Role.VIEWER)

    [mail] = asked("nina@example.com")

    assert (mail.template, mail.facts) == ("password_reset_invited", {"tenant": "Acme"})


def test_asking_takes_the_same_statements_for_everybody(app, statements):
    person = a_person()
    counted = []
    for email in (person.email, "nobody@example.com"):
        with statements() as count:
            ask_for_mail(email, HERE)
            with transaction():
                accounts.ask_for_reset(email)
        counted.append(count())

    assert counted[0] == counted[1]


def test_the_new_password_holds_and_everything_else_ends(app):
    person = a_person()
    row, token = a_session(person), link_for(person)
    before = store.get_person(person.id).password_hash

    reset(token, person)

    stored = store.get_person(person.id)
    assert stored.password_hash != before
    assert password_of(stored, NEW).person_id == person.id
    assert not sessions.is_live(db.session.get_one(type(row), row.id), row.created_at)
    assert outbox.read_all(1)[0].template == "password_reset"
    assert events_in(person.id)[-1] == "person.password_reset"


def test_a_link_works_once(app):
    person = a_person()
    token = link_for(person)
    reset(token, person)

    with pytest.raises(ResetGone):
        reset(token, person, password="another entirely umbrella")


def test_a_newer_link_replaces_the_older_one(app):
    person = a_person()
    older, newer = link_for(person), link_for(person)

    with pytest.raises(ResetGone):
        accounts.person_to_reset(older)
    assert accounts.person_to_reset(newer).id == person.id


def test_a_link_is_good_for_thirty_minutes(app):
    person = a_person()
    token = link_for(person)

    with time_machine.travel(clock.now() + timedelta(minutes=30), tick=False):
        with pytest.raises(ResetGone):
            accounts.person_to_reset(token)
        with transaction():
            accounts.tidy_up()

    assert db.session.scalars(select(MailedToken)).all() == []


def test_who_is_disabled_meanwhile_resets_nothing(app):
    person = a_person()
    token = link_for(person)
    with transaction():
        store.get_person(person.id).disabled_at = clock.now()

    with pytest.raises(ResetGone):
        reset(token, person)


def test_a_changed_password_ends_the_link(app):
    person = a_person()
    token, proof = link_for(person), password_of(person)
    with transaction():
        accounts.change_password(proof, chosen(person), "Firefox")

    with pytest.raises(ResetGone):
        accounts.person_to_reset(token)


def test_a_second_factor_is_not_bypassed(app):
    person = an_app().person
    token, before = link_for(person), store.get_person(person.id).password_hash

    for second in (None, password_of(person)):
        with pytest.raises(CodeNeeded):
            reset(token, person, second)
    assert store.get_person(person.id).password_hash == before
    assert accounts.person_to_reset(token).id == person.id


def test_a_code_of_somebody_else_is_none(app):
    mine, other = an_app(), an_app()
    token = link_for(mine.person)
    theirs = accounts.attempt(other.person, accounts.Code(other.code()), HERE)

    with pytest.raises(CodeNeeded):
        reset(token, mine.person, theirs)


@pytest.mark.parametrize("kind", ["app", "recovery code"])
def test_a_code_beside_the_link_is_enough_and_the_factor_stays(app, kind):
    mine = an_app()
    token = link_for(mine.person)
    typed = mine.code() if kind == "app" else mine.codes[0]
    second = accounts.attempt(mine.person, accounts.Code(typed), HERE)

    reset(token, mine.person, second, SHORT)

    assert factor_store.has_second_factor(mine.person.id)
    assert accounts.needs_code(password_of(store.get_person(mine.person.id), SHORT))


def test_without_a_second_factor_a_short_password_is_refused(app):
    person = a_person()
    token = link_for(person)

    with pytest.raises(PasswordTooShort):
        reset(token, person, password=SHORT)


def test_of_many_who_use_one_link_at_once_one_wins(app):
    person = a_person()
    token, new = link_for(person), chosen(person)

    def use(_number: int) -> None:
        with transaction():
            accounts.reset_password(token, new, None)

    assert at_once(use) == {"done": 1, "reset_gone": AT_ONCE - 1}


def test_mails_to_one_address_are_counted_whoever_asks(app):
    for number in range(MAILS_PER_ACCOUNT):
        ask_for_mail("nina@example.com", f"192.0.2.{number + 1}")

    with pytest.raises(TooManyAttempts):
        ask_for_mail("NINA@example.com", "192.0.2.99")
    ask_for_mail("nina@example.com", "192.0.2.99", device="hers")
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        ask_for_mail("nina@example.com", "192.0.2.99")


def test_mails_from_one_network_are_counted_whomever_they_are_for(app):
    for number in range(MAILS_PER_NETWORK):
        ask_for_mail(f"person{number}@example.com", HERE)

    with pytest.raises(TooManyAttempts):
        ask_for_mail("one.more@example.com", HERE)


def test_mails_to_one_address_are_counted_by_the_day(app):
    for number in range(MAILS_A_DAY):
        with time_machine.travel(clock.now() + timedelta(minutes=16 * number), tick=False):
            ask_for_mail("nina@example.com", f"192.0.2.{number + 1}")

    with time_machine.travel(clock.now() + timedelta(hours=6), tick=False), pytest.raises(TooManyAttempts):
        ask_for_mail("nina@example.com", "192.0.2.99")
