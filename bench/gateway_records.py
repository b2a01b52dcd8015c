"""Made-up accounts with as many keys as wanted, as the rows that a gateway loads: past the portal and its database.

Of ten keys one is an integrator's, under a delegation; an account has four keys, two data spaces and two services.
"""

import uuid
from collections.abc import Iterator

from bench.gateway_keys import BEGAN, Pool, api_key
from portal.verifier.records import (
    ACTIVE,
    DELEGATION_ACTIVE,
    GOOD,
    KEYS_RIGHT,
    PRODUCTION,
    SANDBOX,
    ContractRow,
    DelegationRow,
    GrantRow,
    GrantsRow,
    KeyRow,
    SpaceRow,
    TenantRow,
)
from portal.verifier.tables import Delta

SERVICE, OTHER = "product-recommendations", "catalog-service"
SERVICES = frozenset({SERVICE, OTHER})
KEYS_EACH, DELEGATED_EACH = 4, 10
TERM = (BEGAN - 86_400.0, BEGAN + 365 * 86_400.0)
AT_ONCE = 20_000
SPACE, PROJECT, TENANT, CONTRACT, DELEGATION, KEY = range(6)


def named(kind: int, number: int) -> uuid.UUID:
    """The id of that thing; as large a number as a random one."""
    return uuid.UUID(int=(0x5EED << 112) | (kind << 104) | number)


def space_of(number: int) -> str:
    """The data space in which the key pair with this number is used."""
    return str(named(SPACE, number // KEYS_EACH * 2 + number % 2))


def surroundings(keys: int) -> Iterator[Delta]:
    """Everything that so many keys hang on, in parts."""
    tenants = (keys + KEYS_EACH - 1) // KEYS_EACH
    for start in range(0, tenants, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, tenants))
        yield Delta(
            tenants=[_tenant(number) for number in numbers],
            contracts=[ContractRow(named(CONTRACT, number), *TERM, None) for number in numbers],
            grants=[_grants(number) for number in numbers],
            spaces=[_space(number, side) for number in numbers for side in (PRODUCTION, SANDBOX)],
            services=SERVICES,
        )
    for start in range(0, keys, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, keys), DELEGATED_EACH)
        yield Delta(delegations=[_delegation(number) for number in numbers])


def pairs(of: Pool, keys: int) -> Iterator[Delta]:
    """The keys, in parts."""
    for start in range(0, keys, AT_ONCE):
        yield Delta(keys=[pair(of, number) for number in range(start, min(start + AT_ONCE, keys))])


def pair(of: Pool, number: int, state: str = ACTIVE) -> KeyRow:
    """The key pair with this number."""
    owner = number // KEYS_EACH
    is_delegated = number % DELEGATED_EACH == 0
    return KeyRow(
        api_key=api_key(number),
        id=named(KEY, number),
        tenant_id=named(TENANT, owner),
        # An integrator is any other account: the first one, which has contracts too.
        holder_id=named(TENANT, 0 if is_delegated else owner),
        contract_id=named(CONTRACT, owner),
        delegation_id=named(DELEGATION, number) if is_delegated else None,
        environment=_side(number),
        state=state,
        expires_at=None,
        retiring_until=None,
        ending=None,
        spki=of.spki(number),
    )


def _side(number: int) -> str:
    return (PRODUCTION, SANDBOX)[number % 2]


def _tenant(number: int) -> TenantRow:
    return TenantRow(named(TENANT, number), f"MAG{number:09}", f"Account {number} of Somewhere", GOOD)


def _grants(number: int) -> GrantsRow:
    contract = named(CONTRACT, number)
    grants = tuple(GrantRow(service, contract, *TERM, None, False) for service in (SERVICE, OTHER))
    return GrantsRow(named(TENANT, number), grants)


def _delegation(number: int) -> DelegationRow:
    sides, rights = (PRODUCTION, SANDBOX), ("view", KEYS_RIGHT)
    return DelegationRow(
        named(DELEGATION, number), f"del_{number:022}", DELEGATION_ACTIVE, TERM[1], sides, rights, None
    )


def _space(number: int, side: str) -> SpaceRow:
    place = number * 2 + (side == SANDBOX)
    return SpaceRow(str(named(SPACE, place)), named(TENANT, number), named(PROJECT, number), side, False)
