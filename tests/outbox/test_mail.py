"""Mail as it is drawn: language, links, headers."""

import uuid
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

import pytest

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.audit.events import Event
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.outbox.operations import Message
from portal.outbox.worker import run_once
from portal.web import mail
from tests.conftest import settings_for
from tests.factories import a_licensee

INVITATION = {"token": "tok_en-1", "tenant": "Acme", "inviter": "Mara", "role": "Developer", "days": 7}
# A template of a delegation is named for the event it tells; every event has one.
KEYS = ["key_stops_soon", "key_year_old", "key_held_open"]
OF_FACTORS = ["second_factor_added", "second_factor_removed", "recovery_codes_made", "recovery_code_used"]
TEMPLATES = [
    "invitation",
    "password_changed",
    *OF_FACTORS,
    *KEYS,
    *(e.replace(".", "_") for e in Event if e.startswith("delegation.")),
]
DELEGATION = {
    "name": "Nina",
    "party": "Agency",
    "account": "MAG000000001",
    "delegation": "dlg_1",
    "to_owner": True,
    "offered": True,
    "last_day": "2027-05-03",
    "answer_by": "2026-12-22",
}
PAIR = {
    "owner": "Acme",
    "api_key": "0" * 32,
    "pair": "Storefront",
    "environment": "Sandbox",
    "retiring": True,
    "day_of": "2027-05-03",
    "time_of": "09:30",
    "ended_on": "2027-05-03",
    "installations": "Main shop",
    "more": 2,
}


def a_message(template="invitation", language="en", to="nina@example.com", **facts) -> Message:
    return Message(
        id=uuid.UUID("01a20381-cb0e-7a62-b0fd-4afdf83de4cd"),
        template=template,
        to=to,
        language=language,
        facts=INVITATION | facts,
        created_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    )


def parsed(drawn):
    return BytesParser(policy=policy.default).parsebytes(drawn.as_bytes())


def test_the_first_line_of_a_template_is_the_subject_and_the_rest_the_body():
    drawn = parsed(mail.render(a_message()))

    assert drawn["Subject"] == "Invitation to join Acme on the partner portal"
    assert "Mara invites you to join the account Acme as Developer." in drawn.get_content()


def test_a_mail_has_sender_date_and_a_stable_message_id():
    first, second = mail.render(a_message()), mail.render(a_message())

    assert first["From"] == "Partner portal <portal@example.com>"
    assert first["Date"] == "Sun, 22 Nov 2026 09:30:00 +0000"
    assert first["Message-ID"] == second["Message-ID"] == "<01a20381-cb0e-7a62-b0fd-4afdf83de4cd@localhost>"
    assert first["Auto-Submitted"] == "auto-generated"


def test_a_link_begins_with_the_external_address_whatever_the_request_says(app):
    with app.test_request_context("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}):
        body = mail.render(a_message()).get_content()

    links = [word for word in body.split() if "//" in word]
    assert links == ["http://localhost/invitations/tok_en-1"]


@pytest.mark.parametrize("name", ["http://evil.example/x", "HTTPS://evil.example", "www.evil.example"])
def test_a_name_that_looks_like_a_link_is_none_in_mail(name):
    drawn = mail.render(a_message(tenant=name, inviter=name))

    assert name not in drawn.get_content()
    assert name not in drawn["Subject"]


@pytest.mark.parametrize("name", ["Acme\r\nBcc: spy@example.com", "Acme\nBcc: spy@example.com", "Acme\u2028Bcc: x"])
def test_no_fact_becomes_a_header(name):
    drawn = parsed(mail.render(a_message(tenant=name)))

    assert drawn["Bcc"] is None
    assert drawn["Subject"].startswith("Invitation to join Acme Bcc:")


@pytest.mark.parametrize("to", ["nina@example.com\nBcc: spy@example.com", "nina@example.com, spy@example.com", "nina"])
def test_a_recipient_is_one_address(to):
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words
        mail.render(a_message(to=to))


def test_facts_are_not_read_as_a_template():
    body = mail.render(a_message(tenant="{{ 7 * 7 }} <b>Acme</b> & Co %(days)s")).get_content()

    assert "{{ 7 * 7 }} <b>Acme</b> & Co %(days)s" in body


@pytest.mark.parametrize("language", ["en", "zh_Hant"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_drawn_in_every_language(template, language):
    drawn = parsed(mail.render(a_message(template, language, **DELEGATION | PAIR | {"factor": "Phone", "left": 9})))

    assert drawn["Subject"]
    assert drawn.get_content().strip()
    assert "%(" not in drawn["Subject"] + drawn.get_content()


def test_the_worker_carries_an_invitation_into_the_folder_that_is_set(tmp_path, app):
    folder = tmp_path / "mail"
    settings = settings_for("sqlite://", "", tmp_path, mail_backend="folder", mail_folder=folder)
    owner = a_licensee()
    with transaction():
        accounts.invite(owner, "nina@example.com", Role.VIEWER)

    run_once(mail.sender(settings))

    token = outbox.read_all(1)[0].facts["token"]
    files = list(folder.glob("*.eml"))
    assert len(files) == 1
    assert token in BytesParser(policy=policy.default).parsebytes(files[0].read_bytes()).get_content()


@pytest.mark.parametrize(("to_owner", "page"), [(True, "integrators"), (False, "clients")])
def test_a_mail_about_a_delegation_leads_each_side_to_its_own_page(to_owner, page):
    body = mail.render(a_message("delegation_ended", **DELEGATION | {"to_owner": to_owner})).get_content()

    assert f"http://localhost/MAG000000001/{page}/dlg_1" in body
