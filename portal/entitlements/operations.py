"""What a contract grants."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.contracts.models import Contract, Edition
from portal.entitlements import store
from portal.entitlements.errors import EntitlementOver, NotAnEarlierEnd
from portal.entitlements.models import Entitlement, EntitlementState
from portal.foundation import clock
from portal.foundation.database import lock
from portal.tenants import store as tenants
from portal.tenants.models import Tenant


def conclude(
    actor: Actor,
    tenant: Tenant,
    edition: Edition,
    starts_at: datetime,
    ends_at: datetime,
    signer: Membership | None = None,
    *,
    overlapping: bool = False,
) -> Contract:
    """A contract of `tenant` together with what it grants: the one way in which doors make contracts.

    A contract for the same edition and the very same term is what was asked for: it comes back, and nothing is made.
    overlapping: let it run beside others for the same edition.
    Raises: ContractOverlaps, and as `contracts.operations.make`.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    if not overlapping:
        lock(tenant)  # two at once: the second finds the first
        if same := contract_store.find_same(tenant.id, edition.code, starts_at, ends_at):
            return same
        contracts.require_free(tenant.id, edition.code, starts_at, ends_at)
    contract = contracts.make(actor, tenant, edition, starts_at, ends_at, signer)
    grant_for(actor, contract)
    return contract


def grant_for(actor: Actor, contract: Contract) -> None:
    """Entitle the contract's tenant to each service of its edition, for the contract's term.

    What is granted already stays as it is. It is part of making the contract and no event of its own.
    Raises: NotAllowed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    store.add_all(
        [
            Entitlement(
                tenant_id=contract.tenant_id,
                contract_id=contract.id,
                service_code=code,
                starts_at=contract.starts_at,
                ends_at=contract.ends_at,
            )
            for code in store.not_granted(contract)
        ]
    )


def extend(actor: Actor, contract: Contract, ends_at: datetime, *, version: int | None = None) -> None:
    """Let the contract run until `ends_at`, together with what it grants until its end.

    Raises: as `contracts.operations.extend`.
    """
    lock(tenants.get(contract.tenant_id))  # in the order of every act on contracts: the tenant, then the contract
    lock(contract)
    granted = store.ending_with(contract)
    contracts.extend(actor, contract, ends_at, version=version)
    for entitlement in granted:
        entitlement.ends_at = ends_at


def end(actor: Actor, entitlement: Entitlement) -> None:
    """End `entitlement` now; its contract and the contract's other services go on. Ending it twice changes nothing.

    Raises: NotAllowed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    store.hold(entitlement)
    now = clock.now()
    if entitlement.state(now) is EntitlementState.ENDED:
        return
    entitlement.ended_at = now
    _record(actor, Event.ENTITLEMENT_ENDED, entitlement)


def narrow(actor: Actor, entitlement: Entitlement, ends_at: datetime) -> None:
    """Let `entitlement` end earlier, at `ends_at`. The end that it has already changes nothing and is no event.

    Raises: NotAllowed, EntitlementOver, NotAnEarlierEnd.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    store.hold(entitlement)
    now, ends = clock.now(), min(entitlement.ends_at, entitlement.contract.ends_at)
    if entitlement.state(now) is EntitlementState.ENDED:
        raise EntitlementOver(service=entitlement.service.name)
    if ends_at == ends:
        return
    if not max(now, entitlement.starts_at) < ends_at < ends:
        raise NotAnEarlierEnd(last_day=last_day_of(ends))
    entitlement.ends_at = ends_at
    _record(actor, Event.ENTITLEMENT_NARROWED, entitlement, until=last_day_of(ends_at))


def suspend(actor: Actor, entitlement: Entitlement) -> None:
    """Let `entitlement` open nothing until it is resumed. Suspending it twice changes nothing.

    Raises: NotAllowed, EntitlementOver.
    """
    _hold_open(actor, entitlement)
    if entitlement.suspended_at is None:
        entitlement.suspended_at = clock.now()
        _record(actor, Event.ENTITLEMENT_SUSPENDED, entitlement)


def resume(actor: Actor, entitlement: Entitlement) -> None:
    """Let a suspended `entitlement` open again. One that is not suspended stays as it is.

    Raises: NotAllowed, EntitlementOver.
    """
    _hold_open(actor, entitlement)
    if entitlement.suspended_at is not None:
        entitlement.suspended_at = None
        _record(actor, Event.ENTITLEMENT_RESUMED, entitlement)


def last_day_of(ends_at: datetime) -> str:
    """The last day (UTC) before this end, as in 2027-05-03."""
    return (ends_at - timedelta(microseconds=1)).date().isoformat()


def _hold_open(actor: Actor, entitlement: Entitlement) -> None:
    require(actor, Permission.CONTRACT_CHANGE)
    store.hold(entitlement)
    if entitlement.state(clock.now()) is EntitlementState.ENDED:
        raise EntitlementOver(service=entitlement.service.name)


def _record(actor: Actor, event: Event, entitlement: Entitlement, *, until: str | None = None) -> None:
    facts: dict[str, Any] = {"contract": entitlement.contract.public_id} | ({"until": until} if until else {})
    audit.record(actor, event, entitlement, tenant_id=entitlement.tenant_id, **facts)


def lengthen(contract: Contract, ends_at: datetime) -> None:
    """Move the end of the contract, together with what it grants until its end. Part of another act, and no event."""
    granted = store.ending_with(contract)
    contract.ends_at = ends_at
    for entitlement in granted:
        entitlement.ends_at = ends_at


def hand_over(actor: Actor, contract: Contract, successor: Contract) -> None:
    """Let what was granted under `contract` go on under `successor`, in the very rows: what was suspended, narrowed or
    ended stays so, and a review that froze a row still means this one.

    Services of the old edition alone stay behind; those of the new one alone begin with it. Part of another act, and no
    event.
    """
    granted = {row.service_code: row for row in store.under(actor, successor.id)}
    included = store.services_included(contract)
    for row in store.under(actor, contract.id):
        own, is_included = granted.get(row.service_code), row.service_code in included
        if own is not None and is_included:
            store.drop(own)
        elif own is not None or is_included or row.ended_at is not None:
            continue
        row.ends_at = successor.ends_at if row.ends_at == contract.ends_at else row.ends_at
        row.contract_id = successor.id


def projects_granted(actor: Actor, running: Sequence[Contract]) -> dict[uuid.UUID, int]:
    """How many projects each of these contracts (editions loaded) includes: its edition's, and what was approved."""
    approved = store.approved_projects(actor, [contract.id for contract in running])
    return {contract.id: contract.edition.projects + approved.get(contract.id, 0) for contract in running}
