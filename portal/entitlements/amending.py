"""What another edition, or an approved service, means for what a contract entitles to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access.actor import Actor
from portal.contracts.models import Contract, Edition, Service
from portal.entitlements import store
from portal.entitlements.models import Entitlement
from portal.foundation import clock


@dataclass(frozen=True)
class ServiceChange:
    """The services that begin with another edition, and those that end with it."""

    gained: Sequence[Service]
    lost: Sequence[Service]


def preview(actor: Actor, contract: Contract, edition: Edition) -> ServiceChange:
    """What `edition` (services loaded) would change for `contract` (edition with services loaded). Nothing is changed.

    What was approved for the contract beyond its edition stays.
    """
    now = clock.now()
    rows = {row.service_code: row for row in store.under(actor, contract.id) if not row.is_over(now)}
    stay = {service.code for service in edition.services} | store.approved_services(actor, contract.id)
    leaving = {service.code for service in contract.edition.services} - stay
    return ServiceChange(
        gained=[service for service in edition.services if service.code not in rows],
        lost=[row.service for code, row in rows.items() if code in leaving],
    )


def carry_out(actor: Actor, contract: Contract, change: ServiceChange) -> None:
    """End what is lost, and begin what is gained, for the contract's term. Part of the amendment and no event."""
    now, rows = clock.now(), {row.service_code: row for row in store.under(actor, contract.id)}
    for service in change.lost:
        rows[service.code].ended_at = now
    for service in change.gained:
        entitle(actor, contract, service.code)


def entitle(actor: Actor, contract: Contract, service_code: str) -> None:
    """Entitle the contract's tenant to this service from now on, or from the contract's first day, until its end.

    One that ended or ran out before begins anew; one that is there stays as it is.
    """
    now = clock.now()
    begins = max(now, contract.starts_at)
    row = next((row for row in store.under(actor, contract.id) if row.service_code == service_code), None)
    if row is None:
        store.add_all([_entitlement(contract, service_code, begins)])
    elif row.is_over(now):
        row.starts_at, row.ends_at, row.ended_at = begins, contract.ends_at, None


def _entitlement(contract: Contract, service_code: str, begins: datetime) -> Entitlement:
    return Entitlement(
        tenant_id=contract.tenant_id,
        contract_id=contract.id,
        service_code=service_code,
        starts_at=begins,
        ends_at=contract.ends_at,
    )
