"""The demo's mailbox: all mail, its links ready to be followed; in production it does not exist."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.app import create_app
from portal.config import MailBackend, Mode
from portal.foundation.database import db, transaction
from portal.web.demo.views import paragraphs
from tests.conftest import settings_for
from tests.factories import a_licensee

BASE = "http://localhost"


@pytest.fixture
def invited():
    owner = a_licensee(name="Aurora")
    for address in ("ann@example.com", "ben@example.com"):
        with transaction():
            accounts.invite(owner, address, Role.VIEWER)


def soup(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def subjects(answer) -> list[str]:
    return [link.get_text(strip=True) for link in soup(answer).select("table.rows tbody th a")]


def test_an_empty_mailbox_says_what_will_come(client):
    assert "No mail yet" in client.get("/demo/mailbox").text


def test_a_visitor_sees_all_mail_newest_first(invited, client):
    answer = client.get("/demo/mailbox")

    assert subjects(answer) == ["Invitation to join Aurora on the partner portal"] * 2
    assert answer.text.index("ben@example.com</") < answer.text.rindex("ann@example.com")


def test_mail_of_one_address_can_be_picked_out(invited, client):
    answer = client.get("/demo/mailbox?to=ann@example.com")

    assert len(subjects(answer)) == 1


def test_the_link_in_a_mail_can_be_followed(invited, client):
    path = soup(client.get("/demo/mailbox?to=ann@example.com")).select_one("table.rows tbody th a")["href"]
    link = soup(client.get(path)).select_one('main a[href*="/invitations/"]')["href"]

    answer = client.get(link.removeprefix(BASE))

    assert answer.status_code == 200
    assert "Aurora" in answer.text


@pytest.mark.parametrize("message_id", ["01a20383-49fc-7baa-9706-5c31883e3882", "nonsense"])
def test_a_mail_that_is_missing_is_a_404(message_id, client):
    assert client.get(f"/demo/mailbox/{message_id}").status_code == 404


def test_only_addresses_of_this_portal_become_links():
    (paragraph,) = paragraphs(f"See {BASE}/a and http://evil.example/b and {BASE}.evil.example/c", BASE)

    assert str(paragraph).count("<a ") == 1
    assert f'<a href="{BASE}/a">' in paragraph


def test_what_a_mail_says_is_text_and_never_markup():
    (paragraph,) = paragraphs(f'<script>1</script> {BASE}/"><b>', BASE)

    assert "<script>" not in paragraph
    assert "<b>" not in paragraph


def test_lines_and_paragraphs_stay_apart():
    assert [str(part) for part in paragraphs("a\nb\n\nc\n", BASE)] == ["a<br>b", "c"]


@pytest.fixture
def production(database_store, tmp_path: Path) -> Iterator[Flask]:
    production = create_app(
        settings_for(
            *database_store.urls,
            tmp_path,
            portal_mode=Mode.PRODUCTION,
            mail_backend=MailBackend.FOLDER,
            mail_folder=tmp_path,
            external_base_url="https://portal.example.com",
        )
    )
    yield production
    with production.app_context():
        db.engine.dispose()


def test_in_production_there_is_neither_page_nor_command(production):
    endpoints = {rule.endpoint for rule in production.url_map.iter_rules()}

    assert not [endpoint for endpoint in endpoints if endpoint.startswith("demo.")]
    assert "demo" not in production.cli.commands["portal"].commands


def test_in_production_the_mailbox_is_a_404(production):
    answer = production.test_client().get("/demo/mailbox", base_url="https://portal.example.com")

    assert answer.status_code == 404
