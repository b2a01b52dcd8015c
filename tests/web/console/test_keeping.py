"""The pages by which the vendor's staff opens accounts, keeps contracts and changes standings."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import system_actor
from portal.access.roles import Environment, Role
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import renewal
from portal.impact.opening import Term
from portal.tenants import store as tenants
from portal.tenants.models import Standing
from tests.factories import (
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)

NEW = {
    "name": "Aurora",
    "email": "ann@example.com",
    "language": "en",
    "edition": "adobe-commerce",
    "first_day": "2028-03-26",
    "last_day": "2028-10-29",
}


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def browser(admin, signed_in):
    return signed_in(admin)


@pytest.fixture
def console(admin):
    return f"/{tenant_of(admin).account_id}/console/tenants"


def words(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").select_one("main").get_text(" ").split())


def of(console, tenant, path="") -> str:
    return f"{console}/{tenant.account_id}{path}"


def contract_page(console, tenant, act) -> str:
    (contract,) = contracts.all_of(system_actor("tests", tenant.id))
    return of(console, tenant, f"/contracts/{contract.public_id}/{act}")


def version_of(tenant) -> int:
    return contracts.all_of(system_actor("tests", tenant.id))[0].version


def test_opening_an_account_leads_to_its_page(browser, console):
    answer = browser.post(f"{console}/new", data=NEW)

    shown = words(browser.get(answer.location))
    assert answer.status_code == 303
    assert all(word in shown for word in ("Aurora", "Adobe Commerce", "26 Mar 2028", "29 Oct 2028"))


def test_an_account_may_begin_without_a_contract(browser, console):
    answer = browser.post(f"{console}/new", data=NEW | {"edition": "", "first_day": "", "last_day": ""})

    assert "No contract" in words(browser.get(answer.location))


def test_an_operator_is_not_asked_for_a_contract(console, signed_in):
    operator = a_vendor(Role.OPERATOR)

    page = signed_in(operator).get(f"{console}/new")

    assert 'name="edition"' not in page.text
    assert 'name="email"' in page.text


def test_a_namesake_is_linked_and_another_one_can_be_meant(browser, console):
    namesake = a_tenant("Aurora")

    refused = browser.post(f"{console}/new", data=NEW)
    meant = browser.post(f"{console}/new", data=NEW | {"another": "y"})

    assert refused.status_code == 422
    assert f'href="{of(console, namesake)}"' in refused.text
    assert 'name="another"' in refused.text
    assert meant.status_code == 303


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Taipei"])
def test_no_zone_and_no_daylight_change_moves_a_day(zone, admin, browser, console):
    """26 March and 29 October 2028 are the days on which Berlin's clocks change."""
    with transaction():
        people.get_person(admin.person_id).time_zone = zone

    answer = browser.post(f"{console}/new", data=NEW)

    account = answer.location.rsplit("/", 1)[-1]
    (contract,) = contracts.all_of(system_actor("tests", tenants.get_by_account_id(account).id))
    shown = words(browser.get(answer.location))
    assert contract.starts_at == datetime(2028, 3, 26, tzinfo=UTC)
    assert contract.ends_at == datetime(2028, 10, 30, tzinfo=UTC)
    assert "26 Mar 2028 – 29 Oct 2028" in shown


def test_who_was_invited_is_named_before_somebody_else_is(browser, console):
    tenant = a_tenant()
    with transaction():
        accounts.invite_first_owner(system_actor("tests"), tenant, "ann@example.com")

    page = browser.get(of(console, tenant, "/owner"))
    answer = browser.post(of(console, tenant, "/owner"), data={"email": "bea@example.com", "language": "en"})

    assert "ann@example.com is invited" in words(page)
    assert answer.status_code == 303
    (row,) = people.open_invitations(system_actor("tests", tenant.id))
    assert row.email == "bea@example.com"


def test_a_tenant_with_an_owner_has_no_button_for_a_first_one(browser, console):
    owner, nobody = a_licensee(), a_tenant()

    assert "Invite the first owner" not in words(browser.get(of(console, tenant_of(owner))))
    assert "Invite the first owner" in words(browser.get(of(console, nobody)))
    assert browser.get(of(console, tenant_of(owner), "/owner")).status_code == 409


def test_a_contract_that_overlaps_is_refused_with_what_to_do(browser, console):
    tenant = a_tenant()
    form = {"edition": "adobe-commerce", "first_day": "2028-01-01", "last_day": "2028-12-31"}
    browser.post(of(console, tenant, "/contracts/new"), data=form)

    answer = browser.post(of(console, tenant, "/contracts/new"), data=form | {"first_day": "2028-06-01"})

    assert answer.status_code == 422
    assert "from 2028-01-01 to 2028-12-31" in words(answer)
    assert "Extend that one, or renew it" in words(answer)


def test_a_contract_of_another_tenant_is_not_kept_here(browser, console):
    tenant, other = a_tenant(), a_tenant()
    contract = a_contract(other)

    for act in ("extend", "end"):
        address = of(console, tenant, f"/contracts/{contract.public_id}/{act}")
        assert browser.get(address).status_code == 404


def test_a_contract_is_extended(browser, console):
    tenant = a_tenant()
    a_contract(tenant)
    form = {"last_day": "2031-12-31", "version": version_of(tenant)}

    answer = browser.post(contract_page(console, tenant, "extend"), data=form)

    assert answer.status_code == 303
    assert "31 Dec 2031" in words(browser.get(answer.location))


def test_two_admins_who_extend_one_contract_see_both_days(browser, console):
    tenant = a_tenant()
    a_contract(tenant)
    address, version = contract_page(console, tenant, "extend"), version_of(tenant)
    browser.post(address, data={"last_day": "2031-12-31", "version": version})

    answer = browser.post(address, data={"last_day": "2032-12-31", "version": version})

    assert answer.status_code == 409
    assert all(day in answer.text for day in ("2031-12-31", "2032-12-31"))


def test_an_earlier_day_is_no_extension(browser, console):
    tenant = a_tenant()
    a_contract(tenant)
    form = {"last_day": clock.now().date().isoformat(), "version": version_of(tenant)}

    assert browser.post(contract_page(console, tenant, "extend"), data=form).status_code == 422


def test_a_contract_is_renewed_and_both_say_so(browser, console):
    owner = a_licensee()
    tenant = tenant_of(owner)
    (contract,) = contracts.all_of(owner)
    begins = contract.ends_at.date().isoformat()
    form = {"edition": "magento-open-source", "first_day": begins, "last_day": "2031-12-31"}

    answer = browser.post(contract_page(console, tenant, "renew"), data=form | {"version": contract.version})

    successor = next(row for row in contracts.all_of(owner) if row.id != contract.id)
    assert answer.status_code == 303
    assert f"Renewed by {successor.public_id}" in words(browser.get(answer.location))


def test_a_renewal_with_a_gap_is_refused_at_the_first_day(browser, console):
    tenant = tenant_of(a_licensee())
    form = {"edition": "adobe-commerce", "first_day": "2029-01-01", "last_day": "2031-12-31"}

    answer = browser.post(contract_page(console, tenant, "renew"), data=form | {"version": version_of(tenant)})

    assert answer.status_code == 422
    assert "so that nothing stops in between" in words(answer)


def test_a_renewed_contract_is_neither_renewed_nor_extended(browser, console):
    owner = a_licensee()
    tenant, (contract,) = tenant_of(owner), contracts.all_of(owner)
    term = Term("adobe-commerce", contract.ends_at, contract.ends_at + timedelta(days=365))
    with transaction():
        renewal.renew(system_actor("tests"), contract, term)

    addresses = [of(console, tenant, f"/contracts/{contract.public_id}/{act}") for act in ("renew", "extend")]

    assert [browser.get(address).status_code for address in addresses] == [409, 409]


def test_what_ending_stops_is_said_first(browser, console):
    owner, integrator = a_licensee(), an_integrator()
    a_key(owner)
    at_client = for_client(integrator, a_delegation(owner, integrator))
    for side in Environment:
        a_key(at_client, environment=side)

    shown = words(browser.get(contract_page(console, tenant_of(owner), "end")))

    assert "Live key pairs of its own that stop 1" in shown
    assert "Live key pairs of its integrators that stop 2" in shown


def test_a_contract_is_ended_with_a_reason(browser, console):
    owner = a_licensee()
    tenant = tenant_of(owner)
    form = {"reason": "Closed.", "typed_account": tenant.account_id, "version": version_of(tenant)}

    answer = browser.post(contract_page(console, tenant, "end"), data=form)

    newest = audit.page(owner, before_seq=None, limit=1)[0]
    assert answer.status_code == 303
    assert (newest.event, newest.facts["reason"]) == ("contract.ended", "Closed.")


def test_the_account_id_has_to_be_typed(browser, console):
    tenant = tenant_of(a_licensee())
    form = {"reason": "Closed.", "typed_account": "MAG", "version": version_of(tenant)}

    answer = browser.post(contract_page(console, tenant, "end"), data=form)

    assert answer.status_code == 422
    assert f"Type the account id {tenant.account_id}" in words(answer)


def test_suspending_says_what_stops_and_asks_for_the_account_id(browser, console):
    owner = a_licensee()
    a_key(owner)
    tenant = tenant_of(owner)
    form = {"standing": "suspended", "reason": "Invoices.", "typed_account": "", "version": tenant.version}

    page = browser.get(of(console, tenant, "/standing"))
    refused = browser.post(of(console, tenant, "/standing"), data=form)
    done = browser.post(of(console, tenant, "/standing"), data=form | {"typed_account": tenant.account_id})

    assert "Live key pairs of its own 1" in words(page)
    assert (refused.status_code, done.status_code) == (422, 303)
    assert tenants.get(owner.tenant_id).standing is Standing.SUSPENDED


def test_past_due_needs_no_typing(browser, console):
    tenant = tenant_of(a_licensee())
    form = {"standing": "past_due", "reason": "Invoices.", "typed_account": "", "version": tenant.version}

    assert browser.post(of(console, tenant, "/standing"), data=form).status_code == 303


def test_two_admins_who_change_one_standing_see_both(browser, console):
    tenant = tenant_of(a_licensee())
    version, address = tenant.version, of(console, tenant, "/standing")
    form = {"reason": "Invoices.", "typed_account": tenant.account_id, "version": version}
    browser.post(address, data=form | {"standing": "past_due"})

    answer = browser.post(address, data=form | {"standing": "suspended"})

    assert answer.status_code == 409
    assert all(name in words(answer) for name in ("Suspended", "Past due"))


def test_the_vendors_own_account_is_not_suspended(admin, browser, console):
    assert browser.get(of(console, tenant_of(admin), "/standing")).status_code == 409
