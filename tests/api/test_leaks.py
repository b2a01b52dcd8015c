"""Reports of leaked secrets: the same answer for all, a flag and mails for those that work, and nothing stops."""

import pytest

from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.accounts import attempts
from portal.audit.models import AuditEvent
from portal.credentials import store as credentials
from portal.foundation import clock
from portal.foundation.database import db
from portal.outbox import operations as outbox
from portal.tokens import operations, texts
from portal.web import mail
from tests.credentials.scenes import a_credential, again
from tests.factories import a_member, a_vendor, tenant_of
from tests.tokens.scenes import a_token, end

WHERE = "https://paste.example/1"


def found(issued):
    db.session.rollback()
    return operations.find(issued.secret, clock.now())


def events() -> list[AuditEvent]:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event.endswith(".leaked"))
    return list(db.session.scalars(rows))


def mails():
    db.session.rollback()
    return outbox.read_all(99)


def test_a_found_token_is_flagged_and_goes_on_working(call, owner):
    issued = a_token(owner)

    answer = call("leaks", token=issued.secret, where=WHERE)

    assert (answer.status_code, answer.json) == (202, {"received": "true"})
    token = found(issued)
    assert token.leaked_where == WHERE
    assert token.leaked_at is not None


def test_the_record_tells_where_and_not_the_token(call, owner):
    issued = a_token(owner)
    call("leaks", token=issued.secret, where=f"https://paste.example/{issued.secret}")

    (event,) = events()

    assert event.facts["where"] == "https://paste.example/…"
    assert issued.secret not in str(event.facts)


def test_its_person_and_the_owners_are_told_once_each(call, owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)
    a_member(tenant_of(owner), Role.VIEWER)
    issued = a_token(developer)

    for _again in range(2):
        call("leaks", token=issued.secret, where=WHERE)

    told = [message for message in mails() if message.template == "token_leaked"]
    assert len(told) == 2
    assert len({message.to for message in told}) == 2
    assert len(events()) == 1


def test_the_mail_says_what_to_do_and_has_no_address_of_a_stranger(call, owner):
    call("leaks", token=a_token(owner).secret, where=WHERE)

    (message,) = mails()
    text = mail.render(message).get_content()

    assert "Make another one, put it in its place, and end this one." in " ".join(text.split())
    assert "paste" not in text


def test_a_found_service_credential_is_told_to_partner_admins(call):
    admin = a_vendor()
    a_vendor(Role.OPERATOR)
    issued = a_credential(admin)

    answer = call("leaks", token=issued.token, where=WHERE)

    assert answer.status_code == 202
    assert again(admin, issued.credential).leaked_where == WHERE
    assert [one.public_id for one in credentials.all_working(clock.now())] == [issued.credential.public_id]
    (message,) = mails()
    assert "Rotate it" in mail.render(message).get_content()


@pytest.mark.parametrize("text", ["", "nonsense", "ppt_x", "psc_" + "a" * 43])
def test_what_is_unknown_has_the_same_answer(text, call):
    assert call("leaks", token=text, where=WHERE).json == {"received": "true"}


def test_a_token_of_nobody_has_the_same_answer(call):
    answer = call("leaks", token=texts.make())

    assert (answer.status_code, answer.json) == (202, {"received": "true"})


def test_a_token_that_ended_is_not_flagged(call, owner):
    issued = a_token(owner)
    end(owner, issued.token)

    assert call("leaks", token=issued.secret).status_code == 202
    assert not events()
    assert not mails()


@pytest.mark.parametrize("where", ["javascript:alert(1)", "paste.example", "https://a b", "https://" + "x" * 600])
def test_where_it_was_found_is_an_address(where, call, owner):
    answer = call("leaks", token=a_token(owner).secret, where=where)

    assert (answer.status_code, answer.json["code"]) == (422, "not_an_address")


def test_reports_count_as_guesses_known_or_not(call, owner, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 2)
    issued = a_token(owner)
    call("leaks", token=issued.secret)
    call("leaks", token=texts.make())

    assert call("leaks", token=issued.secret).status_code == 429
    assert call("leaks", token=issued.secret, network="198.51.100.7").status_code == 202
