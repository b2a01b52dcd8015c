"""The shape of a row, whatever is in the account; and what a call costs."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.connector import rows
from portal.connector.routes import ROUTES
from portal.contracts import store as contracts
from portal.contracts.catalogue import SERVICES
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.words import same_name
from portal.projects import operations
from portal.projects import store as projects
from portal.projects.models import DataSpaceFeature, Project
from portal.projects.store import Shown
from tests.connector.conftest import MakeShop
from tests.connector.shop import PING, REGISTRY, Refused, Shop
from tests.statements import counted

NEEDED = {"environmentId", "environmentName", "environmentType", "projectId", "projectName"}
SEEN = {
    "mageId", "organizationId", "organizationName", "imsOrganizationId", "accountGroup", "entitlementAuthority",
    "accountEntitlements", "featureSet", "cloudId", "subscriptionEndDate", "accountSyncStatus", "createdAt",
    "updatedAt", "hipaa",
}  # fmt: skip
MOMENTS = ("subscriptionEndDate", "createdAt", "updatedAt")
ID = re.compile(r"[A-Za-z0-9_-]+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MANY = 300

names = st.text(min_size=1, max_size=255)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001 - made aware at once
    lambda moment: moment.replace(tzinfo=clock.now().tzinfo)
)


data_spaces = st.builds(
    Shown,
    id=st.uuids().map(str),
    name=names,
    cloud_project=st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    created_at=moments,
    changed_at=st.none() | moments,
    project_id=st.uuids().map(str),
    project_name=names,
    contract_ends_at=moments,
    contract_ended_at=st.none() | moments,
    edition=names,
    account_id=st.from_regex(r"MAG[0-9]{9}", fullmatch=True),
    tenant_name=names,
    features=st.lists(st.sampled_from([service.code for service in SERVICES]), unique=True).map(tuple),
)


@pytest.mark.no_database
@given(data_space=data_spaces, entitled=st.lists(names))
def test_every_row_has_the_members_and_kinds_that_the_client_reads(data_space: Shown, entitled: list[str]):
    row = json.loads(json.dumps(rows._row(data_space, entitled)))

    assert row.keys() == NEEDED | SEEN
    assert "message" not in row
    assert row["environmentType"] in ("Production", "Testing")
    assert ID.fullmatch(row["environmentId"])
    assert ID.fullmatch(row["projectId"])
    assert all(MOMENT.fullmatch(row[name]) for name in MOMENTS)
    assert MOMENT.fullmatch(row["accountSyncStatus"]["updatedAt"])
    assert row["accountEntitlements"] == entitled
    assert row["featureSet"] == sorted(row["featureSet"])
    assert {type(row[name]) for name in NEEDED | {"mageId", "organizationName", "cloudId", "accountGroup"}} == {str}
    assert row["hipaa"] is False


def fill(owner: Actor, spaces: int) -> None:
    """Projects with this many data spaces, past the allotment, every third with features."""
    with transaction():
        contract = contracts.all_of(owner)[0]
        for number in range(spaces // 3):
            name = f"Shop {number:03}"
            project = Project(
                tenant_id=contract.tenant_id, contract_id=contract.id, name=name, name_key=same_name(name)
            )
            projects.add_project(project, operations._data_spaces(contract.edition))
            space = projects.get(owner, project.public_id).data_spaces[0]
            for service in SERVICES[:2]:
                projects.add(
                    DataSpaceFeature(
                        tenant_id=contract.tenant_id,
                        project_id=project.id,
                        data_space_id=space.id,
                        service_code=service.code,
                    )
                )


@pytest.fixture
def large(shop: Shop, owner: Actor) -> Shop:
    """A shop of an account with 300 data spaces."""
    fill(owner, MANY)
    shop.ping()
    return shop


def statements(shop: Shop, method: str, path: str) -> int:
    with counted() as sent:
        status, _headers, _body = shop.send(method, path, shop.headers(), b"")
    assert status == 200
    return len(sent)


def test_the_list_of_300_data_spaces_takes_three_statements(large: Shop):
    assert statements(large, "GET", REGISTRY) <= 3
    assert len(large.rows()) == MANY


def test_the_same_list_again_takes_one_statement_beside_the_look_at_the_version(large: Shop):
    large.rows()

    assert statements(large, "GET", REGISTRY) <= 2


def test_a_ping_takes_no_statement_beside_the_look_at_the_version(shop: Shop):
    shop.ping()

    taken = [statements(shop, "GET", PING) for _time in range(20)]

    assert max(taken) <= 1
    assert sum(taken) <= 3  # one a second


def test_a_list_says_at_once_what_changed_in_the_account(shop: Shop, owner: Actor):
    (space, *_others) = shop.create("Storefront")
    before = shop.rows()

    with transaction():
        entitlements.extend(system_actor("tests"), contracts.all_of(owner)[0], clock.now() + timedelta(days=1000))

    after = shop.rows()
    assert before[0]["subscriptionEndDate"] < after[0]["subscriptionEndDate"]
    assert {row["environmentId"] for row in after} >= {space["environmentId"]}


def test_services_that_end_by_the_clock_leave_the_list(shop: Shop, owner: Actor):
    shop.create("Storefront")
    assert shop.rows()[0]["accountEntitlements"]
    with transaction():
        for row in entitlements.store.all_of(owner):
            row.ends_at = clock.now() + timedelta(seconds=30)

    with clock.travelled_to(clock.now() + timedelta(minutes=1)):
        assert shop.rows()[0]["accountEntitlements"] == []


def at_once(act, count: int = 8) -> list[object]:
    """What `act(number)` answers, or the refusal, for several calls at the same moment."""

    def tried(number: int) -> object:
        try:
            return act(number)
        except Refused as refused:
            return refused.body["error"]["code"]

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(tried, range(count)))


def test_one_name_posted_by_one_key_at_once_is_one_project(app: Flask, a_shop: MakeShop, owner: Actor):
    shop = a_shop(owner)

    answers = at_once(lambda _number: shop.create("Storefront")[0]["projectId"])

    db.session.rollback()
    assert len(set(answers)) == 1
    assert len(projects.page(owner, place=None).rows) == 1


def test_projects_posted_at_once_never_exceed_the_allotment(app: Flask, a_shop: MakeShop, owner: Actor):
    shop = a_shop(owner)

    answers = at_once(lambda number: len(shop.create(f"Shop {number}")))

    db.session.rollback()
    assert sorted(map(str, answers)) == ["3"] * 3 + ["allotment_used_up"] * 5
    assert len(shop.rows()) == 9


def test_a_feature_switched_on_at_once_is_one(app: Flask, a_shop: MakeShop, owner: Actor):
    shop = a_shop(owner, Environment.PRODUCTION)
    space_id = shop.create("Storefront")[0]["environmentId"]

    answers = at_once(lambda _number: shop.switch_on(space_id, "PREMIUM_SEARCH")["featureSet"])

    assert answers == [["Premium Search"]] * 8


@pytest.mark.no_database
def test_every_call_that_writes_says_what_it_is_for():
    assert [route.path for route in ROUTES if (route.method != "GET") != bool(route.purpose)] == []
    assert all(len(route.purpose) <= 64 for route in ROUTES)
