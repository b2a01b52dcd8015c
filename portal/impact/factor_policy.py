"""Rights over keys need a second factor: switching it on and off for an account, and whom it concerns.

Concerned are people of the account, and of integrators whose delegations let them make keys in it. What follows for
each of them is derived with every request (`accounts/factor_policy.py`, `delegations/people.py`).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access.actor import Actor, FactorDue, require
from portal.access.roles import ROLE_USES, ROLES_WITH_KEY_RIGHTS, Permission, Right, Role
from portal.accounts import factor_policy
from portal.accounts import store as accounts
from portal.accounts.factor_policy import GRACE, Asked
from portal.accounts.models import Membership, Person
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store as contracts
from portal.delegations import store as delegations
from portal.foundation import clock
from portal.foundation.database import lock
from portal.outbox import operations as outbox
from portal.tenants import store as tenants
from portal.tenants.models import Standing, Tenant

USE_KEYS = tuple(role for role in Role if Right.KEYS in ROLE_USES.get(role, frozenset()))


@dataclass(frozen=True)
class Concerned:
    """Who has rights over the account's keys and no second factor: its own members, and those of integrators."""

    members: Sequence[Membership]
    of_integrators: Sequence[Membership]

    @property
    def people(self) -> list[Person]:
        """All of them, each once."""
        found = {row.person_id: row.person for row in (*self.members, *self.of_integrators)}
        return list(found.values())


def concerned(actor: Actor) -> Concerned:
    """Whom the actor's tenant would ask, or asks, for what they have not. Raises: NotAllowed."""
    require(actor, Permission.POLICY_CHANGE)
    now = clock.now()
    signing = contracts.signing(actor, now)
    integrators = [row.integrator_id for row in delegations.running_given(actor, now) if Right.KEYS in row.rights]
    return Concerned(
        accounts.members_without_factor(actor, ROLES_WITH_KEY_RIGHTS, signing),
        accounts.people_without_factor([one for one in integrators if one], USE_KEYS),
    )


def ask(actor: Actor) -> datetime:
    """From now on rights over keys need a second factor in the actor's tenant; the moment from which on who has none
    rests. They have 8 days until then, whoever switches it on included, and get a mail.

    Asking already changes nothing. Raises: NotAllowed.
    """
    require(actor, Permission.POLICY_CHANGE)
    tenant = tenants.get(actor.tenant_id)
    lock(tenant)
    if tenant.factor_asked_at is not None:
        return tenant.factor_asked_at + GRACE
    tenant.factor_asked_at = clock.now()
    until, people = tenant.factor_asked_at + GRACE, concerned(actor).people
    for person in people:
        _tell(person, "factor_asked", tenant, until_day=until.date().isoformat(), until_time=f"{until:%H:%M}")
    audit.record(actor, Event.FACTOR_ASKED, tenant, until=f"{until:%Y-%m-%d %H:%M} UTC", people=len(people))
    return until


def stop_asking(actor: Actor) -> None:
    """Rights over keys need no second factor any more. Told by mail: who had none, and all who may switch it.

    Not asking already changes nothing. Raises: NotAllowed, SecondFactorNeeded for who falls short of it.
    """
    require(actor, Permission.POLICY_CHANGE)
    tenant = tenants.get(actor.tenant_id)
    lock(tenant)
    if tenant.factor_asked_at is None:
        return
    lacking = concerned(actor).people
    deciding = accounts.people_with(tenant.id, Permission.POLICY_CHANGE)
    tenant.factor_asked_at = None
    for person in {one.id: one for one in (*lacking, *deciding)}.values():
        _tell(person, "factor_asked_no_more", tenant, by=actor.label)
    audit.record(actor, Event.FACTOR_ASKED_NO_MORE, tenant)


def asked_of(person_id: uuid.UUID) -> list[Asked]:
    """Each account that asks this person for a second factor, whether they have one or not: their own ones, and those
    of clients whose keys they may make."""
    memberships = [row for row in accounts.memberships_of(person_id) if row.tenant.standing is not Standing.SUSPENDED]
    return [*_at_home(memberships), *_at_clients(memberships)]


def due_of(person_id: uuid.UUID) -> FactorDue | None:
    """What is due first of a person, wherever they work; None when nothing is asked, or they have a second factor."""
    memberships = [row for row in accounts.memberships_of(person_id) if row.tenant.standing is not Standing.SUSPENDED]
    if not memberships or memberships[0].person.has_second_factor:
        return None
    return factor_policy.first([*_at_home(memberships), *_at_clients(memberships)])


def _at_home(memberships: Sequence[Membership]) -> list[Asked]:
    asking = [row for row in memberships if row.tenant.factor_asked_at is not None]
    found = []
    for row in asking:
        signs = contracts.powers_of(row, clock.now()).signs
        if signs or row.role in ROLES_WITH_KEY_RIGHTS:
            found.append(factor_policy.at_home(row, contracts.signs_since(row, signs) if signs else None))
    return found


def _at_clients(memberships: Sequence[Membership]) -> list[Asked]:
    working = {row.tenant_id: row for row in memberships if row.role in USE_KEYS}
    found = []
    for row in delegations.running_that_ask(list(working), clock.now()):
        if Right.KEYS in row.rights and row.integrator_id is not None:
            found.append(factor_policy.at_client(row.owner, row.begun_at, working[row.integrator_id]))
    return found


def _tell(person: Person, template: str, tenant: Tenant, **facts: str) -> None:
    known: dict[str, outbox.Fact] = {"name": person.name, "tenant": tenant.name, **facts}
    outbox.post(template, person.email, person.language.value, known, tenant.id)
