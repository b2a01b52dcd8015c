"""Looking into a tenant, page by page: under a bar, for a while, before the eyes of the tenant."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import Actor, system_actor
from portal.access.roles import Role
from portal.access.rows import owned_by
from portal.accounts import members
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from tests.factories import (
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    membership_of,
    tenant_of,
)

REASON = "Case <4711>: keys stand still"


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Client")


@pytest.fixture
def admin() -> Actor:
    return a_vendor()


def account_of(actor: Actor) -> str:
    return tenant_of(actor).account_id


def begin(browser, admin: Actor, owner: Actor, **changed: str):
    address = f"/{account_of(admin)}/console/tenants/{account_of(owner)}/look-in"
    return browser.post(address, data={"reason": REASON, "hours": "2"} | changed)


@pytest.fixture
def looking(signed_in, admin, owner):
    """A browser in which the partner admin looks into the client."""
    browser = signed_in(admin)
    assert begin(browser, admin, owner).status_code == 303
    return browser


def read_of(owner: Actor) -> list[dict]:
    rows = owned_by(owner, AuditEvent).where(AuditEvent.event == "look_in.read").order_by(AuditEvent.seq)
    return [row.facts for row in db.session.scalars(rows)]


def bar_of(answer) -> BeautifulSoup | None:
    return BeautifulSoup(answer.text, "html.parser").select_one(".acting-look")


def end_of(bar: BeautifulSoup) -> str:
    return str(bar.select_one("form")["action"])


def test_the_page_before_says_what_the_tenant_is_told(signed_in, admin, owner):
    address = f"/{account_of(admin)}/console/tenants/{account_of(owner)}/look-in"

    page = signed_in(admin).get(address)

    assert page.status_code == 200
    assert "Every owner gets a mail now" in page.text


def test_it_leads_to_the_tenants_own_overview_under_a_bar(looking, owner):
    page = looking.get(f"/{account_of(owner)}")

    assert page.status_code == 200
    assert "You look into Client until" in bar_of(page).text
    assert REASON in bar_of(page).text


@pytest.mark.parametrize("path", ["", "/keys", "/projects", "/contracts", "/integrators", "/clients", "/activity",
                                  "/settings", "/settings/members", "/settings/roles"])  # fmt: skip
def test_each_page_has_the_bar_and_is_read_once(path, looking, owner):
    address = f"/{account_of(owner)}{path}"

    page = looking.get(address)

    assert bar_of(page) is not None
    assert [facts["path"] for facts in read_of(owner)] == [address]


@pytest.mark.parametrize("path", ["/keys/new", "/keys/batch", "/keys/check", "/hand-offs", "/integrators/ticket",
                                  "/activity.csv", "/activity/export", "/settings/members/invite"])  # fmt: skip
def test_what_leads_to_keys_tickets_and_downloads_stays_closed(path, looking, owner):
    page = looking.get(f"/{account_of(owner)}{path}")

    assert page.status_code == 403
    assert "stays closed while you look into an account" in page.text
    assert read_of(owner) == []


def test_no_form_of_the_tenant_is_accepted(looking, owner):
    pair = a_key(owner)

    answer = looking.post(f"/{account_of(owner)}/keys/{pair.api_key}/revoke")

    assert answer.status_code == 403
    assert "change nothing" in answer.text


def test_pages_offer_nothing_that_changes_the_tenant(looking, owner):
    page = BeautifulSoup(looking.get(f"/{account_of(owner)}/settings/members").text, "html.parser")

    forms = {form["action"] for form in page.select("main form[method=post]") if form.get("action")}
    assert not [action for action in forms if account_of(owner) in action]


def test_the_navigation_is_the_tenants_and_not_the_consoles(looking, owner):
    page = BeautifulSoup(looking.get(f"/{account_of(owner)}").text, "html.parser")

    assert page.select("nav.side a[href]")
    assert not [link for link in page.select("nav.side a[href]") if "/console/" in link["href"]]


def test_a_look_in_shows_no_other_account(looking, owner):
    other = a_licensee()

    assert looking.get(f"/{account_of(other)}").status_code == 404


def test_it_opens_nothing_for_a_colleague(looking, owner, signed_in):
    assert signed_in(a_vendor()).get(f"/{account_of(owner)}").status_code == 404


def test_when_its_time_is_over_the_account_does_not_exist(looking, owner):
    with clock.travelled_to(clock.now() + timedelta(minutes=59)):
        assert looking.get(f"/{account_of(owner)}").status_code == 200
    with clock.travelled_to(clock.now() + timedelta(hours=2)):
        assert looking.get(f"/{account_of(owner)}").status_code in (302, 404)  # idle for an hour, or over


def test_the_bar_ends_it_and_leads_back_to_the_console(looking, admin, owner):
    end = end_of(bar_of(looking.get(f"/{account_of(owner)}")))

    answer = looking.post(end)

    assert answer.headers["Location"] == f"/{account_of(admin)}/console/tenants/{account_of(owner)}"
    assert looking.get(f"/{account_of(owner)}").status_code == 404


def test_an_owner_sees_it_on_the_overview_and_ends_it(looking, owner, signed_in):
    browser = signed_in(owner)
    page = BeautifulSoup(browser.get(f"/{account_of(owner)}").text, "html.parser")
    (form,) = [form for form in page.select("form") if "/look-ins/" in form.get("action", "")]

    answer = browser.post(form["action"])

    assert answer.status_code == 303
    assert REASON in page.text
    assert looking.get(f"/{account_of(owner)}").status_code == 404


def test_a_viewer_sees_it_and_cannot_end_it(looking, owner, signed_in):
    browser = signed_in(a_member(tenant_of(owner), Role.VIEWER))

    page = browser.get(f"/{account_of(owner)}").text

    assert "of the vendor looks into this account" in page
    assert "/look-ins/" not in page


def test_an_integrator_is_not_told(looking, owner, signed_in):
    agency = an_integrator()
    a_delegation(owner, agency)

    page = signed_in(agency).get(f"/{account_of(owner)}")

    assert page.status_code == 200
    assert "of the vendor looks into this account" not in page.text


def test_who_leaves_the_vendor_reads_nothing_more(looking, admin, owner):
    a_vendor()
    with transaction():
        members.remove(system_actor("tests", admin.tenant_id), membership_of(admin))

    assert looking.get(f"/{account_of(owner)}").status_code in (302, 404)


def test_the_tenant_reads_of_each_page_in_its_activities(looking, owner, signed_in):
    looking.get(f"/{account_of(owner)}/keys")

    page = signed_in(owner).get(f"/{account_of(owner)}/activity").text

    assert f"looked at /{account_of(owner)}/keys" in page


def test_a_page_whose_reading_cannot_be_recorded_is_not_shown(looking, owner, monkeypatch):
    def broken(*_arguments):
        raise RuntimeError("the record cannot be written")

    monkeypatch.setattr(audit, "_append", broken)

    answer = looking.get(f"/{account_of(owner)}/keys")

    assert answer.status_code == 500
    assert "Key pairs" not in answer.text


def test_the_chain_is_whole_after_many_readings(looking, owner):
    for _time in range(5):
        looking.get(f"/{account_of(owner)}/keys")

    assert len(read_of(owner)) == 5
    assert list(audit.verify()) == []


def test_what_an_integrator_holds_for_its_clients_is_shown_as_to_a_viewer(signed_in, admin):
    agency, client = an_integrator(), a_licensee(name="A client of theirs")
    delegation = a_delegation(client, agency)
    a_key(for_client(agency, delegation))
    browser = signed_in(admin)
    begin(browser, admin, agency)

    page = browser.get(f"/{account_of(agency)}/clients")

    assert "A client of theirs" in page.text


def test_looking_into_an_agency_opens_nothing_of_its_clients(signed_in, admin):
    agency, client = an_integrator(), a_licensee()
    a_delegation(client, agency)
    browser = signed_in(admin)
    begin(browser, admin, agency)

    assert browser.get(f"/{account_of(client)}").status_code == 404


@pytest.mark.parametrize("changed", [{"reason": ""}, {"reason": " \n"}, {"hours": "5"}, {"hours": ""}])
def test_without_reason_or_with_other_hours_nothing_begins(changed, signed_in, admin, owner):
    answer = begin(signed_in(admin), admin, owner, **changed)

    assert answer.status_code == 422
    assert signed_in(admin).get(f"/{account_of(owner)}").status_code == 404


def test_the_vendors_own_account_cannot_be_looked_into(signed_in, admin):
    assert begin(signed_in(admin), admin, admin).status_code == 404


def test_the_page_before_leads_on_while_one_is_running(looking, admin, owner):
    page = looking.get(f"/{account_of(admin)}/console/tenants/{account_of(owner)}/look-in").text

    assert "You look into this account already" in page


def test_a_tenant_ends_no_look_in_of_another_one(looking, owner, signed_in):
    other = a_member(a_tenant())
    end = end_of(bar_of(looking.get(f"/{account_of(owner)}"))).rsplit("/", 2)[1]

    assert signed_in(other).post(f"/{account_of(other)}/look-ins/{end}/end").status_code == 404
