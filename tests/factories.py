"""Tenants, people, contracts and keys for tests: made by the portal's own operations, with sensible defaults.

Each factory commits. What it returns can be used by the next one; an Actor is what a door would make of a member.
"""

import itertools
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from portal.access.actor import Actor, Reach, system_actor
from portal.access.roles import (
    PERMISSIONS,
    SIGNER_PERMISSIONS,
    Environment,
    Right,
    Role,
    through_delegation,
)
from portal.accounts import members, passwords, people
from portal.accounts import store as accounts
from portal.accounts.models import Membership, Person
from portal.contracts import deputies
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import commanding, making, rotation
from portal.keys import store as key_store
from portal.keys.eligibility import usable_contracts
from portal.keys.material import PublicHalf, public_half
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair
from portal.keys.rotation import Plan
from portal.projects.models import DataSpace
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing, Tenant
from portal.usage import traces
from portal.usage.traces import Trace

PASSWORD = "a long enough password for tests"
BASE_URL = "http://localhost"
_numbers = itertools.count(1)
_key_numbers = itertools.count(100)


def begin_anew() -> None:
    """For an emptied database: key pairs may use the private keys of the test before, since making them takes long."""
    global _key_numbers
    _key_numbers = itertools.count(100)


def a_tenant(name: str = "", *, standing: Standing = Standing.GOOD, is_vendor: bool = False) -> Tenant:
    """A tenant without contracts or members."""
    portal = system_actor("tests")
    with transaction():
        tenant = tenants.create(portal, name or f"Tenant {next(_numbers)}", is_vendor=is_vendor)
        if standing is not Standing.GOOD:
            tenants.set_standing(portal, tenant, standing)
    return tenant


def a_person(name: str = "", *, email: str = "", password: str = PASSWORD) -> Person:
    """A person who belongs to no tenant; signs in with `PASSWORD`."""
    number = next(_numbers)
    name, email = name or f"Person {number}", email or f"person{number}@example.com"
    chosen = passwords.choose(password, email=email, name=name)
    with transaction():
        return people.create(system_actor("tests"), email, name, chosen)


def a_member(tenant: Tenant, role: Role = Role.OWNER, *, person: Person | None = None, name: str = "") -> Actor:
    """A member of `tenant` in this role, as the actor it is there."""
    who = person or a_person(name)
    with transaction():
        membership = members.add(system_actor("tests", tenant.id), who, role)
    return acting(membership)


def acting(membership: Membership) -> Actor:
    """The actor that the door makes of a member now; make it anew after the contracts changed."""
    person = accounts.get_person(membership.person_id)
    tenant = tenant_store.get(membership.tenant_id)
    signs = contracts.powers_of(membership, clock.now()).signs
    db.session.rollback()
    return Actor(
        tenant_id=tenant.id,
        home_id=tenant.id,
        home_name=tenant.name,
        label=person.name,
        person_id=person.id,
        membership_id=membership.id,
        role=membership.role,
        permissions=PERMISSIONS[membership.role] | (SIGNER_PERMISSIONS if signs else frozenset()),
        signs=signs,
    )


def a_contract(
    tenant: Tenant,
    edition: str = "adobe-commerce",
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    signer: Actor | None = None,
) -> Contract:
    """A contract of `tenant` with its entitlements; by default it began a month ago and ends in a year."""
    now = clock.now()
    with transaction():
        signing = accounts.get_membership(signer, signer.membership_id) if signer else None
        return entitlements.conclude(
            system_actor("tests"),
            tenant,
            contracts.edition(edition),
            starts_at or now - timedelta(days=30),
            ends_at or now + timedelta(days=365),
            signer=signing,
            overlapping=True,
        )


def a_licensee(edition: str = "adobe-commerce", *, name: str = "", standing: Standing = Standing.GOOD) -> Actor:
    """The owner of a new licensee."""
    tenant = a_tenant(name, standing=standing)
    a_contract(tenant, edition)
    return a_member(tenant)


def an_integrator(*, name: str = "", role: Role = Role.OWNER) -> Actor:
    """A member, by default the owner, of a new integrator."""
    tenant = a_tenant(name)
    a_contract(tenant, "integrator")
    return a_member(tenant, role)


def a_partner(*, name: str = "", signer_role: Role = Role.VIEWER) -> Actor:
    """The signer of a new solution-integrator partner; a viewer otherwise, so only the signature gives power."""
    tenant = a_tenant(name)
    signer = a_member(tenant, signer_role, name="Sanna Signer")
    a_contract(tenant, "solution-partner", signer=signer)
    return acting(membership_of(signer))


def a_deputy(signer: Actor, *, starts_at: datetime | None = None, ends_at: datetime | None = None) -> Actor:
    """A viewer of the signer's tenant whom the signer named; by default since now and for 30 days."""
    now = clock.now()
    deputy = a_member(tenant_of(signer), Role.VIEWER, name="Dora Deputy")
    with transaction():
        contract = contracts.all_of(signer)[0]
        member = accounts.get_membership(signer, deputy.membership_id)
        deputies.name_deputy(signer, contract, member, starts_at or now, ends_at or now + timedelta(days=30))
    return acting(membership_of(deputy))


def a_vendor(role: Role = Role.PARTNER_ADMIN) -> Actor:
    """A member of the vendor's tenant, which is made when there is none."""
    tenant = tenant_store.find_vendor() or a_tenant("Vendor", is_vendor=True)
    return a_member(tenant, role)


def tenant_of(actor: Actor) -> Tenant:
    """The tenant an actor acts in."""
    return tenant_store.get(actor.tenant_id)


def membership_of(actor: Actor) -> Membership:
    """The membership an actor acts by."""
    home = replace(actor, tenant_id=actor.home_id)
    return accounts.get_membership(home, actor.membership_id)


def for_client(integrator: Actor, delegation: Delegation) -> Actor:
    """The integrator's person as the actor it is in its client's tenant under a running delegation."""
    return replace(
        integrator,
        tenant_id=delegation.tenant_id,
        permissions=through_delegation(integrator.role or Role.VIEWER, delegation.rights),
        reach=Reach(delegation.environments, delegation.project_ids, holder_id=integrator.home_id),
        delegation_id=delegation.id,
        signs=frozenset(),
    )


@cache
def a_private_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A private key; the same for the same number, since making one takes long."""
    return rsa.generate_private_key(65537, bits)


def public_of(private: rsa.RSAPrivateKey) -> PublicHalf:
    return public_half(private.public_key())


def pem_of(private: rsa.RSAPrivateKey) -> str:
    """The private key as PKCS#8 PEM."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem_of(private: rsa.RSAPrivateKey) -> str:
    return (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def sign(private: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    return private.sign(message, padding.PKCS1v15(), hashes.SHA256())


def an_intent(
    actor: Actor,
    *,
    environment: Environment = Environment.SANDBOX,
    name: str = "",
    private: rsa.RSAPrivateKey | None = None,
    origin: KeyOrigin | None = None,
) -> KeyIntent:
    """An intent of `actor`: for the public half of `private` when that is given, else for a pair made by the server.

    origin: another one than these two.
    """
    with transaction():
        return making.begin(
            actor,
            environment=environment,
            contract=usable_contracts(actor)[0],
            name=name or f"Key {next(_numbers)}",
            origin=origin or (KeyOrigin.UPLOAD if private else KeyOrigin.SERVER),
            public=public_of(private) if private else None,
        )


def a_command_intent(actor: Actor, *, environment: Environment = Environment.SANDBOX, name: str = "") -> KeyIntent:
    """An intent of `actor` that a command line is to finish; it has no code yet."""
    with transaction():
        return making.begin(
            actor,
            environment=environment,
            contract=usable_contracts(actor)[0],
            name=name or f"Key {next(_numbers)}",
            origin=KeyOrigin.COMMAND,
        )


def a_code(actor: Actor, intent: KeyIntent | None = None, **others: Any) -> str:
    """A one-time code for this intent of `actor`, or for a new one."""
    intent = intent or a_command_intent(actor, **others)
    with transaction():
        return commanding.show_code(actor, intent)


def a_key(
    actor: Actor,
    *,
    environment: Environment = Environment.SANDBOX,
    name: str = "",
    private: rsa.RSAPrivateKey | None = None,
) -> KeyPair:
    """A key pair of `actor` in service, made with this private key, or with one of its own."""
    private = private or a_private_key(next(_key_numbers))
    intent = an_intent(actor, environment=environment, name=name, private=private)
    message = message_of(actor, intent, private)
    with transaction():
        pair = making.prove(actor, intent, signed=message, signature=sign(private, message))
    return key_store.get(actor, pair.api_key)


def a_successor_intent(actor: Actor, pair: KeyPair, plan: Plan | None = None, **others: Any) -> KeyIntent:
    """The intent to replace `pair`, by default in the usual way with a pair made by the server."""
    with transaction():
        return rotation.begin(actor, pair, plan or Plan(), **{"origin": KeyOrigin.SERVER} | others)


def a_successor(actor: Actor, pair: KeyPair, plan: Plan | None = None, **others: Any) -> KeyPair:
    """The successor of `pair` in service: the pair given is retiring from then on."""
    private = a_private_key(next(_key_numbers))
    intent = a_successor_intent(actor, pair, plan, origin=KeyOrigin.UPLOAD, public=public_of(private), **others)
    message = message_of(actor, intent, private)
    with transaction():
        successor = making.prove(actor, intent, signed=message, signature=sign(private, message))
    return key_store.get(actor, successor.api_key)


def message_of(actor: Actor, intent: KeyIntent, private: rsa.RSAPrivateKey) -> bytes:
    """What the holder signs for this intent."""
    owner, holder = tenant_store.get(actor.tenant_id), tenant_store.get(actor.home_id)
    return making.message_of(
        intent, public_of(private), base_url=BASE_URL, owner=owner.account_id, holder=holder.account_id
    )


def a_delegation(
    owner: Actor,
    integrator: Actor,
    *,
    environments: Iterable[Environment] = tuple(Environment),
    rights: Iterable[Right] = tuple(Right),
    project_ids: frozenset[uuid.UUID] | None = None,
    days: int = 90,
    accepted: bool = True,
) -> Delegation:
    """A delegation that `owner` offered to the integrator; running, unless it is not `accepted`."""
    with transaction():
        delegation = delegations.offer(
            owner,
            tenant_of(integrator).account_id,
            environments=frozenset(environments),
            rights=frozenset(rights),
            project_ids=project_ids,
            message="",
            ends_at=clock.now() + timedelta(days=days),
        )
    if accepted:
        taken = delegation_store.get_taken(integrator, delegation.public_id)
        with transaction():
            delegations.accept(integrator, taken)
    return delegation_store.get_given(owner, delegation.public_id)


def a_ticket(
    owner: Actor,
    integrator: Actor,
    *,
    environments: Iterable[Environment] = (Environment.SANDBOX,),
    project_ids: frozenset[uuid.UUID] | None = None,
    days: float = 90,
    redeemed: bool = True,
) -> Delegation:
    """A ticket that `owner` gave to the integrator; redeemed, unless it says otherwise."""
    with transaction():
        ticket = delegations.offer_ticket(
            owner,
            tenant_of(integrator).account_id,
            environments=frozenset(environments),
            project_ids=project_ids,
            ends_at=clock.now() + timedelta(days=days),
        )
    if redeemed:
        taken = delegation_store.get_taken(integrator, ticket.public_id)
        with transaction():
            delegations.accept(integrator, taken)
    return delegation_store.get_given(owner, ticket.public_id)


def live_pairs(actor: Actor) -> list[KeyPair]:
    """The live pairs of both environments within the actor's reach."""
    return [pair for side in Environment for pair in key_store.live(actor, clock.now(), side)]


def a_call(
    pair: KeyPair,
    space: DataSpace | None = None,
    *,
    edition: str = "Community",
    version: str = "2.4.8-p1",
    user_agent: str = "",
    address: str = "192.0.2.7",
    cloud_id: str | None = None,
    at: datetime | None = None,
    listed: bool = False,
) -> None:
    """Leaves the trace of a verified call, by default of a stock connector and now; `traces.flush` writes it."""
    agent = user_agent or f"Magento Services Connector (Magento: {edition} {version})"
    space_id = None if space is None else space.public_id
    at = at or clock.now()
    traces.gather(Trace(pair.tenant_id, pair.id, pair.environment, space_id, agent, address, cloud_id, at, listed))


def a_request(
    integrator: Actor,
    owner: Actor,
    *,
    environments: Iterable[Environment] = tuple(Environment),
    rights: Iterable[Right] = tuple(Right),
    all_projects: bool = True,
    days: int = 90,
) -> Delegation:
    """A delegation that the integrator requested with the owner's request code; it waits for the owner."""
    with transaction():
        code = tenants.make_request_code(owner)
    with transaction():
        delegation = delegations.request(
            integrator,
            code,
            environments=frozenset(environments),
            rights=frozenset(rights),
            all_projects=all_projects,
            ends_at=clock.now() + timedelta(days=days),
        )
    return delegation_store.get_given(owner, delegation.public_id)
