"""Many contracts at once together with what they grant, by the rules of one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import update

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.access.rows import SCOPE, Reader, insert_many
from portal.contracts import many as contracts
from portal.contracts.many import NewContract
from portal.contracts.models import Contract
from portal.entitlements.models import Entitlement
from portal.foundation import clock, ids
from portal.foundation.changes import HELD_BY
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
    same: dict[tuple[datetime, datetime], list[Contract]] = defaultdict(list)
    for contract, ends_at in ends.items():
        same[contract.ends_at, ends_at].append(contract)
    contracts.extend_many(actor, ends)
    for (before, after), extended in same.items():
        for start in range(0, len(extended), PORTION):
            _extend(extended[start : start + PORTION], before, after)


def _extend(extended: Sequence[Contract], before: datetime, after: datetime) -> None:
    """Let what these contracts grant until `before`, their end, last until `after`."""
    held_by = {contract.tenant_id for contract in extended}
    granted = update(Entitlement).where(
        Entitlement.tenant_id.in_(held_by),
        Entitlement.contract_id.in_([contract.id for contract in extended]),
        Entitlement.ends_at == before,
    )
    options = {SCOPE: Reader.WRITER, HELD_BY: held_by, "synchronize_session": False}
    db.session.execute(granted.values(ends_at=after), execution_options=options)
