"""Activity: what happened, told in sentences, filtered by its address."""

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import through_token
from portal.access.roles import Role, Scope
from portal.foundation.database import transaction
from portal.foundation.paging import PAGE_ROWS
from portal.keys import operations as keys
from portal.tenants import operations as tenants
from tests.factories import (
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.statements import counted
from tests.tokens.scenes import a_token


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def account(owner):
    return tenant_of(owner).account_id


def rows(answer) -> list[str]:
    found = BeautifulSoup(answer.text, "html.parser").select("table.rows tbody tr")
    return [" ".join(row.get_text(" ").split()) for row in found]


def sentences(answer) -> list[str]:
    found = BeautifulSoup(answer.text, "html.parser").select("table.rows tbody th div")
    return [" ".join(cell.get_text(" ").split()) for cell in found]


def rename(owner, times: int) -> None:
    for number in range(times):
        with transaction():
            tenant = tenant_of(owner)
            tenants.rename(owner, f"Aurora {number}", tenant.version)


def test_events_are_sentences_newest_first(owner, account, signed_in):
    a_key(owner, name="Storefront")
    rename(owner, 1)

    told = sentences(signed_in(owner).get(f"/{account}/activity"))

    assert told[0] == f"{owner.label} renamed the account from “Aurora” to “Aurora 0”"
    assert told[1] == f"{owner.label} put the key pair “Storefront” into service (Sandbox)"


def test_what_a_script_did_says_by_which_token(owner, account, signed_in):
    token = a_token(owner, Scope.SETTINGS).token.public_id
    rename(through_token(owner, frozenset({Scope.SETTINGS}), token), 1)

    by_script, by_hand, *_earlier = rows(signed_in(owner).get(f"/{account}/activity"))

    assert f"by the token {token}" in by_script
    assert "by the token" not in by_hand


def test_another_tenants_events_are_not_there(owner, account, signed_in):
    a_key(a_licensee(name="Bamboo"), name="Theirs")

    answer = signed_in(owner).get(f"/{account}/activity")

    assert "Theirs" not in answer.text


def test_a_viewer_sees_activity(owner, account, signed_in):
    viewer = a_member(tenant_of(owner), Role.VIEWER)

    assert signed_in(viewer).get(f"/{account}/activity").status_code == 200


@pytest.mark.parametrize("where", ["activity", "activity.csv", "activity/export"])
def test_an_integrator_does_not_see_its_clients_activity(where, owner, account, signed_in):
    integrator = an_integrator()
    a_delegation(owner, integrator)

    assert signed_in(integrator).get(f"/{account}/{where}").status_code == 404


def test_both_parties_see_the_events_of_their_delegation(owner, account, signed_in):
    integrator = an_integrator(name="Harbour")
    a_delegation(owner, integrator)

    at_owner = rows(signed_in(owner).get(f"/{account}/activity"))
    at_integrator = rows(signed_in(integrator).get(f"/{tenant_of(integrator).account_id}/activity"))

    assert any("accepted the delegation" in row for row in at_owner)
    assert any("accepted the delegation" in row and "Copy" in row for row in at_integrator)


def test_who_acted_for_another_account_is_named_with_it(owner, account, signed_in):
    integrator = an_integrator(name="Harbour")
    acting = for_client(integrator, a_delegation(owner, integrator))
    a_key(acting, name="Theirs")

    (row,) = (row for row in rows(signed_in(owner).get(f"/{account}/activity?kind=key")) if "into service" in row)

    assert "for Harbour" in row


def test_a_refused_act_is_marked_with_what_was_tried_and_why(owner, account, signed_in):
    pair = a_key(owner)
    viewer = a_member(tenant_of(owner), Role.VIEWER, name="Vera Viewer")
    signed_in(viewer).post(f"/{account}/keys/{pair.api_key}/revoke")

    (row,) = rows(signed_in(owner).get(f"/{account}/activity?kind=refused"))

    assert "Vera Viewer was refused: Revoke key pairs" in row
    assert "Your role does not allow this" in row


def test_the_kind_filters(owner, account, signed_in):
    a_key(owner)
    rename(owner, 1)

    told = sentences(signed_in(owner).get(f"/{account}/activity?kind=tenant"))

    assert len(told) == 2
    assert all("account" in sentence for sentence in told)


def test_the_person_filters(owner, account, signed_in):
    other = a_member(tenant_of(owner), name="Otto Owner")
    rename(owner, 2)
    rename(other, 1)

    told = sentences(signed_in(owner).get(f"/{account}/activity?person=Otto+Owner"))

    assert told == ["Otto Owner renamed the account from “Aurora 1” to “Aurora 0”"]


def test_the_subject_filters_by_id(owner, account, signed_in):
    pair = a_key(owner, name="Storefront")
    a_key(owner, name="Another")
    with transaction():
        keys.revoke(owner, pair)

    told = sentences(signed_in(owner).get(f"/{account}/activity?subject={pair.api_key}"))

    assert told
    assert all("Storefront" in sentence for sentence in told)


def test_filters_that_leave_nothing_offer_to_be_cleared(owner, account, signed_in):
    answer = signed_in(owner).get(f"/{account}/activity?person=Nobody")

    assert "Nothing matches these filters" in answer.text
    assert f'href="/{account}/activity"' in answer.text


@pytest.mark.parametrize("value", ["%00", "x%00y", "%F0%9F%8D%B5", "x" * 5000, "%E2%80%AE", "'; --"])
def test_a_strange_filter_finds_nothing_and_breaks_nothing(value, owner, account, signed_in):
    assert signed_in(owner).get(f"/{account}/activity?person={value}&subject={value}&kind={value}").status_code == 200


@pytest.mark.parametrize("place", ["x", "-1", "1.5", "9" * 30, "%00", "٣"])
def test_a_place_that_is_none_is_refused(place, owner, account, signed_in):
    assert signed_in(owner).get(f"/{account}/activity?after={place}").status_code == 422


def test_a_page_has_a_hundred_events_and_the_next_one_goes_on(owner, account, signed_in):
    rename(owner, PAGE_ROWS)
    browser = signed_in(owner)

    first = browser.get(f"/{account}/activity?kind=tenant")
    onward = BeautifulSoup(first.text, "html.parser").select_one("a[rel=next]")["href"]
    second = browser.get(onward)

    assert len(rows(first)) == PAGE_ROWS
    assert "kind=tenant" in onward
    assert sentences(second)
    assert not set(sentences(first)) & set(sentences(second))


def test_the_number_of_statements_does_not_grow_with_the_events(owner, account, signed_in):
    browser = signed_in(owner)
    with counted() as few:
        browser.get(f"/{account}/activity")
    rename(owner, 20)

    with counted() as many:
        browser.get(f"/{account}/activity")

    assert len(many) == len(few) <= 12


def test_a_visitor_is_sent_to_sign_in(account, client):
    assert client.get(f"/{account}/activity").status_code == 302


def test_a_foreign_account_and_a_missing_one_look_the_same(owner, signed_in):
    foreign = tenant_of(a_licensee()).account_id
    browser = signed_in(owner)

    assert browser.get(f"/{foreign}/activity").status_code == browser.get("/MAG000000000/activity").status_code == 404


def test_tokens_hand_offs_and_reviews_can_be_asked_for_by_themselves(owner, account, signed_in):
    a_token(owner)
    visitor = signed_in(owner)

    page = BeautifulSoup(visitor.get(f"/{account}/activity").text, "html.parser")
    offered = {choice["value"] for choice in page.select("select[name=kind] option")}
    told = sentences(visitor.get(f"/{account}/activity?kind=token"))

    assert {"token", "hand_off", "review"} <= offered
    assert len(told) == 1
