"""Making and ending contracts. The vendor's acts; a renewal or an end touches nothing that hangs on the contract."""

from datetime import datetime, timedelta

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store
from portal.contracts.errors import (
    ContractEndedEarly,
    NotAnExtension,
    OnlyPartnersSign,
    SignerNotAMember,
    TermOutOfOrder,
)
from portal.contracts.models import Contract, ContractKind, Edition
from portal.foundation import clock
from portal.foundation.database import lock
from portal.tenants.models import Tenant


def make(
    actor: Actor,
    tenant: Tenant,
    edition: Edition,
    starts_at: datetime,
    ends_at: datetime,
    signer: Membership | None = None,
) -> Contract:
    """A contract of `tenant` for `edition`. Doors call `entitlements.operations.conclude`, which grants its services.

    signer: of a partner contract only, a live member of the tenant; without one nobody makes keys under it.
    Raises: NotAllowed, TermOutOfOrder, OnlyPartnersSign, SignerNotAMember.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    if ends_at <= starts_at:
        raise TermOutOfOrder()
    if signer is not None:
        _check_signer(tenant, edition, signer)

    contract = store.add(
        Contract(
            tenant_id=tenant.id,
            kind=edition.kind,
            edition_code=edition.code,
            signer_id=signer.id if signer else None,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    )
    audit.record(actor, Event.CONTRACT_MADE, contract, tenant_id=tenant.id, edition=edition.name)
    return contract


def _check_signer(tenant: Tenant, edition: Edition, signer: Membership) -> None:
    if edition.kind is not ContractKind.PARTNER:
        raise OnlyPartnersSign()
    if signer.tenant_id != tenant.id or signer.ended_at is not None:
        raise SignerNotAMember()


def record_signer(actor: Actor, contract: Contract, signer: Membership) -> None:
    """Let `signer` (with its person), a live member of the tenant, be the one who signed this partner contract.

    Whoever signed before signs no more; deputies that were named stay. Recording the same one again is no event.
    Raises: NotAllowed, OnlyPartnersSign, SignerNotAMember.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(contract)
    if contract.kind is not ContractKind.PARTNER:
        raise OnlyPartnersSign()
    if signer.tenant_id != contract.tenant_id or signer.ended_at is not None:
        raise SignerNotAMember()
    if contract.signer_id != signer.id:
        contract.signer_id = signer.id
        audit.record(actor, Event.SIGNER_RECORDED, contract, tenant_id=contract.tenant_id, signer=signer.person.name)


def extend(actor: Actor, contract: Contract, ends_at: datetime) -> None:
    """Let `contract` run until `ends_at`; what hangs on it goes on. Doors call it by `entitlements.operations.extend`.

    Raises: NotAllowed, ContractEndedEarly, NotAnExtension.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(contract)
    if contract.ended_at is not None:
        raise ContractEndedEarly(contract=contract.public_id)
    if ends_at <= max(contract.ends_at, clock.now()):
        raise NotAnExtension()
    contract.ends_at = ends_at
    last_day = (ends_at - timedelta(microseconds=1)).date().isoformat()
    audit.record(actor, Event.CONTRACT_EXTENDED, contract, tenant_id=contract.tenant_id, until=last_day)


def end(actor: Actor, contract: Contract) -> None:
    """End `contract` now, before its term is over. Ending what has ended already changes nothing and is no event.

    Raises: NotAllowed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(contract)
    now = clock.now()
    if contract.ended_at is not None or contract.ends_at <= now:
        return
    contract.ended_at = now
    audit.record(actor, Event.CONTRACT_ENDED, contract, tenant_id=contract.tenant_id)
