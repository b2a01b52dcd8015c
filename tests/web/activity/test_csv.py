"""Activity as a file for spreadsheets: all of it, respecting the filters, never a formula."""

import csv
import io
from datetime import datetime, timedelta

import pytest
import time_machine

from portal.access.roles import Role
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tenants import operations as tenants
from portal.web.activity import views
from portal.web.exports import safe_cell
from tests.factories import PASSWORD, a_key, a_licensee, a_member, tenant_of


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def account(owner):
    return tenant_of(owner).account_id


def rename(owner, name: str) -> None:
    with transaction():
        tenants.rename(owner, name, tenant_of(owner).version)


def table(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_it_is_a_download_in_utf_8_with_a_byte_order_mark(owner, account, signed_in):
    answer = signed_in(owner).get(f"/{account}/activity.csv", buffered=True)

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=activity-{account}.csv"
    assert answer.data.startswith(b"\xef\xbb\xbfat,")


def test_times_are_utc_in_iso_8601(owner, account, signed_in):
    first = table(signed_in(owner).get(f"/{account}/activity.csv", buffered=True))[0]

    assert first["at"].endswith("Z")
    assert datetime.fromisoformat(first["at"]) - clock.now() < timedelta(minutes=1)


def test_it_tells_who_did_what_to_what(owner, account, signed_in):
    pair = a_key(owner, name="商店")

    first = table(signed_in(owner).get(f"/{account}/activity.csv?kind=key", buffered=True))[0]

    assert first["event"] == "key.activated"
    assert "商店" in first["what_happened"]
    assert (first["who"], first["who_belongs_to"]) == (owner.label, "Aurora")
    assert (first["subject_id"], first["subject"]) == (pair.api_key, "商店")


def test_it_holds_what_the_filters_leave(owner, account, signed_in):
    a_key(owner)
    rename(owner, "Aurora 2")

    found = table(signed_in(owner).get(f"/{account}/activity.csv?kind=tenant", buffered=True))

    assert {row["event"] for row in found} == {"tenant.created", "tenant.renamed"}


def test_it_holds_all_events_however_many_portions_they_are(owner, account, signed_in, monkeypatch):
    monkeypatch.setattr(views, "PORTION", 3)
    for number in range(8):
        rename(owner, f"Aurora {number}")

    found = table(signed_in(owner).get(f"/{account}/activity.csv?kind=tenant", buffered=True))

    assert [int(row["number"]) for row in found] == sorted((int(row["number"]) for row in found), reverse=True)
    assert len(found) == 9


def test_a_name_that_is_a_formula_arrives_as_text(owner, account, signed_in):
    rename(owner, "=HYPERLINK(0)")

    first = table(signed_in(owner).get(f"/{account}/activity.csv?kind=tenant", buffered=True))[0]

    assert first["subject"] == "'=HYPERLINK(0)"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_begins_like_a_formula(start):
    assert safe_cell(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize(("value", "shown"), [(None, ""), (7, "7"), ("a=b", "a=b"), ("", "")])
def test_other_cells_stay_as_they_are(value, shown):
    assert safe_cell(value) == shown


def test_a_viewer_may_take_it_along(owner, account, signed_in):
    viewer = a_member(tenant_of(owner), Role.VIEWER)

    assert signed_in(viewer).get(f"/{account}/activity.csv", buffered=True).status_code == 200


def test_a_sign_in_of_long_ago_is_asked_for_the_password_first(owner, account, signed_in):
    browser = signed_in(owner)

    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        answer = browser.get(f"/{account}/activity.csv?kind=key", buffered=True)

    assert answer.status_code == 302
    assert answer.location == f"/{account}/activity/export?kind=key"


def test_the_password_opens_the_download_with_its_filters(owner, account, signed_in):
    browser = signed_in(owner)

    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        answer = browser.post(f"/{account}/activity/export?kind=key", data={"password": PASSWORD})
        download = browser.get(answer.location, buffered=True)

    assert answer.status_code == 303
    assert answer.location == f"/{account}/activity.csv?kind=key"
    assert download.mimetype == "text/csv"


def test_a_wrong_password_opens_nothing(owner, account, signed_in):
    browser = signed_in(owner)

    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        answer = browser.post(f"/{account}/activity/export", data={"password": "not the password"})

    assert answer.status_code == 422
