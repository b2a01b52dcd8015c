"""Delegations in every state, every act by either side, and what is on record afterwards."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right, Role
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.delegations import operations, store
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.states import Act
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from portal.outbox import operations as outbox
from portal.projects.models import Project
from tests.factories import a_delegation, a_member, a_request, tenant_of

NOBODY = "MAG999999999"
SANDBOX = frozenset({Environment.SANDBOX})
BOTH = frozenset(Environment)


def terms(**changed: Any) -> dict[str, Any]:
    """Terms that may be given: the sandbox, all projects, keys, for 90 days; but for what is `changed`."""
    usual = {
        "environments": SANDBOX,
        "rights": frozenset({Right.KEYS}),
        "project_ids": None,
        "ends_at": clock.now().replace(microsecond=0) + timedelta(days=90),
    }
    return usual | changed


def terms_of(row: Delegation, **changed: Any) -> dict[str, Any]:
    """The terms of `row`, but for what is `changed`."""
    now = {
        "environments": row.environments,
        "rights": row.rights,
        "project_ids": row.project_ids,
        "ends_at": row.ends_at,
    }
    return now | changed


def account_of(actor: Actor) -> str:
    return tenant_of(actor).account_id


def as_role(actor: Actor, role: Role) -> Actor:
    """A colleague who has this role."""
    return a_member(tenant_of(actor), role)


def do(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a door does: one operation in one transaction."""
    with transaction():
        return operation(*args, **kwargs)


def seen_by(actor: Actor, row: Delegation) -> Delegation:
    """The delegation read anew, by whichever side `actor` is of."""
    with suppress(NotFound):
        return store.get_given(actor, row.public_id)
    return store.get_taken(actor, row.public_id)


def a_project(owner: Actor, name: str) -> uuid.UUID:
    """The inner id of a new project of the owner."""
    from portal.contracts import store as contracts

    with transaction():
        contract = contracts.running(owner, clock.now())[0]
        project = Project(tenant_id=owner.tenant_id, contract_id=contract.id, name=name, name_key=name.lower())
        db.session.add(project)
        db.session.flush()
        return project.id


def in_state(state: DelegationState, owner: Actor, integrator: Actor, paused_by: Side = Side.OWNER) -> Delegation:
    """A delegation that the portal's own operations brought into this state."""
    if state is DelegationState.REQUESTED:
        row = a_request(integrator, owner)
    else:
        row = a_delegation(owner, integrator, accepted=state in RUN)
    if state in FINISH:
        do(FINISH[state], integrator if paused_by is Side.INTEGRATOR or state is DECLINED else owner, row)
    elif state is DelegationState.LAPSED:
        _lapse(row)
    return seen_by(owner, row)


DECLINED = DelegationState.DECLINED
RUN = {DelegationState.ACTIVE, DelegationState.PAUSED, DelegationState.ENDED}
FINISH = {
    DelegationState.PAUSED: operations.pause,
    DelegationState.ENDED: operations.end,
    DelegationState.DECLINED: operations.decline,
    DelegationState.WITHDRAWN: operations.withdraw,
}


def _lapse(row: Delegation) -> None:
    with transaction():
        row.lapses_at = clock.now()
    do(operations.lapse_due, system_actor("worker"))


def attempt(act: Act, actor: Actor, row: Delegation) -> None:
    """Try `act` with arguments that are right for it wherever it is possible."""
    do(ATTEMPTS[act], actor, row)


def _narrow(actor: Actor, row: Delegation) -> None:
    operations.narrow(actor, row, **terms_of(row, environments=SANDBOX), version=row.version)


def _propose(actor: Actor, row: Delegation) -> None:
    operations.propose_widening(actor, row, **terms_of(row, ends_at=row.ends_at + timedelta(days=9)))


ATTEMPTS: dict[Act, Callable[[Actor, Delegation], Any]] = {
    Act.APPROVE: operations.approve,
    Act.NARROW: _narrow,
    Act.ACCEPT: operations.accept,
    Act.DECLINE: operations.decline,
    Act.WITHDRAW: operations.withdraw,
    Act.PAUSE: operations.pause,
    Act.RESUME: operations.resume,
    Act.END: operations.end,
    Act.PROPOSE_WIDENING: _propose,
    Act.ACCEPT_WIDENING: lambda actor, row: operations.accept_widening(actor, row, "prp_missing"),
    Act.DECLINE_WIDENING: lambda actor, row: operations.decline_widening(actor, row, "prp_missing"),
    Act.WITHDRAW_WIDENING: lambda actor, row: operations.withdraw_widening(actor, row, "prp_missing"),
}


def events_of(actor: Actor) -> list[AuditEvent]:
    """What is on record about delegations in the actor's tenant, the oldest first."""
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(
        AuditEvent.chain_id == actor.tenant_id, AuditEvent.subject_type == "delegation"
    )
    return list(db.session.scalars(rows.order_by(AuditEvent.seq)))


def mails_to(actor: Actor) -> list[str]:
    """The templates of the mails to the actor's person, the oldest first."""
    from portal.accounts import store as accounts

    address = accounts.get_person(actor.person_id).email
    return [message.template for message in reversed(outbox.read_all(1000)) if message.to == address]
