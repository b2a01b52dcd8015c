"""The figures on the vendor's overview. One statement, and each count stops at 1,000: it costs the same at any size."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Label, func, literal, select

from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.contracts.models import Contract
from portal.delegations.models import OPEN_STATES, Delegation, DelegationState
from portal.entitlements.models import AllotmentRequest, RequestState
from portal.foundation.database import Base, db
from portal.keys.models import KeyPair
from portal.keys.status import LIVE_STATES
from portal.tenants.models import Standing, Tenant

COUNTED_TO = 1000
ENDING_DAYS = (1, 7, 30)


@dataclass(frozen=True)
class Figures:
    """Counts; one that is larger than 1,000 stands as 1,001. `contracts_ending` is by the days that are left."""

    standings: dict[Standing, int]
    contracts_ending: dict[int, int]
    contracts_past: int
    keys_in_service: dict[Environment, int]
    delegations: dict[DelegationState, int]
    requests_waiting: int


def figures(at: datetime) -> Figures:
    """The vendor's figures at this moment."""
    counts: dict[object, Label[int]] = {
        **{standing: _count(Tenant, Tenant.standing == standing) for standing in Standing},
        **{days: _count(Contract, *ending_within(days, at)) for days in ENDING_DAYS},
        "past": _count(Contract, Contract.ends_at <= at),
        **{side: _count(KeyPair, KeyPair.state.in_(LIVE_STATES), KeyPair.environment == side) for side in Environment},
        **{state: _count(Delegation, Delegation.state == state) for state in OPEN_STATES},
        "requests": _count(AllotmentRequest, AllotmentRequest.state == RequestState.WAITING),
    }
    row = db.session.execute(across_tenants(*counts.values(), reason=Reader.CONSOLE)).one()
    found = dict(zip(counts, row, strict=True))
    return Figures(
        standings={standing: found[standing] for standing in Standing},
        contracts_ending={days: found[days] for days in ENDING_DAYS},
        contracts_past=found["past"],
        keys_in_service={side: found[side] for side in Environment},
        delegations={state: found[state] for state in OPEN_STATES},
        requests_waiting=found["requests"],
    )


def ending_within(days: int, at: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a contract that was not ended early and whose term ends within so many days."""
    return [Contract.ends_at > at, Contract.ends_at <= at + timedelta(days=days), Contract.ended_at.is_(None)]


def _count(model: type[Base], *conditions: ColumnElement[bool]) -> Label[int]:
    some = select(literal(1)).select_from(model).where(*conditions).limit(COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery().label(None)
