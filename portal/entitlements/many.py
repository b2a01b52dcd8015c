"""Many contracts at once together with what they grant, by the rules of one."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.access.rows import Reader, across_tenants, insert_many
from portal.contracts import many as contracts
from portal.contracts.many import NewContract
from portal.contracts.models import Contract
from portal.entitlements.models import Entitlement
from portal.foundation import clock, ids
from portal.foundation.database import db

PORTION = 500


def conclude_many(actor: Actor, wanted: Sequence[NewContract]) -> list[Contract]:
    """As `entitlements.operations.conclude`, each of them.

    Raises: as `contracts.many.make_many`.
    """
    made, now = contracts.make_many(actor, wanted), clock.now()
    insert_many(
        Entitlement,
        [
            {
                "tenant_id": contract.tenant_id,
                "id": ids.uuid7(),
                "contract_id": contract.id,
                "service_code": code,
                "starts_at": contract.starts_at,
                "ends_at": contract.ends_at,
                "created_at": now,
            }
            for contract, one in zip(made, wanted, strict=True)
            for code in one.edition.services
        ],
    )
    return made


def extend_many(actor: Actor, ends: Mapping[Contract, datetime]) -> None:
    """As `entitlements.operations.extend`, each of these contracts, which are locked.

    Raises: as `contracts.many.extend_many`.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    until = {contract.id: (contract.ends_at, ends_at) for contract, ends_at in ends.items()}
    granted = _granted(sorted(until))
    contracts.extend_many(actor, ends)
    for entitlement in granted:
        before, after = until[entitlement.contract_id]
        if entitlement.ends_at == before:
            entitlement.ends_at = after


def _granted(contract_ids: Sequence[uuid.UUID]) -> list[Entitlement]:
    found: list[Entitlement] = []
    for start in range(0, len(contract_ids), PORTION):
        some = contract_ids[start : start + PORTION]
        rows = across_tenants(Entitlement, reason=Reader.CONSOLE).where(Entitlement.contract_id.in_(some))
        found += db.session.scalars(rows)
    return found
