"""Many contracts at once, by the rules of one: a few statements instead of several for each."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.access.rows import Reader, across_tenants, columns_of, insert_many
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts.errors import ContractEndedEarly, NotAnExtension, OnlyPartnersSign, TermOutOfOrder
from portal.contracts.models import Contract, ContractKind, Edition
from portal.foundation import clock, ids
from portal.foundation.database import db

PORTION = 500


@dataclass(frozen=True)
class Offer:
    """An edition with the codes of its services, as plain values: it outlives the transaction it was read in."""

    code: str
    name: str
    kind: ContractKind
    services: tuple[str, ...]


@dataclass(frozen=True)
class NewContract:
    """A contract to be made. signer_id: a live membership of the same tenant, by a foreign key."""

    tenant_id: uuid.UUID
    edition: Offer
    starts_at: datetime
    ends_at: datetime
    signer_id: uuid.UUID | None = None


def offers() -> list[Offer]:
    """All editions, in the order of the catalogue."""
    rows = select(Edition).order_by(Edition.position).options(selectinload(Edition.services))
    return [
        Offer(row.code, row.name, row.kind, tuple(service.code for service in row.services))
        for row in db.session.scalars(rows)
    ]


def make_many(actor: Actor, wanted: Sequence[NewContract]) -> list[Contract]:
    """As `contracts.operations.make`, each of them. Raises: NotAllowed, TermOutOfOrder, OnlyPartnersSign."""
    require(actor, Permission.CONTRACT_CHANGE)
    made = [_made(one) for one in wanted]
    insert_many(Contract, [columns_of(contract) for contract in made])
    for contract, one in zip(made, wanted, strict=True):
        audit.record(actor, Event.CONTRACT_MADE, contract, tenant_id=contract.tenant_id, edition=one.edition.name)
    return made


def _made(one: NewContract) -> Contract:
    if one.ends_at <= one.starts_at:
        raise TermOutOfOrder()
    if one.signer_id is not None and one.edition.kind is not ContractKind.PARTNER:
        raise OnlyPartnersSign()
    return Contract(
        id=ids.uuid7(),
        public_id=ids.new("ctr"),
        tenant_id=one.tenant_id,
        kind=one.edition.kind,
        edition_code=one.edition.code,
        signer_id=one.signer_id,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
    )


def lock_many(keys: Collection[tuple[uuid.UUID, uuid.UUID]]) -> dict[uuid.UUID, Contract]:
    """The contracts with these tenants' and inner ids as they are now, by inner id, locked until the end."""
    found: dict[uuid.UUID, Contract] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), PORTION):
        tenant_ids, contract_ids = zip(*ordered[start : start + PORTION], strict=True)
        rows = across_tenants(Contract, reason=Reader.CONSOLE).where(
            Contract.tenant_id.in_(set(tenant_ids)), Contract.id.in_(contract_ids)
        )
        rows = rows.order_by(Contract.tenant_id, Contract.id).with_for_update(key_share=True)
        locked = db.session.scalars(rows.execution_options(populate_existing=True))
        found |= {contract.id: contract for contract in locked}
    return found


def extend_many(actor: Actor, ends: Mapping[Contract, datetime]) -> None:
    """As `contracts.operations.extend`, each of these contracts, which are locked.

    Raises: NotAllowed, ContractEndedEarly, NotAnExtension.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    for contract, ends_at in ends.items():
        if contract.ended_at is not None:
            raise ContractEndedEarly(contract=contract.public_id)
        if ends_at <= max(contract.ends_at, clock.now()):
            raise NotAnExtension()
        contract.ends_at = ends_at
        last_day = (ends_at - timedelta(microseconds=1)).date().isoformat()
        audit.record(actor, Event.CONTRACT_EXTENDED, contract, tenant_id=contract.tenant_id, until=last_day)
