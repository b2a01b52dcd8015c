"""Service credentials in the console: shown once, rotated with an overlap, revoked by name, and kept nowhere."""

import logging
import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import text

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.credentials import store, tokens
from portal.foundation import clock
from portal.foundation.database import Base, db, transaction
from portal.outbox import operations as outbox
from tests.credentials.scenes import a_credential, again, events, revoke, rotated
from tests.factories import PASSWORD, a_vendor, tenant_of

TOKEN = re.compile(r"psc_[A-Za-z0-9_-]{43}")
MARK = "frm_00000000000000000001"
ISSUE = {"name": "Edge gateway", "service": "live-search", "last_day": "", "mark": MARK}
REASON = "It was left in a log."


@pytest.fixture
def admin() -> Actor:
    return a_vendor()


@pytest.fixture
def visitor(signed_in, admin):
    return signed_in(admin)


@pytest.fixture
def here(admin) -> str:
    return f"/{tenant_of(admin).account_id}/console/credentials"


def working() -> list[bytes]:
    db.session.rollback()
    return [one.digest for one in store.all_working(clock.now())]


def shown_in(answer) -> str:
    """The secret on the page, of which there is one."""
    (token,) = set(TOKEN.findall(answer.text))
    return token


def said(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def rows(answer) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in BeautifulSoup(answer.text, "html.parser").select("tbody tr")]


def test_the_answer_to_the_form_shows_a_secret_that_works(visitor, here):
    answer = visitor.post(f"{here}/new", data=ISSUE)

    assert answer.status_code == 200
    assert working() == [tokens.digest_of(shown_in(answer))]


def test_the_form_says_what_any_credential_gives_away(visitor, here):
    assert "lists the names, contracts, entitlements, data spaces and public keys of all" in said(
        visitor.get(f"{here}/new")
    )


def test_the_page_with_the_secret_is_kept_by_no_browser(visitor, here):
    assert visitor.post(f"{here}/new", data=ISSUE).headers["Cache-Control"] == "no-store"


def test_the_page_with_the_secret_warns_before_it_is_left(visitor, here):
    answer = visitor.post(f"{here}/new", data=ISSUE)

    guard = BeautifulSoup(answer.text, "html.parser").select_one("[data-leave-guard]")
    assert guard.select_one("form[method=get]")["action"] == here


def test_the_form_sent_again_issues_nothing_and_shows_nothing(visitor, here):
    visitor.post(f"{here}/new", data=ISSUE)

    answer = visitor.post(f"{here}/new", data=ISSUE, follow_redirects=True)

    assert "was issued already when this form was sent for the first time" in said(answer)
    assert not TOKEN.search(answer.text)
    assert len(working()) == 1


def test_another_drawing_of_the_form_issues_another(visitor, here):
    marks = {
        BeautifulSoup(visitor.get(f"{here}/new").text, "html.parser").select_one("[name=mark]")["value"]
        for _time in range(2)
    }

    for mark in marks:
        visitor.post(f"{here}/new", data=ISSUE | {"mark": mark})

    assert len(working()) == 2


def test_no_page_but_that_one_shows_the_secret(visitor, here, admin):
    token = shown_in(visitor.post(f"{here}/new", data=ISSUE))
    (credential,) = store.everything(admin)

    for path in ("", "/new", f"/{credential.public_id}/rotate", f"/{credential.public_id}/revoke"):
        assert token not in visitor.get(f"{here}{path}").text


def test_the_secret_is_in_no_table_no_log_no_mail_and_no_event(visitor, here, admin, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    first = shown_in(visitor.post(f"{here}/new", data=ISSUE))
    (credential,) = store.everything(admin)
    second = shown_in(visitor.post(f"{here}/{credential.public_id}/rotate", data={"overlap": "86400", "last_day": ""}))
    visitor.post(f"{here}/{credential.public_id}/revoke", data={"reason": REASON, "typed_name": "Edge gateway"})

    out, err = capfd.readouterr()
    everywhere = f"{everything_stored()} {outbox.read_all(100)} {events()} {caplog.text} {out} {err}"

    assert len(events()) == 3
    assert not TOKEN.search(everywhere)
    assert not [token for token in (first, second) if token.removeprefix("psc_") in everywhere]


def everything_stored() -> str:
    """Every cell of every table, as text; octets as letters, where they are some."""
    db.session.rollback()
    cells = []
    for table in Base.metadata.tables:
        for row in db.session.connection().execute(text(f"SELECT * FROM {table}")):  # noqa: S608 - our own names
            cells += [cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in row]
    return " ".join(cells)


def test_a_credential_of_one_service_is_told_as_such(visitor, here):
    visitor.post(f"{here}/new", data=ISSUE)
    visitor.post(f"{here}/new", data=ISSUE | {"service": "*", "mark": MARK.replace("1", "2"), "name": "Front"})

    one, other = rows(visitor.get(here))

    assert "All services" in one
    assert "Live Search" in other


@pytest.mark.parametrize(
    ("overlap", "state"), [("0", "Ended"), ("3600", "Ending"), ("86400", "Ending"), ("604800", "Ending")]
)
def test_after_a_rotation_the_list_has_both(overlap, state, visitor, here, admin):
    old = a_credential(admin, "Edge gateway").credential.public_id

    token = shown_in(visitor.post(f"{here}/{old}/rotate", data={"overlap": overlap, "last_day": ""}))

    successor, before = rows(visitor.get(here))
    assert "Works" in successor
    assert f" {state} " in before
    assert "has a successor" in before
    assert tokens.digest_of(token) in working()


def test_the_page_with_a_successor_says_when_the_old_one_stops(visitor, here, admin):
    old = a_credential(admin).credential.public_id

    answer = visitor.post(f"{here}/{old}/rotate", data={"overlap": "604800", "last_day": ""})

    stops_at = clock.now() + timedelta(days=7)
    assert f"The old credential stops on {stops_at.day} {stops_at:%b} {stops_at.year}" in said(answer)


def test_the_page_with_a_successor_says_that_the_old_one_has_stopped(visitor, here, admin):
    old = a_credential(admin).credential.public_id

    answer = visitor.post(f"{here}/{old}/rotate", data={"overlap": "0", "last_day": ""})

    assert "The old credential has stopped" in said(answer)


def test_rotating_again_shows_nothing(visitor, here, admin):
    old = a_credential(admin).credential
    rotated(admin, old)

    answer = visitor.post(
        f"{here}/{old.public_id}/rotate", data={"overlap": "0", "last_day": ""}, follow_redirects=True
    )

    assert "has a successor already" in said(answer)
    assert not TOKEN.search(answer.text)


def test_a_day_is_the_usual_overlap(visitor, here, admin):
    old = a_credential(admin).credential.public_id

    page = BeautifulSoup(visitor.get(f"{here}/{old}/rotate").text, "html.parser")

    assert page.select_one("[name=overlap][checked]")["value"] == "86400"


def test_a_successor_is_offered_as_long_a_term_as_the_old_one_had(visitor, here, admin):
    old = a_credential(admin, expires_at=clock.now() + timedelta(days=90)).credential.public_id

    page = BeautifulSoup(visitor.get(f"{here}/{old}/rotate").text, "html.parser")

    offered = page.select_one("[name=last_day]")["value"]
    assert abs((clock.now() + timedelta(days=90)).date().toordinal() - as_day(offered)) <= 1


def as_day(value: str) -> int:
    return clock.now().date().fromisoformat(value).toordinal()


def test_before_revoking_the_page_says_what_asks_with_it_and_when_it_did_last(visitor, here, admin):
    credential = a_credential(admin, "Search nodes", "live-search").credential.public_id
    with transaction():
        store.note_uses({credential: clock.now()})

    page = said(visitor.get(f"{here}/{credential}/revoke"))

    assert "Services it asks about 1 Live Search" in page
    assert "Last used: " + f"{clock.now().day} {clock.now():%b}" in page
    assert "No other credential works for any of these services" in page


def test_before_revoking_the_page_names_what_goes_on(visitor, here, admin):
    credential = a_credential(admin, "Search nodes", "live-search").credential.public_id
    a_credential(admin, "Front gateway")
    a_credential(admin, "Payment nodes", "payment-services")

    page = said(visitor.get(f"{here}/{credential}/revoke"))

    assert "These go on working beside it: Front gateway" in page
    assert "Payment nodes" not in page


def test_the_name_has_to_be_typed(visitor, here, admin):
    credential = a_credential(admin, "Search nodes").credential.public_id

    answer = visitor.post(f"{here}/{credential}/revoke", data={"reason": REASON, "typed_name": "Edge gateway"})

    assert answer.status_code == 422
    assert len(working()) == 1


def test_a_revoked_one_stays_in_the_list_with_its_reason(visitor, here, admin):
    credential = a_credential(admin, "Search nodes").credential.public_id

    visitor.post(f"{here}/{credential}/revoke", data={"reason": REASON, "typed_name": "Search nodes"})

    (row,) = rows(visitor.get(here))
    assert "Revoked" in row
    assert REASON in row
    assert working() == []


@pytest.mark.parametrize("act", ["rotate", "revoke"])
def test_what_has_stopped_has_no_page_to_stop_it(act, visitor, here, admin):
    credential = a_credential(admin).credential
    revoke(admin, credential)

    answer = visitor.get(f"{here}/{credential.public_id}/{act}")

    assert answer.status_code == 409
    assert "has stopped already" in answer.text


ACTS = {
    "new": ISSUE,
    "{credential}/rotate": {"overlap": "0", "last_day": ""},
    "{credential}/revoke": {"reason": REASON, "typed_name": "Edge gateway"},
}


@pytest.mark.parametrize("act", ACTS)
def test_each_act_asks_for_a_fresh_sign_in(act, visitor, here, admin):
    credential = a_credential(admin).credential
    address = f"{here}/{act.format(credential=credential.public_id)}"
    before = working()

    with clock.travelled_to(clock.now() + timedelta(minutes=11)):
        refused = visitor.post(address, data=ACTS[act])
        wrong = visitor.post(address, data=ACTS[act] | {"password": "not the password of anybody"})

        assert (refused.status_code, wrong.status_code) == (422, 422)
        assert working() == before

        done = visitor.post(address, data=ACTS[act] | {"password": PASSWORD})

    assert done.status_code in (200, 303)
    assert working() != before
    assert again(admin, credential) is not None


def test_an_operator_sees_them_and_what_only_partner_admins_do(signed_in, here, admin):
    a_credential(admin, "Search nodes")
    operator = signed_in(a_vendor(Role.OPERATOR))

    answer = operator.get(here)

    assert "Search nodes" in rows(answer)[0]
    assert "A partner admin can do this." in said(answer)
    assert not BeautifulSoup(answer.text, "html.parser").select("a[href$=rotate], a[href$=revoke]")


def test_what_ends_soon_is_in_the_overview_and_in_the_list_that_it_leads_to(visitor, here, admin):
    names = {"Soon": 3, "Later": 80, "Rotated": 3, "Revoked": 3}
    made = {
        name: a_credential(admin, name, expires_at=clock.now() + timedelta(days=days)).credential
        for name, days in names.items()
    }
    rotated(admin, made["Rotated"])
    revoke(admin, made["Revoked"])

    overview = BeautifulSoup(visitor.get(here.replace("credentials", "overview")).text, "html.parser")

    tile = overview.select("section[aria-labelledby=expiring-credentials] a")[1]
    assert tile.find_parent(class_="tile").select_one(".tile-value").get_text(strip=True) == "1"
    assert [row.split()[0] for row in rows(visitor.get(tile["href"]))] == ["Soon"]


def test_a_filter_that_leaves_nothing_can_be_cleared(visitor, here, admin):
    a_credential(admin)

    page = visitor.get(f"{here}?ends=1")

    assert "Nothing matches these filters" in said(page)


def test_before_the_first_one_the_list_says_what_they_are_for(visitor, here):
    assert "No service can ask yet" in said(visitor.get(here))


def test_the_record_tells_each_act(visitor, here, admin):
    first = a_credential(admin, "Search nodes", "live-search").credential
    front = a_credential(admin, "Front").credential
    rotated(admin, first)
    revoke(admin, front, REASON)

    told = said(visitor.get(f"/{tenant_of(admin).account_id}/activity"))

    assert "issued the service credential “Search nodes” for Live Search" in told
    assert "issued the service credential “Front” for all services" in told
    assert "rotated the service credential “Search nodes”: its successor works, the old one until" in told
    assert f"revoked the service credential “Front”. Reason: {REASON}" in told
