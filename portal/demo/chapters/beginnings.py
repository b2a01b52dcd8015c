"""How the accounts were opened and the contracts made."""

from portal.access.actor import system_actor
from portal.accounts.models import Membership
from portal.contracts import catalogue
from portal.contracts import store as contracts
from portal.contracts.catalogue import EditionEntry
from portal.demo.cast import AURORA, BAMBOO, COMPANIES, HARBOUR, JONAS, NORDLICHT, RUTH, VENDOR, Company
from portal.demo.stage import Stage
from portal.demo.telling import days_ago
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.tenants import operations as tenants


@days_ago(800)
def the_vendor_opens(stage: Stage) -> None:
    catalogue.load()
    stage.settle_in(VENDOR, tenants.create(system_actor("demo"), VENDOR.name, is_vendor=True))


@days_ago(799)
def the_accounts_are_opened(stage: Stage) -> None:
    for company in COMPANIES:
        if company is not VENDOR:
            stage.settle_in(company, tenants.create(stage.member(RUTH), company.name))


@days_ago(798)
def aurora_begins_small(stage: Stage) -> None:
    _conclude(stage, AURORA, catalogue.MAGENTO_OPEN_SOURCE, last_days_ago=420)


@days_ago(780)
def harbour_becomes_an_integrator(stage: Stage) -> None:
    _conclude(stage, HARBOUR, catalogue.INTEGRATOR, last_days_ago=-680)


@days_ago(420)
def aurora_moves_to_adobe_commerce(stage: Stage) -> None:
    _conclude(stage, AURORA, catalogue.ADOBE_COMMERCE, last_days_ago=-675)


@days_ago(330)
def nordlicht_becomes_a_partner(stage: Stage) -> None:
    _conclude(stage, NORDLICHT, catalogue.SOLUTION_PARTNER, last_days_ago=-765, signer=stage.membership(JONAS))


@days_ago(240)
def bamboo_buys_a_licence(stage: Stage) -> None:
    _conclude(stage, BAMBOO, catalogue.MAGENTO_OPEN_SOURCE, last_days_ago=-490)


def _conclude(
    stage: Stage, company: Company, edition: EditionEntry, *, last_days_ago: int, signer: Membership | None = None
) -> None:
    tenant, ends_at = stage.account(company), stage.day(last_days_ago)
    entitlements.conclude(stage.member(RUTH), tenant, contracts.edition(edition.code), clock.now(), ends_at, signer)
