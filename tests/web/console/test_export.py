"""Downloads of the console's lists: all rows that the filters leave, for somebody fresh, and each is on record."""

import csv
import io
from datetime import timedelta

import pytest

from portal.access.roles import Environment
from portal.accounts.models import UserSession
from portal.audit.models import AuditEvent
from portal.foundation import clock, paging
from portal.foundation.database import db, transaction
from tests.factories import (
    PASSWORD,
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_tenant,
    a_vendor,
    an_integrator,
    tenant_of,
)

LISTS = ("tenants", "contracts", "entitlements", "access", "delegations", "installations")


@pytest.fixture
def vendor():
    return a_vendor()


@pytest.fixture
def download(vendor, signed_in):
    """What a download of a list answers with."""
    browser, account = signed_in(vendor), tenant_of(vendor).account_id
    return lambda where: browser.post(f"/{account}/console/export/{where}", buffered=True)


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def exports(vendor) -> list[AuditEvent]:
    events = db.session.query(AuditEvent).filter_by(event="list.exported")
    return events.execution_options(scope=vendor.tenant_id).all()


@pytest.mark.parametrize("what", LISTS)
def test_every_list_can_be_taken_along(what, download):
    a_delegation(a_licensee(), an_integrator())

    answer = download(what)

    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={what}-{clock.now():%Y-%m-%d}.csv"


def test_the_filters_are_respected(download):
    owner = a_licensee()
    a_key(owner, name="Sandbox key")
    a_key(owner, environment=Environment.PRODUCTION, name="Production key")

    assert [row["name"] for row in rows(download("access?environment=production"))] == ["Production key"]


def test_all_rows_come_not_just_a_page(download, monkeypatch):
    monkeypatch.setattr(paging, "PORTION_ROWS", 2)
    for number in range(5):
        a_tenant(f"Aurora {number}")

    found = rows(download("tenants?q=aurora"))

    assert [row["name"] for row in found] == [f"Aurora {number}" for number in range(5)]


def test_times_are_in_utc(download):
    contract = a_contract(a_tenant(), ends_at=clock.now().replace(microsecond=0) + timedelta(days=9))

    (row,) = rows(download("contracts"))

    assert row["until"] == f"{contract.ends_at:%Y-%m-%dT%H:%M:%S}Z"


def test_a_cell_is_never_a_formula(download):
    a_tenant("=cmd()")

    (row,) = rows(download("tenants?q=%3Dcmd"))

    assert row["name"] == "'=cmd()"


def test_a_download_is_on_record_with_its_filters(vendor, download):
    download("tenants?q=aurora&standing=good")

    (event,) = exports(vendor)

    assert (event.tenant_id, event.subject_id) == (vendor.tenant_id, "tenants")
    assert event.facts["filters"] == ["q=aurora", "standing=good"]


def test_the_record_is_a_sentence(vendor, download, signed_in):
    download("tenants?standing=good")

    page = signed_in(vendor).get(f"/{tenant_of(vendor).account_id}/activity")

    assert "downloaded the console’s list “tenants” (filters: standing=good)" in page.text


def test_looking_at_the_page_of_a_download_is_not_on_record(vendor, signed_in):
    answer = signed_in(vendor).get(f"/{tenant_of(vendor).account_id}/console/export/tenants?q=aurora")

    assert "aurora" in answer.text
    assert exports(vendor) == []


def test_who_signed_in_long_ago_gives_the_password(vendor, signed_in):
    browser, address = signed_in(vendor), f"/{tenant_of(vendor).account_id}/console/export/tenants"
    with transaction():
        db.session.query(UserSession).update({"reauthenticated_at": clock.now() - timedelta(minutes=11)})

    refused = browser.post(address)
    taken = browser.post(address, data={"password": PASSWORD}, buffered=True)

    assert (refused.status_code, taken.mimetype) == (422, "text/csv")
    assert len(exports(vendor)) == 1


@pytest.mark.parametrize("what", ["overview", "nonsense", "search", "requests"])
def test_what_is_no_list_is_a_404(what, download):
    assert download(what).status_code == 404


@pytest.mark.parametrize("what", LISTS)
def test_each_list_leads_to_its_download_with_its_filters(what, vendor, signed_in):
    owner = a_licensee()
    a_delegation(owner, an_integrator())
    a_key(owner)
    browser, account = signed_in(vendor), tenant_of(vendor).account_id

    page = browser.get(f"/{account}/console/{what}?standing=good&environment=sandbox")

    assert (f"/{account}/console/export/{what}" in page.text) == (what != "installations")
