"""A shop's session with the registry, call by call (connector-protocol sections 2 and 3)."""

import re
from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db
from portal.projects import store as projects
from portal.projects.models import Project
from tests.connector.conftest import MakeShop
from tests.connector.shop import Refused, Shop
from tests.factories import a_contract, a_licensee, tenant_of

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def events(name: str) -> list[AuditEvent]:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event == name)
    return list(db.session.scalars(rows.where(AuditEvent.copy_of.is_(None)).order_by(AuditEvent.seq)))


def test_an_account_without_projects_lists_nothing(shop: Shop):
    assert shop.call("GET", "") == {"results": []}


def test_a_new_project_has_its_production_space_first(shop: Shop):
    rows = shop.create("Storefront")

    assert [row["environmentName"] for row in rows] == ["Production", "Testing 1", "Testing 2"]
    assert [row["environmentType"] for row in rows] == ["Production", "Testing", "Testing"]
    assert {row["projectName"] for row in rows} == {"Storefront"}


def test_s14_a_magento_open_source_project_has_one_production_space(a_shop: MakeShop):
    rows = a_shop(a_licensee("magento-open-source")).create("Storefront")

    assert [row["environmentType"] for row in rows] == ["Production"]


@pytest.mark.parametrize("environment", list(Environment))
def test_s15_a_shop_lists_creates_renames_and_chooses_with_the_keys_of_either_side(
    a_shop: MakeShop, owner: Actor, environment: Environment
):
    shop = a_shop(owner, environment)
    assert shop.rows() == []

    production, testing, _other = shop.create("Storefront")
    project_id, space_id = production["projectId"], testing["environmentId"]

    assert shop.rows() == shop.rows_of(project_id)
    assert shop.row(space_id) == testing
    assert {row["projectName"] for row in shop.rename_project(project_id, "New storefront")} == {"New storefront"}
    assert shop.rename_data_space(space_id, "Staging")["environmentName"] == "Staging"
    assert shop.say_cloud(space_id, "cloud-1")["cloudId"] == "cloud-1"
    assert shop.switch_on(space_id, "PREMIUM_SEARCH")["featureSet"] == ["Premium Search"]
    chosen = shop.row(space_id)
    assert (chosen["projectName"], chosen["environmentName"]) == ("New storefront", "Staging")
    assert (chosen["cloudId"], chosen["featureSet"]) == ("cloud-1", ["Premium Search"])


def test_s15_the_keys_of_both_sides_list_the_same_rows(a_shop: MakeShop, owner: Actor):
    sandbox, production = (a_shop(owner, environment) for environment in Environment)
    sandbox.create("Storefront")

    assert sandbox.rows() == production.rows()
    assert {row["environmentType"] for row in production.rows()} == {"Production", "Testing"}


def test_s13_one_key_serves_several_data_spaces(shop: Shop):
    one, other, _third = shop.create("Storefront")

    shop.say_cloud(one["environmentId"], "cloud-1")
    shop.say_cloud(other["environmentId"], "cloud-2")

    assert [row["cloudId"] for row in shop.rows()] == ["cloud-1", "cloud-2", ""]


def test_s16_the_old_key_works_on_beside_a_new_one(a_shop: MakeShop, owner: Actor):
    old = a_shop(owner)
    rows = old.create("Storefront")
    new = a_shop(owner)

    assert old.rows() == new.rows() == rows


def test_s12_both_halves_and_nothing_else_choose_or_create_a_project(a_shop: MakeShop, owner: Actor):
    rows = a_shop(owner).create("Storefront")

    kept = a_shop(owner)

    assert Shop(kept.send, kept.api_key, kept.private).rows() == rows


def test_a_row_has_what_the_client_needs_and_what_it_has_seen(shop: Shop, owner: Actor):
    (row, *_others) = shop.create("Storefront")

    tenant = tenant_of(owner)
    assert UUID.fullmatch(row["environmentId"])
    assert UUID.fullmatch(row["projectId"])
    assert (row["mageId"], row["organizationName"]) == (tenant.account_id, "Aurora")
    assert (row["imsOrganizationId"], row["accountGroup"], row["hipaa"]) == ("", "Adobe Commerce", False)
    assert row["accountEntitlements"] == [
        "Payment Services", "Product Recommendations", "Live Search", "Catalog Service"
    ]  # fmt: skip
    assert row["featureSet"] == []
    assert row["accountSyncStatus"].keys() == {"status", "updatedAt"}
    for moment in ("createdAt", "updatedAt", "subscriptionEndDate"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row[moment])


def test_several_projects_come_by_name_each_with_production_first(shop: Shop):
    for name in ("Zeta", "alpha", "Mid"):
        shop.create(name)

    rows = shop.rows()

    assert [row["projectName"] for row in rows[::3]] == ["alpha", "Mid", "Zeta"]
    assert [row["environmentType"] for row in rows[::3]] == ["Production"] * 3


def test_what_one_shop_changed_the_next_list_shows(a_shop: MakeShop, owner: Actor):
    one, other = a_shop(owner), a_shop(owner)
    (space, *_others) = one.create("Storefront")
    assert len(other.rows()) == 3

    one.rename_data_space(space["environmentId"], "Live")

    assert other.rows()[0]["environmentName"] == "Live"


def test_the_same_name_within_a_minute_by_the_same_key_is_one_project(shop: Shop, owner: Actor):
    first, again = shop.create("Storefront"), shop.create(" Storefront ")

    assert again == first
    assert len(projects.page(owner, place=None).rows) == 1
    assert len(events("project.created")) == 1


def test_the_same_name_later_is_a_name_that_is_taken(shop: Shop):
    shop.create("Storefront")

    with clock.travelled_to(clock.now() + timedelta(seconds=61)), pytest.raises(Refused, match="There is a project"):
        shop.create("Storefront")


def test_the_same_name_by_another_key_is_a_name_that_is_taken(a_shop: MakeShop, owner: Actor):
    a_shop(owner).create("Storefront")

    with pytest.raises(Refused, match="There is a project named “Storefront”"):
        a_shop(owner).create("Storefront")


def test_a_project_hangs_on_the_contract_of_the_key(a_shop: MakeShop, owner: Actor):
    shop = a_shop(owner)
    a_contract(tenant_of(owner), "magento-open-source")

    assert len(shop.create("Storefront")) == 3


def test_a_project_names_the_key_it_came_through(shop: Shop, owner: Actor):
    shop.create("Storefront")

    (project,) = projects.page(owner, place=None).rows
    assert (project.created_through, project.created_by_id) == (shop.api_key, None)


def test_the_record_names_the_key_by_id_and_name(shop: Shop):
    (space, *_others) = shop.create("Storefront")
    shop.rename_project(space["projectId"], "Other")
    shop.rename_data_space(space["environmentId"], "Live")

    for name in ("project.created", "project.renamed", "data_space.renamed"):
        (event,) = events(name)
        assert event.actor_label == f"{shop.api_key} “Shop 0”"
        assert event.actor_id is None


def test_saying_the_same_cloud_project_again_is_no_event(shop: Shop):
    (space, *_others) = shop.create("Storefront")

    for _time in range(2):
        assert shop.say_cloud(space["environmentId"], "cloud-1")["cloudId"] == "cloud-1"

    assert len(events("data_space.cloud_noted")) == 1


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("PREMIUM_SEARCH", "Premium Search"),
        ("PRODUCT_RECOMMENDATIONS", "Product Recommendations"),
        ("CATALOG_SERVICE", "Catalog Service"),
        ("PAYMENT_SERVICES", "Payment Services"),
    ],
)
def test_a_feature_is_switched_on_once(shop: Shop, feature: str, name: str):
    (space, *_others) = shop.create("Storefront")

    for _time in range(2):
        assert shop.switch_on(space["environmentId"], feature)["featureSet"] == [name]

    assert len(events("data_space.feature_on")) == 1


def test_a_feature_outside_of_the_contract_is_refused(a_shop: MakeShop):
    shop = a_shop(a_licensee("magento-open-source"))
    (space,) = shop.create("Storefront")

    with pytest.raises(Refused, match="Premium Search is not among the services") as refusal:
        shop.switch_on(space["environmentId"], "PREMIUM_SEARCH")

    assert refusal.value.body["status"] == 403
    assert refusal.value.body["error"]["code"] == "service_not_entitled"


def test_an_unknown_feature_is_refused(shop: Shop):
    (space, *_others) = shop.create("Storefront")

    with pytest.raises(Refused, match="There is no feature “TELEPATHY”"):
        shop.switch_on(space["environmentId"], "TELEPATHY")


def test_a_clean_up_is_on_record_and_deletes_nothing(shop: Shop):
    (space, *_others) = shop.create("Storefront")
    shop.switch_on(space["environmentId"], "PREMIUM_SEARCH")

    row = shop.clean_up(space["environmentId"], "Production")

    assert row["featureSet"] == ["Premium Search"]
    assert len(shop.rows()) == 3
    assert len(events("data_space.cleanup_asked")) == 1


def test_a_clean_up_that_is_repeated_at_once_is_one(shop: Shop):
    (space, *_others) = shop.create("Storefront")

    for _time in range(2):
        shop.clean_up(space["environmentId"], "Production")

    assert len(events("data_space.cleanup_asked")) == 1


def test_a_clean_up_gives_the_name_that_it_comes_with(shop: Shop):
    (space, *_others) = shop.create("Storefront")

    assert shop.clean_up(space["environmentId"], "Fresh")["environmentName"] == "Fresh"


def test_the_last_name_given_stays(a_shop: MakeShop, owner: Actor):
    one, other = a_shop(owner), a_shop(owner)
    (space, *_others) = one.create("Storefront")

    one.rename_data_space(space["environmentId"], "One")
    other.rename_data_space(space["environmentId"], "Other")

    assert one.row(space["environmentId"])["environmentName"] == "Other"


def test_renaming_to_the_name_it_has_is_no_event(shop: Shop):
    (space, *_others) = shop.create("Storefront")

    shop.rename_data_space(space["environmentId"], "Production")

    assert events("data_space.renamed") == []


def test_the_shop_pings_before_every_call(shop: Shop):
    shop.rows(), shop.create("Storefront"), shop.rows()

    assert shop.pinged == 3


def test_nothing_that_a_shop_does_moves_or_removes_a_data_space(shop: Shop, owner: Actor):
    before = {row["environmentId"]: row["projectId"] for row in shop.create("Storefront")}
    for space_id in before:
        shop.clean_up(space_id, f"Name {space_id[:4]}")
        shop.say_cloud(space_id, "cloud-1")

    after = {row["environmentId"]: row["projectId"] for row in shop.rows()}

    assert after == before
    assert db.session.scalars(across_tenants(Project, reason=Reader.UPKEEP)).one().tenant_id == owner.tenant_id
