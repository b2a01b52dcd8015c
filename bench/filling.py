"""Fills an empty, migrated database with made-up tenants, quickly: rows go in by the thousand, past the operations.

The tenants that bench/pages.py looks at stand out: a tenth of all keys belong to one licensee, a fifth of all tenants
are clients of one integrator. The rest are alike. All of it is the same at every start.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert

from portal.access.roles import Environment, Right, Role
from portal.accounts.models import Membership, Person
from portal.audit.models import AuditChain, AuditEvent
from portal.contracts.models import Contract, ContractKind
from portal.delegations.models import Delegation, DelegationState, Side
from portal.entitlements.models import ContractRequest, Entitlement, Wish
from portal.foundation import clock
from portal.foundation.words import same_name
from portal.keys.models import KeyOrigin, KeyPair, KeyState
from portal.projects.addresses import address_key
from portal.projects.models import Claim, DataSpace, DataSpaceType, Installation, Project
from portal.tenants.models import Standing, Tenant

KEYS, PROJECTS, EVENTS = 10, 5, 20  # of one tenant, so that 10,000 of them have 100,000 keys and 50,000 projects
SERVICES = ("payment-services", "product-recommendations", "live-search", "catalog-service")
SYLLABLES = ("au", "ro", "ra", "ba", "lin", "mei", "kor", "tan", "vel", "ox", "zen", "pol", "ri", "sa", "茶", "風")
LEAST = 120  # rows of each list that is looked at, so that its first page is full at every size
KEYS_OF_CLIENT = 6  # held by the integrator
RARE = 20  # tenants that a filter has to find among all others; as many at every size
ROWS_AT_ONCE = 5000
NO_HASH = bytes(32)
WRITTEN = (
    Tenant, Person, Membership, Contract, Entitlement, Project, DataSpace, Installation, ContractRequest, Delegation,
    KeyPair, AuditChain, AuditEvent,
)  # fmt: skip

Row = dict[str, Any]


@dataclass
class World:
    """What was filled in: the tenants for whom pages are looked at, who belongs to them, and things to search for."""

    tenants: dict[str, uuid.UUID] = field(default_factory=dict)
    people: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    accounts: dict[uuid.UUID, str] = field(default_factory=dict)
    api_key: str = ""
    space_id: str = ""
    contract_id: str = ""
    project: str = ""
    person: str = ""
    host: str = ""
    name: str = ""
    email: str = ""


class Filler:
    """Collects rows by table, then writes them in the order in which tables refer to each other."""

    def __init__(self, tenants: int) -> None:
        self.count, self.now, self.random = tenants, clock.now(), random.Random(1)  # noqa: S311 - makes no secret
        self.rows: dict[Any, list[Row]] = defaultdict(list)
        self.world = World()
        self.spki = self.random.randbytes(422)

    def make(self) -> World:
        """Make all rows, without writing any: what is needed to look at a database that was filled before."""
        self._vendor()
        self._large_licensee()
        self._large_integrator()
        self._partner()
        for number in range(self.count):
            self._licensee(number)
        self._delegations()
        return self.world

    def fill(self, connection: Connection) -> World:
        """Make all rows and write them."""
        self.make()
        for model in WRITTEN:
            for portion in _portions(self.rows[model]):
                connection.execute(insert(model.__table__), portion)
        return self.world

    def _vendor(self) -> None:
        self.world.tenants["vendor"] = self._tenant("Vendor", Role.PARTNER_ADMIN, is_vendor=True)

    def _large_licensee(self) -> None:
        tenant_id = self.world.tenants["licensee"] = self._tenant("The Large Licensee")
        contract_id = self._contract(tenant_id)
        self._keys(tenant_id, contract_id, max(10 * LEAST, self.count * KEYS // 10))
        self._projects(tenant_id, contract_id, max(LEAST, self.count * PROJECTS // 20))
        self._events(tenant_id, max(10 * LEAST, self.count * EVENTS // 10))

    def _large_integrator(self) -> None:
        tenant_id = self.world.tenants["integrator"] = self._tenant("The Large Integrator")
        self._contract(tenant_id, "integrator", ContractKind.INTEGRATOR)

    def _partner(self) -> None:
        tenant_id = self.world.tenants["partner"] = self._tenant("The Partner")
        signer_id = self.rows[Membership][-1]["id"]
        contract_id = self._contract(tenant_id, "solution-partner", ContractKind.PARTNER, signer_id)
        self._keys(tenant_id, contract_id, KEYS)
        self._projects(tenant_id, contract_id, PROJECTS)

    def _licensee(self, number: int) -> None:
        standing = Standing.SUSPENDED if number < RARE else Standing.GOOD
        tenant_id = self._tenant(self._name(), standing=standing)
        contract_id = self._contract(tenant_id, days=self._days_left(number))
        keys = self._keys(tenant_id, contract_id, KEYS)
        spaces = self._projects(tenant_id, contract_id, PROJECTS)
        self._events(tenant_id, EVENTS)
        self._request(tenant_id, contract_id)
        if number == self.count // 2:
            self.world.api_key, self.world.space_id = keys[0]["api_key"], spaces[0]["public_id"]
            self.world.name, self.world.email = self.rows[Tenant][-1]["name"], self.rows[Person][-1]["email"]
            self.world.person, self.world.project = self.rows[Person][-1]["name"], self.rows[Project][-1]["name"]
            self.world.host = self.rows[Installation][-1]["address_key"]
            self.world.contract_id = self.rows[Contract][-1]["public_id"]

    def _days_left(self, number: int) -> int:
        if number < RARE:
            return number
        return self.random.randint(40, 1000) if number % 7 else -100

    def _name(self) -> str:
        return "".join(self.random.choice(SYLLABLES) for _ in range(5)).title()

    def _id(self) -> uuid.UUID:
        return uuid.UUID(bytes=self.random.randbytes(16), version=4)

    def _add(self, model: Any, **columns: Any) -> Row:
        if "id" in model.__table__.c:
            columns.setdefault("id", self._id())
        if "version" in model.__table__.c:
            columns["version"] = 1
        self.rows[model].append(columns)
        return columns

    def _tenant(
        self, name: str, role: Role = Role.OWNER, *, standing: Standing = Standing.GOOD, is_vendor: bool = False
    ) -> uuid.UUID:
        account_id = f"MAG{len(self.rows[Tenant]) * 7 + 1:09}"
        row = self._add(
            Tenant, account_id=account_id, name=name, name_key=same_name(name), standing=standing, is_vendor=is_vendor
        )
        tenant_id: uuid.UUID = row["id"]
        self.world.accounts[tenant_id] = account_id
        self.world.people[tenant_id] = self._member(tenant_id, role)
        return tenant_id

    def _member(self, tenant_id: uuid.UUID, role: Role) -> Any:
        email = f"person{len(self.rows[Person])}@example.com"
        name = self._name()
        named = {"name": name, "name_key": same_name(name)}
        person = self._add(Person, email=email, email_key=email, password_hash="-", **named)  # noqa: S106
        self._add(Membership, tenant_id=tenant_id, person_id=person["id"], role=role)
        return person["id"]

    def _contract(
        self,
        tenant_id: uuid.UUID,
        edition: str = "adobe-commerce",
        kind: ContractKind = ContractKind.LICENCE,
        signer_id: uuid.UUID | None = None,
        days: int = 500,
    ) -> Any:
        term = {"starts_at": self.now - timedelta(days=400), "ends_at": self.now + timedelta(days=days, hours=3)}
        kept = {"public_id": f"ctr_{self.random.randbytes(10).hex()}", "kind": kind, "edition_code": edition}
        contract = self._add(Contract, tenant_id=tenant_id, signer_id=signer_id, **kept, **term)
        for service in SERVICES if kind is not ContractKind.INTEGRATOR else ():
            self._add(Entitlement, tenant_id=tenant_id, contract_id=contract["id"], service_code=service, **term)
        return contract["id"]

    def _keys(self, tenant_id: uuid.UUID, contract_id: uuid.UUID, count: int, **under: Any) -> list[Row]:
        return [self._key(tenant_id, contract_id, number, **under) for number in range(count)]

    def _key(self, tenant_id: uuid.UUID, contract_id: uuid.UUID, number: int, **under: Any) -> Row:
        name = f"Storefront {number}"
        delegated = {"holder_id": tenant_id, "delegation_id": None} | under
        return self._add(
            KeyPair,
            tenant_id=tenant_id,
            contract_id=contract_id,
            environment=Environment.PRODUCTION if number % 2 else Environment.SANDBOX,
            name=name,
            name_key=same_name(name),
            api_key=self.random.randbytes(16).hex(),
            spki=self.spki,
            spki_sha256=self.random.randbytes(32),
            bits=3072,
            origin=KeyOrigin.SERVER,
            state=KeyState.REVOKED if number % 10 == 9 else KeyState.ACTIVE,
            made_by_id=self.world.people[tenant_id],
            expires_at=self.now + timedelta(days=20) if self._expires() else None,
            **delegated,
        )

    def _expires(self) -> bool:
        return len(self.rows[KeyPair]) < RARE

    def _projects(self, tenant_id: uuid.UUID, contract_id: uuid.UUID, count: int) -> list[Row]:
        spaces = []
        for number in range(count):
            name = f"{self._name()} {number}"
            names = {"name": name, "name_key": same_name(name)}
            project = self._add(Project, tenant_id=tenant_id, contract_id=contract_id, **names)
            spaces += [self._space(tenant_id, project["id"], position) for position in range(3)]
        return spaces

    def _space(self, tenant_id: uuid.UUID, project_id: uuid.UUID, position: int) -> Row:
        kind, name = DataSpaceType.TESTING if position else DataSpaceType.PRODUCTION, f"Space {position}"
        place = {"tenant_id": tenant_id, "project_id": project_id}
        space = self._add(
            DataSpace,
            type=kind,
            environment=kind.environment,
            name=name,
            name_key=same_name(name),
            position=position,
            public_id=str(self._id()),
            **place,
        )
        if position == 0:
            self._shop(space, place)
        return space

    def _shop(self, space: Row, place: Row) -> None:
        host = f"{self._name().lower()}.example"
        colliding = len(self.rows[Installation]) < RARE
        self._add(
            Installation,
            data_space_id=space["id"],
            name="Shop",
            address=f"https://www.{host}",
            address_key=address_key(host),
            side=Environment.PRODUCTION,
            claim=Claim.COLLIDING if colliding else Claim.PRIMARY,
            last_seen_at=self.now - timedelta(days=self.random.randint(0, 60)),
            **place,
        )

    def _request(self, tenant_id: uuid.UUID, contract_id: uuid.UUID) -> None:
        wish = {"wish": Wish.PROJECT, "amount": 1, "reason": "One more country"}
        self._add(ContractRequest, tenant_id=tenant_id, contract_id=contract_id, **wish)

    def _events(self, tenant_id: uuid.UUID, count: int) -> None:
        for seq in range(1, count + 1):
            self._add(
                AuditEvent,
                chain_id=tenant_id,
                seq=seq,
                tenant_id=tenant_id,
                at=self.now,
                event="key.activated",
                actor_label=f"Person {seq % 7}",
                actor_home_id=tenant_id,
                actor_home_name="Home",
                subject_type="key pair",
                subject_id=f"{seq:032x}",
                subject_label=f"Storefront {seq}",
                facts={"environment": "sandbox"},
                previous_hash=NO_HASH,
                hash=NO_HASH,
            )
        self._add(AuditChain, id=tenant_id, last_seq=count, last_hash=NO_HASH)

    def _delegations(self) -> None:
        contracts = {row["tenant_id"]: row["id"] for row in self.rows[Contract]}
        first = len(self.world.tenants)
        for client in self.rows[Tenant][first : first + max(LEAST, self.count // 5)]:
            self._delegation(client["id"], contracts[client["id"]])

    def _delegation(self, client_id: uuid.UUID, contract_id: uuid.UUID) -> None:
        integrator_id = self.world.tenants["integrator"]
        delegation = self._add(
            Delegation,
            tenant_id=client_id,
            integrator_id=integrator_id,
            integrator_account_id=self.world.accounts[integrator_id],
            started_by=Side.OWNER,
            state=DelegationState.ACTIVE,
            environments=frozenset(Environment),
            rights=frozenset(Right),
            all_projects=True,
            ends_at=self.now + timedelta(days=300),
            lapses_at=self.now + timedelta(days=30),
        )
        under = {"holder_id": integrator_id, "delegation_id": delegation["id"]}
        self._keys(client_id, contract_id, KEYS_OF_CLIENT, **under)


def _portions(rows: list[Row]) -> Iterator[list[Row]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]
