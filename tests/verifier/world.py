"""An owner, its integrator and somebody else, with keys and data spaces, as rows that a test changes before it asks."""

import uuid
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.verifier import records
from portal.verifier.decision import Call, Decision, Policy, decide
from portal.verifier.proving import Prover
from portal.verifier.records import ContractRow, DelegationRow, GrantRow, GrantsRow, KeyRow, SpaceRow, TenantRow
from portal.verifier.tables import Delta, Tables
from tests.connector.shop import a_token
from tests.factories import a_private_key
from tests.verifier.records import NOON as NOON_UTC

NOON = NOON_UTC.timestamp()
DAY = 86400.0
OWN, DELEGATED, FOREIGN = "0" * 32, "1" * 32, "2" * 32
NUMBERS = {OWN: 500, DELEGATED: 501, FOREIGN: 502}
SERVICES = frozenset({"search", "payments", "recommendations"})
OWNER, INTEGRATOR, STRANGER, CONTRACT, DELEGATION, PROJECT, OTHER_PROJECT = (uuid.UUID(int=n) for n in range(10, 17))
PRODUCTION_SPACE, SANDBOX_SPACE, OTHER_SPACE, FOREIGN_SPACE, LONE_SPACE = "live", "test", "other", "foreign", "lone"
SIDES = (records.PRODUCTION, records.SANDBOX)


@cache
def private_of(api_key: str) -> RSAPrivateKey:
    return a_private_key(NUMBERS[api_key])


@cache
def spki_of(api_key: str) -> bytes:
    return private_of(api_key).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def token_of(api_key: str, ends_in: int = 300) -> str:
    """What a shop with this key sends at noon."""
    return a_token(private_of(api_key), int(NOON) + ends_in)


def a_key_row(api_key: str, owner: uuid.UUID, holder: uuid.UUID, delegation: uuid.UUID | None = None) -> KeyRow:
    facts = (records.SANDBOX, records.ACTIVE, None, None, None, spki_of(api_key))
    return KeyRow(api_key, uuid.uuid4(), owner, holder, CONTRACT, delegation, *facts)


def a_grant(service: str = "search", contract_id: uuid.UUID = CONTRACT) -> GrantRow:
    return GrantRow(service, contract_id, NOON - DAY, NOON + DAY, None, False)


AURORA, BRUCKNER, CIRRUS = (
    TenantRow(tenant_id, account_id, name, records.GOOD)
    for tenant_id, account_id, name in (
        (OWNER, "MAG000000001", "Aurora"),
        (INTEGRATOR, "MAG000000002", "Brückner"),
        (STRANGER, "MAG000000003", "Cirrus"),
    )
)
RUNNING = ContractRow(CONTRACT, NOON - DAY, NOON + DAY, None)
COVERING = DelegationRow(
    DELEGATION, "dlg_1", records.DELEGATION_ACTIVE, NOON + DAY, SIDES, (records.KEYS_RIGHT, "view"), None
)
SEARCH = a_grant()


@dataclass(frozen=True)
class World:
    """By default everything runs, from a day ago until a day ahead, and the delegation covers everything."""

    owner: TenantRow = AURORA
    integrator: TenantRow = BRUCKNER
    stranger: TenantRow = CIRRUS
    contract: ContractRow = RUNNING
    other_contracts: tuple[ContractRow, ...] = ()
    delegation: DelegationRow = COVERING
    grants: tuple[GrantRow, ...] = (SEARCH,)
    own: KeyRow = field(default_factory=lambda: a_key_row(OWN, OWNER, OWNER))
    delegated: KeyRow = field(default_factory=lambda: a_key_row(DELEGATED, OWNER, INTEGRATOR, DELEGATION))
    foreign: KeyRow = field(default_factory=lambda: a_key_row(FOREIGN, STRANGER, STRANGER))
    spaces: tuple[SpaceRow, ...] = (
        SpaceRow(PRODUCTION_SPACE, OWNER, PROJECT, records.PRODUCTION, False),
        SpaceRow(SANDBOX_SPACE, OWNER, PROJECT, records.SANDBOX, False),
        SpaceRow(OTHER_SPACE, OWNER, OTHER_PROJECT, records.SANDBOX, False),
        SpaceRow(LONE_SPACE, OWNER, PROJECT, records.PRODUCTION, True),
        SpaceRow(FOREIGN_SPACE, STRANGER, uuid.UUID(int=99), records.SANDBOX, False),
    )
    policy: Policy = Policy.REPORT

    def but(self, **rows: dict[str, Any]) -> "World":
        """The same, these facts of these rows aside: `but(owner={"standing": "suspended"})`."""
        return replace(self, **{name: getattr(self, name)._replace(**facts) for name, facts in rows.items()})

    @property
    def delta(self) -> Delta:
        return Delta(
            tenants=[self.owner, self.integrator, self.stranger],
            contracts=[self.contract, *self.other_contracts],
            grants=[GrantsRow(OWNER, self.grants), GrantsRow(INTEGRATOR, (a_grant("payments"),))],
            delegations=[self.delegation],
            keys=[self.own, self.delegated, self.foreign],
            spaces=list(self.spaces),
            services=SERVICES,
        )

    @property
    def tables(self) -> Tables:
        tables = Tables(self.policy)
        tables.apply(self.delta, 1)
        return tables

    def decide(
        self,
        api_key: str = OWN,
        *,
        data_space: str | None = None,
        service: str | None = "search",
        token: str | None = None,
        now: float = NOON,
    ) -> Decision:
        """What is decided about a call with this key, at noon unless said otherwise."""
        call = Call(api_key, token_of(api_key) if token is None else token, service, data_space)
        return decide(self.tables, call, now, Prover())
