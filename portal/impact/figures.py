"""The figures on the vendor's overview. One statement, and each count stops at 1,000: it costs the same at any size."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Label, func, literal, select

from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.delegations.models import OPEN_STATES, Delegation, DelegationState
from portal.entitlements.models import ContractRequest, RequestState
from portal.foundation.database import Base, db
from portal.impact.expiring import EXPIRING, Kind, Term, in_term
from portal.keys.models import KeyPair
from portal.keys.status import LIVE_STATES
from portal.tenants.models import Standing, Tenant

COUNTED_TO = 1000


@dataclass(frozen=True)
class Figures:
    """Counts; one that is larger than 1,000 stands as 1,001. `ending` says of each kind how many end by when."""

    standings: dict[Standing, int]
    ending: dict[Kind, dict[Term, int]]
    keys_in_service: dict[Environment, int]
    delegations: dict[DelegationState, int]
    requests_waiting: int


def figures(at: datetime) -> Figures:
    """The vendor's figures at this moment."""
    counts: dict[object, Label[int]] = {
        **{standing: _count(Tenant, Tenant.standing == standing) for standing in Standing},
        **{(kind, term): _count(EXPIRING[kind].model, *in_term(kind, term, at)) for kind in Kind for term in Term},
        **{side: _count(KeyPair, KeyPair.state.in_(LIVE_STATES), KeyPair.environment == side) for side in Environment},
        **{state: _count(Delegation, Delegation.state == state) for state in OPEN_STATES},
        "requests": _count(ContractRequest, ContractRequest.state == RequestState.WAITING),
    }
    row = db.session.execute(across_tenants(*counts.values(), reason=Reader.CONSOLE)).one()
    found = dict(zip(counts, row, strict=True))
    return Figures(
        standings={standing: found[standing] for standing in Standing},
        ending={kind: {term: found[kind, term] for term in Term} for kind in Kind},
        keys_in_service={side: found[side] for side in Environment},
        delegations={state: found[state] for state in OPEN_STATES},
        requests_waiting=found["requests"],
    )


def _count(model: type[Base], *conditions: ColumnElement[bool]) -> Label[int]:
    some = select(literal(1)).select_from(model).where(*conditions).limit(COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery().label(None)
