"""What makes a stored-live key pair not live: `status_of` asked about everything that a pair can hang on."""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from portal.access.roles import Environment, Right
from portal.contracts.models import Contract, ContractKind
from portal.contracts.states import ContractState
from portal.delegations.models import RUNNING_STATES, Delegation, DelegationState
from portal.keys.models import KeyEnding, KeyOrigin, KeyPair, KeyState
from portal.keys.status import KeyStatus, status_of
from portal.tenants.models import Standing, Tenant

AT = datetime(2027, 3, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LONG = 100 * DAY

Facts = dict[str, Any]
Case = tuple[str, ...]

KEYS: dict[str, Facts] = {
    "active": {"state": KeyState.ACTIVE},
    "retiring": {"state": KeyState.RETIRING, "ending": KeyEnding.HARD, "retiring_until": AT + DAY},
    "retiring, past its date, held open": {"state": KeyState.RETIRING, "ending": KeyEnding.HELD, "retiring_until": AT},
    "retiring, past its hard end": {"state": KeyState.RETIRING, "ending": KeyEnding.HARD, "retiring_until": AT},
    "retiring, past its end as leaked": {"state": KeyState.RETIRING, "ending": KeyEnding.LEAK, "retiring_until": AT},
    "past its own expiry": {"state": KeyState.ACTIVE, "expires_at": AT},
}
CONTRACTS: dict[str, Facts] = {
    ContractState.RUNNING: {"starts_at": AT - LONG, "ends_at": AT + LONG},
    ContractState.COMING: {"starts_at": AT + DAY, "ends_at": AT + LONG},
    ContractState.OVER: {"starts_at": AT - LONG, "ends_at": AT},
    ContractState.ENDED: {"starts_at": AT - LONG, "ends_at": AT + LONG, "ended_at": AT},
}
BOTH, ALL_RIGHTS = frozenset(Environment), frozenset(Right)
COVERING: Facts = {"environments": BOTH, "rights": ALL_RIGHTS, "ends_at": AT + LONG}
DELEGATIONS: dict[str, Facts | None] = {
    "none: its owner holds it": None,
    "active": COVERING | {"state": DelegationState.ACTIVE},
    "active, without this environment": COVERING
    | {"state": DelegationState.ACTIVE, "environments": frozenset({Environment.PRODUCTION})},
    "active, without the right to keys": COVERING
    | {"state": DelegationState.ACTIVE, "rights": frozenset({Right.VIEW})},
    "active, past its end": COVERING | {"state": DelegationState.ACTIVE, "ends_at": AT},
    "paused": COVERING | {"state": DelegationState.PAUSED},
    "paused, past its end": COVERING | {"state": DelegationState.PAUSED, "ends_at": AT},
    **{state.value: COVERING | {"state": state} for state in DelegationState if state not in RUNNING_STATES},
}
STANDINGS: dict[str, Standing] = {standing.value: standing for standing in Standing}

DIMENSIONS: dict[str, Mapping[str, object]] = {
    "key pair": KEYS,
    "contract": CONTRACTS,
    "delegation": DELEGATIONS,
    "owner": STANDINGS,
    "holder": STANDINGS,
}


def cases() -> Iterator[tuple[Case, KeyPair]]:
    """Every combination, by the names of its parts in the order of `DIMENSIONS`, and a pair that is in it at `AT`.

    The rows belong to no database. Where nothing is delegated the owner is the holder, whatever the case says of one.
    """
    for case in itertools.product(*DIMENSIONS.values()):
        key, contract, delegation, owner, holder = case
        terms = DELEGATIONS[delegation]
        pair = _pair(KEYS[key], CONTRACTS[contract], terms)
        set_committed_value(pair, "owner", Tenant(standing=STANDINGS[owner]))
        set_committed_value(pair, "holder", Tenant(standing=STANDINGS[owner if terms is None else holder]))
        yield case, pair


def statuses() -> dict[Case, KeyStatus]:
    """The status of every combination at `AT`."""
    return {case: status_of(pair, AT) for case, pair in cases()}


def merged(found: Mapping[Case, KeyStatus]) -> list[tuple[tuple[frozenset[str], ...], KeyStatus]]:
    """The same with fewer rows: parts that make no difference stand together; in the order of the statuses."""
    rows = [(tuple(frozenset({name}) for name in case), status) for case, status in found.items()]
    for place in reversed(range(len(DIMENSIONS))):
        together: dict[tuple[tuple[frozenset[str], ...], KeyStatus], frozenset[str]] = {}
        for parts, status in rows:
            others = (parts[:place] + parts[place + 1 :], status)
            together[others] = together.get(others, frozenset()) | parts[place]
        rows = [((*rest[:place], names, *rest[place:]), status) for (rest, status), names in together.items()]
    order = list(KeyStatus)
    return sorted(rows, key=lambda row: order.index(row[1]))


def _pair(key: Facts, contract: Facts, delegation: Facts | None) -> KeyPair:
    pair = KeyPair(origin=KeyOrigin.UPLOAD, environment=Environment.SANDBOX, created_at=AT - LONG, **key)
    pair.delegation_id = None if delegation is None else uuid.uuid4()
    set_committed_value(pair, "contract", Contract(kind=ContractKind.LICENCE, **contract))
    set_committed_value(pair, "delegation", None if delegation is None else Delegation(**delegation))
    return pair
