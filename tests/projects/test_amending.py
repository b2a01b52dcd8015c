"""Another edition for a running contract: services, data spaces, and that nothing is ever deleted."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning, ContractOverlaps, EditionOfOtherKind, RenewedAlready
from portal.entitlements import asking
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import Changed
from portal.impact import renewal
from portal.impact.opening import Term
from portal.projects import amending, granting, installations, operations, store, surplus
from portal.projects.errors import SpaceLetGo, SpaceNotSurplus
from portal.projects.models import Surplus
from tests.factories import a_contract, a_licensee, a_vendor, tenant_of

COMMERCE, OPEN_SOURCE = "adobe-commerce", "magento-open-source"


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def owner():
    return a_licensee()


@pytest.fixture
def project(owner):
    return a_project(owner)


def a_project(owner, name="Storefront"):
    with transaction():
        return operations.create(owner, name, contracts.all_of(owner)[0])


def amend(admin, owner, code=OPEN_SOURCE, version=None):
    with transaction():
        contract = contracts.all_of(owner)[0]
        amending.amend(admin, contract, contracts.edition(code), version or contract.version)


def preview(owner, code=OPEN_SOURCE):
    return amending.preview(contracts.all_of(owner)[0], contracts.edition(code))


def spaces(owner, project):
    return {space.name: space for space in store.get(owner, project.public_id).data_spaces}


def surplus_of(owner, project):
    return {name: space.surplus for name, space in spaces(owner, project).items() if space.surplus}


def decide(admin, owner, project, name, wanted):
    space = spaces(owner, project)[name]
    with transaction():
        surplus.decide(admin, space, wanted, space.version)


def attach(owner, project, name):
    with transaction():
        space = spaces(owner, project)[name]
        return installations.attach(owner, space, "Shop", "https://shop.example.com", Environment.SANDBOX)


def services(owner):
    return {service.code for service in entitlement_store.services_of(owner, clock.now())}


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def offered(owner):
    return [shown.name for shown in store.shown_to_shops(owner)]


def test_services_that_the_new_edition_lacks_end_at_once(owner, admin):
    amend(admin, owner)

    assert services(owner) == {"payment-services"}


def test_services_come_back_with_the_larger_edition(owner, admin):
    amend(admin, owner)
    amend(admin, owner, COMMERCE)

    assert len(services(owner)) == 4


def test_a_service_that_was_narrowed_and_ran_out_comes_back_with_an_edition_that_includes_it(admin):
    owner = a_licensee(OPEN_SOURCE)
    service = next(row for row in contracts.services() if row.code == "live-search")
    with transaction():
        request = asking.request_service(owner, contracts.all_of(owner)[0], service, "A search.")
        granting.approve(admin, request, 1)
    with transaction():
        (row,) = [row for row in entitlement_store.all_of(owner) if row.service_code == "live-search"]
        entitlements.narrow(admin, row, clock.now() + timedelta(days=1))

    with time_machine.travel(clock.now() + timedelta(days=2)):
        amend(admin, owner, COMMERCE)

        assert "live-search" in services(owner)


def test_a_service_that_was_approved_stays_whatever_the_edition_includes(admin):
    owner = a_licensee(OPEN_SOURCE)
    service = next(row for row in contracts.services() if row.code == "live-search")
    with transaction():
        request = asking.request_service(owner, contracts.all_of(owner)[0], service, "A search.")
        granting.approve(admin, request, 1)
    amend(admin, owner, COMMERCE)

    amend(admin, owner, OPEN_SOURCE)

    assert services(owner) == {"payment-services", "live-search"}


def test_data_spaces_beyond_the_new_allotment_stay_and_are_marked(owner, admin, project):
    before = {space.public_id for space in spaces(owner, project).values()}

    amend(admin, owner)

    assert {space.public_id for space in spaces(owner, project).values()} == before
    assert surplus_of(owner, project) == {"Testing 1": Surplus.OPEN, "Testing 2": Surplus.OPEN}


def test_a_data_space_that_a_shop_uses_is_the_last_to_lie_beyond(owner, admin, project):
    with transaction():
        request = asking.request_more(owner, contracts.all_of(owner)[0], Wish.TESTING_SPACE, 1, "One more.", project.id)
        granting.approve(admin, request, 1)
    attach(owner, project, "Testing 3")

    amend(admin, owner)

    assert surplus_of(owner, project) == {"Testing 1": Surplus.OPEN, "Testing 2": Surplus.OPEN}


def test_a_smaller_edition_lets_the_production_space_serve_both_sides(owner, admin, project):
    amend(admin, owner)

    assert spaces(owner, project)["Production"].serves_both_sides


def test_a_larger_edition_gives_each_project_what_it_lacks(admin):
    owner = a_licensee(OPEN_SOURCE)
    project = a_project(owner)

    amend(admin, owner, COMMERCE)

    assert list(spaces(owner, project)) == ["Production", "Testing 1", "Testing 2"]
    assert spaces(owner, project)["Production"].serves_both_sides, "nobody is shut out"


def test_a_larger_edition_takes_the_marks_off_before_it_makes_new_spaces(owner, admin, project):
    amend(admin, owner)
    decide(admin, owner, project, "Testing 1", Surplus.KEPT)
    decide(admin, owner, project, "Testing 2", Surplus.LET_GO)

    amend(admin, owner, COMMERCE)

    assert list(spaces(owner, project)) == ["Production", "Testing 1", "Testing 2"]
    assert surplus_of(owner, project) == {}


def approve_testing_space(owner, admin, project, amount=1):
    with transaction():
        contract = contracts.all_of(owner)[0]
        request = asking.request_more(owner, contract, Wish.TESTING_SPACE, amount, "Keep some.", project.id)
        granting.approve(admin, request, amount)


def test_an_approved_data_space_takes_off_the_mark_of_an_undecided_one(owner, admin, project):
    amend(admin, owner)

    approve_testing_space(owner, admin, project)

    assert list(spaces(owner, project)) == ["Production", "Testing 1", "Testing 2"]
    assert surplus_of(owner, project) == {"Testing 2": Surplus.OPEN}


def test_the_one_that_a_shop_uses_is_the_first_to_lose_its_mark(owner, admin, project):
    attach(owner, project, "Testing 2")
    amend(admin, owner)

    approve_testing_space(owner, admin, project)

    assert surplus_of(owner, project) == {"Testing 1": Surplus.OPEN}


def test_only_what_is_approved_beyond_the_undecided_ones_is_made(owner, admin, project):
    amend(admin, owner)
    decide(admin, owner, project, "Testing 1", Surplus.KEPT)

    approve_testing_space(owner, admin, project, 2)

    assert list(spaces(owner, project)) == ["Production", "Testing 1", "Testing 2", "Testing 3"]
    assert surplus_of(owner, project) == {"Testing 1": Surplus.KEPT}


def test_an_amendment_is_one_event_at_the_tenant(owner, admin, project):
    amend(admin, owner)

    assert events_of(owner)[0] == "contract.amended"
    assert "contract.amended" not in events_of(admin)


def test_amending_to_what_it_is_changes_nothing(owner, admin):
    amend(admin, owner, COMMERCE)

    assert "contract.amended" not in events_of(owner)


def test_a_preview_from_before_a_change_is_refused_with_both_versions(owner, admin):
    version = contracts.all_of(owner)[0].version
    with transaction():
        contract = contracts.all_of(owner)[0]
        entitlements.extend(admin, contract, contract.ends_at.replace(year=contract.ends_at.year + 1))

    with pytest.raises(Changed):
        amend(admin, owner, version=version)


def test_a_contract_stays_of_its_kind(owner, admin):
    with pytest.raises(EditionOfOtherKind):
        amend(admin, owner, "solution-partner")


def test_what_has_ended_is_not_amended(admin):
    owner = a_licensee()
    with transaction():
        contracts.all_of(owner)[0].ended_at = clock.now()

    with pytest.raises(ContractNotRunning):
        amend(admin, owner)


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_only_partner_admins_amend(owner, who):
    actor = owner if who == "owner" else a_vendor(Role.OPERATOR)

    with pytest.raises(NotAllowed):
        amend(actor, owner)


def test_the_preview_says_what_the_amendment_does_and_changes_nothing(owner, admin, project):
    a_project(owner, "Second")

    found = preview(owner)

    assert (found.projects_before, found.projects_after, found.projects_used) == (3, 1, 2)
    assert found.is_too_many_projects
    assert {service.code for service in found.services.lost} == services(owner) - {"payment-services"}
    assert [space.name for plan in found.plans for space in plan.beyond] == ["Testing 1", "Testing 2"] * 2
    assert surplus_of(owner, project) == {}


def test_other_contracts_of_the_tenant_are_left_alone(owner, admin, project):
    other = a_contract(tenant_of(owner), COMMERCE)
    with transaction():
        amending.amend(admin, other, contracts.edition(OPEN_SOURCE), other.version)

    assert surplus_of(owner, project) == {}


def test_an_edition_that_another_contract_is_for_already_is_refused(owner, admin, project):
    a_contract(tenant_of(owner), OPEN_SOURCE)
    (present,) = [row for row in contracts.all_of(owner) if row.edition_code == COMMERCE]

    with pytest.raises(ContractOverlaps), transaction():
        amending.amend(admin, present, contracts.edition(OPEN_SOURCE), present.version)


def test_a_contract_that_is_renewed_is_not_amended(owner, admin, project):
    (present,) = contracts.all_of(owner)
    with transaction():
        term = Term(COMMERCE, present.ends_at, present.ends_at + timedelta(days=365))
        renewal.renew(system_actor("tests"), present, term)

    with pytest.raises(RenewedAlready), transaction():
        amending.amend(admin, present, contracts.edition(OPEN_SOURCE), present.version)


def test_a_kept_data_space_is_an_exception_and_goes_on(owner, admin, project):
    amend(admin, owner)

    decide(admin, owner, project, "Testing 1", Surplus.KEPT)

    assert surplus_of(owner, project)["Testing 1"] is Surplus.KEPT
    assert attach(owner, project, "Testing 1").name == "Shop"


def test_one_that_is_let_go_is_offered_to_no_further_shop(owner, admin, project):
    amend(admin, owner)
    decide(admin, owner, project, "Testing 1", Surplus.LET_GO)

    with pytest.raises(SpaceLetGo):
        attach(owner, project, "Testing 1")
    assert offered(owner) == ["Production", "Testing 2"]


def test_the_shop_that_uses_it_keeps_it_and_its_data(owner, admin, project):
    attach(owner, project, "Testing 1")
    amend(admin, owner)

    decide(admin, owner, project, "Testing 1", Surplus.LET_GO)

    assert spaces(owner, project)["Testing 1"].installation is not None
    assert offered(owner) == ["Production", "Testing 1", "Testing 2"]


def test_one_that_is_let_go_is_found_by_its_id(owner, admin, project):
    amend(admin, owner)
    decide(admin, owner, project, "Testing 1", Surplus.LET_GO)
    wanted = spaces(owner, project)["Testing 1"].public_id

    assert [shown.name for shown in store.shown_to_shops(owner, data_space_id=wanted)] == ["Testing 1"]


def test_a_decision_can_be_changed(owner, admin, project):
    amend(admin, owner)
    decide(admin, owner, project, "Testing 1", Surplus.LET_GO)

    decide(admin, owner, project, "Testing 1", Surplus.KEPT)

    assert events_of(owner)[:2] == ["data_space.kept", "data_space.let_go"]


def test_deciding_the_same_twice_is_one_event(owner, admin, project):
    amend(admin, owner)

    for _time in range(2):
        decide(admin, owner, project, "Testing 1", Surplus.KEPT)

    assert events_of(owner).count("data_space.kept") == 1


def test_a_data_space_within_the_allotment_is_not_decided(owner, admin, project):
    with pytest.raises(SpaceNotSurplus):
        decide(admin, owner, project, "Testing 1", Surplus.LET_GO)


def test_an_owner_decides_no_surplus(owner, admin, project):
    amend(admin, owner)

    with pytest.raises(NotAllowed):
        decide(owner, owner, project, "Testing 1", Surplus.KEPT)
