"""Making and ending contracts. The vendor's acts; a renewal or an end touches nothing that hangs on the contract."""

import uuid
from datetime import datetime, timedelta

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store
from portal.contracts.errors import (
    ContractEndedEarly,
    ContractOver,
    ContractOverlaps,
    NotAnExtension,
    OnlyPartnersSign,
    RenewedAlready,
    SignerNotAMember,
    TermOutOfOrder,
    TermTooLong,
)
from portal.contracts.models import Contract, ContractKind, Edition
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.tenants import store as tenants
from portal.tenants.models import Tenant

LONGEST_YEARS = 20  # no contract is meant to last longer: what is, was mistyped
LONGEST = timedelta(days=366 * LONGEST_YEARS)


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
    Raises: NotAllowed, TermOutOfOrder, TermTooLong, OnlyPartnersSign, SignerNotAMember.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    check_term(starts_at, ends_at)
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


def check_term(starts_at: datetime, ends_at: datetime) -> None:
    """Nothing, when a contract can last from the one moment to the other. Raises: TermOutOfOrder, TermTooLong.

    One that ends further ahead than twice the longest term was mistyped too; no calendar reaches past the year 9999.
    """
    if ends_at <= starts_at:
        raise TermOutOfOrder()
    if ends_at - starts_at > LONGEST or ends_at - clock.now() > 2 * LONGEST:
        raise TermTooLong(years=LONGEST_YEARS)


def require_free(
    tenant_id: uuid.UUID, edition_code: str, starts_at: datetime, ends_at: datetime, *, beside: Contract | None = None
) -> None:
    """Nothing, when no contract of the tenant for this edition runs in this term. The caller holds the tenant's row.

    beside: a contract that does not count. Raises: ContractOverlaps, with what to do instead.
    """
    for other in store.overlapping(tenant_id, edition_code, starts_at, ends_at):
        if beside is None or other.id != beside.id:
            raise ContractOverlaps(
                contract=other.public_id,
                edition=store.edition(edition_code).name,
                first_day=other.starts_at.date().isoformat(),
                last_day=other.last_day.isoformat(),
            )


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


def extend(actor: Actor, contract: Contract, ends_at: datetime, *, version: int | None = None) -> None:
    """Let `contract` run until `ends_at`; what hangs on it goes on. Doors call it by `entitlements.operations.extend`.

    version: of the contract as a form was loaded; the end that it has by then already changes nothing.
    Raises: NotAllowed, Changed, ContractEndedEarly, RenewedAlready, NotAnExtension, TermTooLong, ContractOverlaps.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(tenants.get(contract.tenant_id))
    lock(contract)
    require_not_ended(contract)
    require_not_renewed(contract)
    if version not in (None, contract.version):
        if ends_at == contract.ends_at:
            return
        raise Changed(versions=[(N_("Last day"), _last_day(ends_at), contract.last_day.isoformat())])
    if ends_at <= max(contract.ends_at, clock.now()):
        raise NotAnExtension()
    check_term(contract.starts_at, ends_at)
    require_free(contract.tenant_id, contract.edition_code, contract.ends_at, ends_at, beside=contract)
    contract.ends_at = ends_at
    audit.record(actor, Event.CONTRACT_EXTENDED, contract, tenant_id=contract.tenant_id, until=_last_day(ends_at))


def _last_day(ends_at: datetime) -> str:
    return (ends_at - timedelta(microseconds=1)).date().isoformat()


def end(actor: Actor, contract: Contract, *, reason: str = "", version: int | None = None) -> None:
    """End `contract` now, before its term is over. Ending what has ended already changes nothing and is no event.

    version: of the contract as a form was loaded. Raises: NotAllowed, Changed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(contract)
    now = clock.now()
    if contract.ended_at is not None or contract.ends_at <= now:
        return
    if version not in (None, contract.version):
        last_day = contract.last_day.isoformat()
        raise Changed(versions=[(N_("Last day"), now.date().isoformat(), last_day)])
    contract.ended_at = now
    audit.record(actor, Event.CONTRACT_ENDED, contract, tenant_id=contract.tenant_id, reason=reason or None)


def require_not_ended(contract: Contract) -> None:
    """Nothing, unless `contract` was ended early. Raises: ContractEndedEarly."""
    if contract.ended_at is not None:
        raise ContractEndedEarly(contract=contract.public_id)


def require_not_renewed(contract: Contract) -> None:
    """Nothing, unless another contract follows on `contract`. Raises: RenewedAlready."""
    renewal = store.find_renewal(contract)
    if renewal is not None:
        raise RenewedAlready(contract=contract.public_id, successor=renewal.successor.public_id)


def require_open(contract: Contract) -> None:
    """Nothing, while `contract` runs or is still to begin. Raises: ContractOver."""
    if contract.ended_at is not None or contract.ends_at <= clock.now():
        raise ContractOver(contract=contract.public_id)
