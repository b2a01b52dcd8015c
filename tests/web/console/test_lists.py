"""The console's lists: what they show, what their filters leave, and that they cost the same at any size."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Environment, Role
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import console, listing
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyEnding
from portal.keys.rotation import Plan
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants.models import Standing
from portal.usage import recording_store, traces
from tests.factories import (
    a_call,
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_partner,
    a_successor,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.statements import counted

LISTS = ("tenants", "contracts", "entitlements", "access", "delegations", "installations", "requests")


@pytest.fixture
def vendor():
    return a_vendor()


@pytest.fixture
def look(vendor, signed_in):
    """Opens a page of the console."""
    browser, account = signed_in(vendor), tenant_of(vendor).account_id
    return lambda where: browser.get(f"/{account}/console/{where}")


def soup(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def rows(answer) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in soup(answer).select("table.rows tbody tr")]


def tiles(answer) -> dict[str, str]:
    found = soup(answer).select(".tile")
    return {
        tile.select_one(".tile-label").get_text(strip=True): tile.select_one(".tile-value").get_text(strip=True)
        for tile in found
    }


def ends(answer, kind: str) -> str:
    """How many end within a day, 7 days and 30 days, and are past their end."""
    (section,) = soup(answer).select(f"section[aria-labelledby=expiring-{kind}]")
    return " ".join(value.get_text(strip=True) for value in section.select(".tile-value"))


def test_the_overview_counts_tenants_by_standing(look):
    for standing in (Standing.PAST_DUE, Standing.SUSPENDED, Standing.SUSPENDED):
        a_tenant(standing=standing)

    figures = tiles(look("overview"))

    assert (figures["In good standing"], figures["Past due"], figures["Suspended"]) == ("1", "1", "2")


def test_the_overview_counts_contracts_by_their_end(look):
    now = clock.now()
    tenant = a_tenant()
    for hours in (5, 5 * 24, 20 * 24, 60 * 24):
        a_contract(tenant, ends_at=now + timedelta(hours=hours))
    a_contract(tenant, ends_at=now - timedelta(days=1))

    assert ends(look("overview"), "contracts") == "1 2 3 1"


def test_the_overview_counts_keys_that_the_clock_stops(look):
    owner = a_licensee()
    for hours in (5, 5 * 24, 20 * 24, 60 * 24, -5):
        pair = a_key(owner)
        with transaction():
            key_store.get(owner, pair.api_key).expires_at = clock.now() + timedelta(hours=hours)

    assert ends(look("overview"), "keys") == "1 2 3 1"


def test_a_rotation_with_a_hard_end_counts_and_one_that_is_held_open_does_not(look):
    owner = a_licensee()
    for ending in (KeyEnding.HARD, KeyEnding.HELD):
        a_successor(owner, a_key(owner), Plan(timedelta(days=3), ending))

    assert ends(look("overview"), "keys") == "0 1 1 0"
    assert len(rows(look("access?ends=7"))) == 1


def test_the_overview_counts_delegations_and_entitlements_that_end(look):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    with transaction():
        delegation_store.get_given(owner, delegation.public_id).ends_at = clock.now() + timedelta(days=5)
    a_contract(a_tenant(), "magento-open-source", ends_at=clock.now() + timedelta(days=20))

    page = look("overview")

    assert ends(page, "delegations") == "0 1 1 0"
    assert ends(page, "entitlements") == "0 0 1 0"


@pytest.mark.parametrize("kind", ["contracts", "access", "delegations", "entitlements"])
@pytest.mark.parametrize("term", ["1", "7", "30", "past"])
def test_a_figure_of_what_ends_is_what_its_list_shows(kind, term, look):
    owner, at = a_licensee(), clock.now()
    for days in (-2, 0.5, 3, 20, 80):
        end = at + timedelta(days=days)
        a_contract(a_tenant(), "magento-open-source", ends_at=end)
        pair, delegation = a_key(owner), a_delegation(owner, an_integrator())
        with transaction():
            key_store.get(owner, pair.api_key).expires_at = end
            delegation_store.get_given(owner, delegation.public_id).ends_at = end

    listed = rows(look(f"{kind}?ends={term}"))

    figure = ends(look("overview"), kind.replace("access", "keys")).split()[["1", "7", "30", "past"].index(term)]
    assert str(len(listed)) == figure != "0"


def test_a_contract_that_was_ended_early_does_not_end_soon(look):
    owner = a_licensee()
    contract = a_contract(tenant_of(owner), ends_at=clock.now() + timedelta(hours=5))
    with transaction():
        contracts.get_of_any_tenant(contract.public_id).ended_at = clock.now()

    assert ends(look("overview"), "contracts") == "0 0 0 0"


def test_the_overview_counts_keys_in_service_by_environment(look):
    owner = a_licensee()
    a_key(owner)
    a_key(owner, environment=Environment.PRODUCTION)
    gone = a_key(owner)
    with transaction():
        keys.revoke(owner, gone)

    figures = tiles(look("overview"))

    assert (figures["Sandbox"], figures["Production"]) == ("1", "1")


def test_the_overview_says_what_needs_attention(look):
    owner = a_licensee()
    with transaction():
        asking.request_more(owner, contracts.all_of(owner)[0], Wish.PROJECT, 2, "Two more shops")

    answer = look("overview")

    assert "1 request waits for a decision." in answer.text


def test_every_tile_leads_to_a_list(look, vendor, signed_in):
    a_licensee()

    page = look("overview")

    links = [link["href"] for link in soup(page).select(".tile-link")]

    assert len(links) == 34
    browser = signed_in(vendor)
    assert {browser.get(link).status_code for link in links} == {200}


def test_the_standing_filters_tenants(look):
    a_tenant("Good Company")
    a_tenant("Late Company", standing=Standing.PAST_DUE)

    (row,) = rows(look("tenants?standing=past_due"))

    assert "Late Company" in row


def test_contracts_come_by_their_end_with_tenant_and_signer(look):
    a_contract(a_tenant("Later"), ends_at=clock.now() + timedelta(days=20))
    a_contract(a_tenant("Sooner"), ends_at=clock.now() + timedelta(days=2))
    a_partner(name="Partner")

    found = rows(look("contracts"))

    assert ["Sooner" in found[0], "Later" in found[1]] == [True, True]
    assert "Sanna Signer" in found[2]


def test_contracts_are_filtered_by_end_kind_and_edition(look):
    a_contract(a_tenant("Soon"), ends_at=clock.now() + timedelta(days=5))
    a_contract(a_tenant("Past"), ends_at=clock.now() - timedelta(days=5))
    an_integrator(name="Integrator")

    assert ["Soon" in row for row in rows(look("contracts?ends=7"))] == [True]
    assert ["Past" in row for row in rows(look("contracts?ends=past"))] == [True]
    assert ["Integrator" in row for row in rows(look("contracts?kind=integrator"))] == [True]
    assert ["Integrator" in row for row in rows(look("contracts?edition=integrator"))] == [True]


def test_entitlements_are_filtered_by_service_edition_and_state(look):
    a_licensee("magento-open-source", name="Open")
    a_licensee("adobe-commerce", name="Adobe")

    assert len(rows(look("entitlements?service=payment-services"))) == 2
    assert ["Open" in row for row in rows(look("entitlements?edition=magento-open-source"))] == [True]
    assert len(rows(look("entitlements?state=active"))) == 5
    assert rows(look("entitlements?state=ended")) == []


@pytest.mark.parametrize("few", [0, 100])
def test_the_entitlements_of_an_edition_are_the_same_whether_it_is_rare_or_common(few, look, monkeypatch):
    monkeypatch.setattr(console, "FEW", few)
    a_licensee("magento-open-source", name="Open")
    a_licensee("adobe-commerce", name="Adobe")

    found = rows(look("entitlements?edition=adobe-commerce"))

    assert len(found) == 4
    assert all("Adobe" in row for row in found)


def test_an_entitlement_ends_with_its_contract(look):
    contract = a_contract(a_tenant("Open"), "magento-open-source")
    with transaction():
        contracts.get_of_any_tenant(contract.public_id).ended_at = clock.now()

    (row,) = rows(look("entitlements?state=ended"))

    assert "Ended" in row
    assert rows(look("entitlements?state=active")) == []


def test_access_shows_who_holds_a_delegated_key_and_whose_it_is(look):
    owner, integrator = a_licensee(name="Aurora"), an_integrator(name="Harbour")
    a_key(for_client(integrator, a_delegation(owner, integrator)), name="Theirs")

    (row,) = rows(look("access"))

    assert all(word in row for word in ("Theirs", "Harbour", "Aurora", "Delegation until", integrator.label))


def test_access_is_filtered_by_holder_owner_environment_state_and_key(look):
    owner, integrator = a_licensee(), an_integrator()
    own = a_key(owner, environment=Environment.PRODUCTION, name="Own")
    a_key(for_client(integrator, a_delegation(owner, integrator)), name="Theirs")
    with transaction():
        keys.revoke(owner, own)
    wanted = {
        f"holder={tenant_of(integrator).account_id}": ["Theirs"],
        f"holder={tenant_of(owner).account_id}": ["Own"],
        f"owner={tenant_of(owner).account_id.lower()}": ["Own", "Theirs"],
        "environment=production": ["Own"],
        "state=revoked": ["Own"],
        f"api_key={own.api_key.upper()}": ["Own"],
        "holder=MAG000000000": [],
    }

    found = {filters: [row.partition(" ")[0] for row in rows(look(f"access?{filters}"))] for filters in wanted}

    assert found == wanted


def test_access_says_why_a_key_does_not_verify(look):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    a_key(for_client(integrator, delegation))
    with transaction():
        delegations.end(owner, delegation)

    (row,) = rows(look("access"))

    assert "Stopped: delegation ended" in row


def test_delegations_are_filtered_by_state(look):
    owner = a_licensee()
    a_delegation(owner, an_integrator(name="Running"))
    a_delegation(owner, an_integrator(name="Waiting"), accepted=False)

    (row,) = rows(look("delegations?state=offered"))

    assert "Waiting" in row


def test_an_offer_to_nobody_shows_the_account_id_that_was_typed(look):
    owner = a_licensee()
    a_delegation(owner, a_licensee(name="No integrator"), accepted=False)

    (row,) = rows(look("delegations"))

    assert "no such integrator" in row


def test_requests_show_wish_and_reason(look):
    owner = a_licensee(name="Aurora")
    with transaction():
        asking.request_more(owner, contracts.all_of(owner)[0], Wish.PROJECT, 2, "Two more shops")

    (row,) = rows(look("requests?state=waiting"))

    assert all(word in row for word in ("2 × Projects", "Aurora", "Two more shops"))
    assert rows(look("requests?state=approved")) == []


@pytest.mark.parametrize(
    "where", ["tenants", "contracts", "entitlements", "access", "delegations", "installations", "requests"]
)
@pytest.mark.parametrize("place", ["x", "%00", "~", "7e7e~7e7e~7e7e", "323032362d30312d3031"])
def test_a_place_that_is_none_is_refused(where, place, look):
    assert look(f"{where}?after={place}").status_code == 422


@pytest.mark.parametrize(
    "where", ["tenants", "contracts", "entitlements", "access", "delegations", "installations", "requests"]
)
@pytest.mark.parametrize("value", ["%00", "nonsense", "%F0%9F%8D%B5", "x" * 3000])
def test_an_unknown_filter_word_breaks_nothing(where, value, look):
    names = (
        "q",
        "standing",
        "ends",
        "kind",
        "edition",
        "service",
        "state",
        "owner",
        "holder",
        "environment",
        "api_key",
        "tenant",
        "integrator",
        "unused",
        "address",
        "side",
        "claim",
        "seen",
    )

    assert look(f"{where}?" + "&".join(f"{name}={value}" for name in names)).status_code == 200


def test_contracts_are_filtered_by_tenant_and_standing(look):
    good, late = a_tenant("Good"), a_tenant("Late", standing=Standing.PAST_DUE)
    a_contract(good)
    a_contract(late)

    assert ["Late" in row for row in rows(look("contracts?standing=past_due"))] == [True]
    assert ["Good" in row for row in rows(look(f"contracts?tenant={good.account_id.lower()}"))] == [True]
    assert rows(look(f"contracts?tenant={good.account_id}&standing=past_due")) == []


@pytest.mark.parametrize("few", [0, 100])
def test_a_standing_filters_alike_whether_it_is_rare_or_common(few, look, monkeypatch):
    monkeypatch.setattr(listing, "FEW", few)
    a_contract(a_tenant("Good"))
    a_contract(a_tenant("Late", standing=Standing.PAST_DUE))

    assert ["Late" in row for row in rows(look("contracts?standing=past_due"))] == [True]


def test_entitlements_are_filtered_by_tenant_and_end(look):
    soon, later = a_tenant("Soon"), a_tenant("Later")
    a_contract(soon, "magento-open-source", ends_at=clock.now() + timedelta(days=5))
    a_contract(later, "magento-open-source")

    assert ["Soon" in row for row in rows(look("entitlements?ends=7"))] == [True]
    assert ["Later" in row for row in rows(look(f"entitlements?tenant={later.account_id}"))] == [True]


def test_delegations_are_filtered_by_owner_integrator_and_end(look):
    owner, other, integrator = a_licensee(), a_licensee(), an_integrator(name="Harbour")
    a_delegation(owner, integrator)
    soon = a_delegation(other, an_integrator(name="Soon"))
    with transaction():
        delegation_store.get_given(other, soon.public_id).ends_at = clock.now() + timedelta(days=5)

    assert ["Harbour" in row for row in rows(look(f"delegations?owner={tenant_of(owner).account_id}"))] == [True]
    found = rows(look(f"delegations?integrator={tenant_of(integrator).account_id}"))
    assert ["Harbour" in row for row in found] == [True]
    assert ["Soon" in row for row in rows(look("delegations?ends=7"))] == [True]


@pytest.mark.parametrize("few", [0, 100])
def test_keys_are_filtered_by_edition(few, look, monkeypatch):
    monkeypatch.setattr(console, "FEW", few)
    a_key(a_licensee("magento-open-source"), name="Open")
    a_key(a_licensee("adobe-commerce"), name="Adobe")

    assert [row.partition(" ")[0] for row in rows(look("access?edition=magento-open-source"))] == ["Open"]


def test_keys_are_filtered_by_last_use(look):
    owner = a_licensee()
    for name, days in (("Fresh", 1), ("Rusty", 40), ("Old", 100)):
        pair = a_key(owner, name=name)
        a_call(pair, at=clock.now() - timedelta(days=days))
        with transaction():
            key_store.get(owner, pair.api_key).created_at = clock.now() - timedelta(days=200)
    traces.flush()
    a_key(owner, name="New")

    found = {
        unused: {row.partition(" ")[0] for row in rows(look(f"access?unused={unused}"))}
        for unused in ("30", "90", "never")
    }

    assert found == {"30": {"Rusty", "Old"}, "90": {"Old"}, "never": {"New"}}


def test_installations_show_space_project_tenant_and_claim(look):
    a_shop(a_licensee(name="Aurora"), "https://www.aurora.example")

    (row,) = rows(look("installations"))

    assert all(words in row for words in ("Shop", "https://www.aurora.example", "in the project “Europe”", "Aurora"))
    assert "never" in row


def test_installations_are_filtered_by_address_tenant_side_claim_and_last_call(look):
    aurora, bamboo = a_licensee(), a_licensee()
    a_shop(aurora, "https://www.aurora.example")
    seen = a_shop(bamboo, "https://bamboo.example", side=Environment.SANDBOX)
    with transaction():
        recording_store.note_seen(seen, last_seen_at=clock.now())
    wanted = {
        "address=AURORA.ex": ["aurora"],
        f"tenant={tenant_of(aurora).account_id}": ["aurora"],
        "side=sandbox": ["bamboo"],
        "claim=colliding": [],
        "claim=primary": ["aurora", "bamboo"],
        "seen=30": ["bamboo"],
        "seen=not": ["aurora"],
        "seen=not&side=sandbox": [],
    }

    found = {
        filters: [
            word for word in ("aurora", "bamboo") for row in rows(look(f"installations?{filters}")) if word in row
        ]
        for filters in wanted
    }

    assert found == wanted


def a_shop(owner, address: str, side: Environment = Environment.PRODUCTION):
    with transaction():
        project = projects.create(owner, "Europe", contracts.all_of(owner)[0])
    space = project_store.get(owner, project.public_id).data_spaces[0]
    with transaction():
        return installations.attach(owner, space, "Shop", address, side)


def test_a_list_with_more_than_a_page_goes_on_where_it_stopped(look):
    now = clock.now()
    tenant = a_tenant()
    for number in range(101):
        a_contract(tenant, "integrator", ends_at=now + timedelta(days=1, minutes=number))

    first = look("contracts?kind=integrator")
    onward = soup(first).select_one("a[rel=next]")["href"].partition("/console/")[2]
    second = look(onward)

    assert (len(rows(first)), len(rows(second))) == (100, 1)
    assert not set(rows(first)) & set(rows(second))


@pytest.mark.parametrize(
    "where", ["overview", "tenants", "contracts", "entitlements", "access", "delegations", "requests"]
)
def test_the_number_of_statements_does_not_grow(where, look):
    def grow():
        owner, integrator = a_licensee(), an_integrator()
        a_key(for_client(integrator, a_delegation(owner, integrator)))
        with transaction():
            asking.request_more(owner, contracts.all_of(owner)[0], Wish.PROJECT, 2, "More")

    grow()
    look(where)
    with counted() as few:
        look(where)
    for _time in range(3):
        grow()

    with counted() as many:
        look(where)

    assert len(many) == len(few) <= 12


def test_an_operator_sees_the_same(look, signed_in):
    operator = a_vendor(Role.OPERATOR)
    a_licensee(name="Aurora")

    answer = signed_in(operator).get(f"/{tenant_of(operator).account_id}/console/tenants")

    assert "Aurora" in answer.text
