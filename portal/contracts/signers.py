"""Another signer of a partner contract: proposed, told to everybody, and so after a time in which it can be stopped."""

from datetime import datetime, timedelta
from typing import Any

from portal.access.actor import Actor, require, require_scope, system_actor
from portal.access.roles import TENANT_ROLES, Permission, Scope
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import notices, operations, signer_store, store
from portal.contracts.errors import (
    NotYoursToStop,
    NotYoursToWithdraw,
    OnlyPartnersSign,
    SignerChangeOver,
    SignerChangeWaits,
    SignerComesAlong,
    SignerNotAMember,
    SignerProposesNobody,
    SignsAlready,
)
from portal.contracts.models import Contract, ContractKind, SignerChange, SignerChangeState
from portal.contracts.states import CHANGE_NAMES
from portal.foundation import clock
from portal.foundation.errors import NotFound

# The waiting time that the vendor set for this portal: whoever signs now hears of it in time to stop it.
WAITING_TIME = timedelta(hours=82)
BATCH = 100


def propose(actor: Actor, contract: Contract, membership: Membership, reason: str) -> SignerChange | None:
    """The proposal that `membership` (with its person) signs `contract`; it becomes so after 82 hours.

    By an owner of the tenant who does not sign it, or by the vendor's staff. The signer, who is proposed, all owners
    and the partner admins are told. None where the vendor records the first signer there ever was: that is so at once.
    Proposing the same again is the same proposal.
    Raises: NotAllowed, NotFound, SignerProposesNobody, OnlyPartnersSign, ContractOver, SignerNotAMember, SignsAlready,
    SignerChangeWaits.
    """
    contract = store.lock_with_parties(system_actor("signers", contract.tenant_id), contract.id)
    require_may_propose(actor, contract)
    _check_member(contract, membership)
    waits = signer_store.find_waiting(contract)
    if waits is not None and (waits.membership_id, waits.proposed_by_id) == (membership.id, actor.person_id):
        return waits
    if waits is not None:
        raise SignerChangeWaits(signer=waits.membership.person.name)
    if contract.signer_id is None and is_vendor(actor):
        operations.record_signer(actor, contract, membership)
        return None
    return _add(actor, contract, membership, reason)


def is_vendor(actor: Actor) -> bool:
    """Whether the actor keeps contracts for the vendor; the portal itself counts as such."""
    return actor.may(Permission.CONTRACT_CHANGE) and actor.role not in TENANT_ROLES


def require_may_propose(actor: Actor, contract: Contract) -> None:
    """Nothing, when the actor may propose another signer of `contract` (its signer loaded).

    Raises: NotAllowed, NotFound, SignerProposesNobody, OnlyPartnersSign, ContractOver, SignerComesAlong.
    """
    if not is_vendor(actor):
        require(actor, Permission.SIGNER_PROPOSE)
        if actor.tenant_id != contract.tenant_id:
            raise NotFound()
    if contract.kind is not ContractKind.PARTNER:
        raise OnlyPartnersSign()
    operations.require_open(contract)
    renewed = store.find_renewed_by(contract)
    if renewed is not None:
        raise SignerComesAlong(contract=contract.public_id, renewed=renewed.public_id)
    if not is_vendor(actor) and contract.signer_id == actor.membership_id:
        raise SignerProposesNobody()


def _check_member(contract: Contract, membership: Membership) -> None:
    if membership.tenant_id != contract.tenant_id or membership.ended_at is not None:
        raise SignerNotAMember()
    if membership.id == contract.signer_id:
        raise SignsAlready(signer=membership.person.name)


def _add(actor: Actor, contract: Contract, membership: Membership, reason: str) -> SignerChange:
    change = signer_store.add(
        SignerChange(
            tenant_id=contract.tenant_id,
            contract_id=contract.id,
            membership_id=membership.id,
            state=SignerChangeState.WAITING,
            reason=reason,
            by_vendor=is_vendor(actor),
            proposed_by_id=actor.person_id,
            due_at=clock.now() + WAITING_TIME,
        )
    )
    _record(actor, Event.SIGNER_PROPOSED, change, reason=reason, due=f"{change.due_at:%Y-%m-%d %H:%M} UTC")
    notices.post(change, Event.SIGNER_PROPOSED, by=actor.label, reason=reason)
    return change


def stop(actor: Actor, change: SignerChange, reason: str) -> None:
    """The signer stays who it is. By the present signer, or the vendor's staff. Stopping twice is once.

    Raises: NotYoursToStop, SignerChangeOver.
    """
    change = _held(change)
    require_may_stop(actor, change)
    _close(actor, change, SignerChangeState.STOPPED, Event.SIGNER_CHANGE_STOPPED, reason)


def require_may_stop(actor: Actor, change: SignerChange) -> None:
    """Nothing, when the actor may stop `change`. Raises: NotYoursToStop, ScopeMissing."""
    require_scope(actor, Scope.PRODUCTION_KEYS if actor.role in TENANT_ROLES else Scope.CONTRACTS)
    if not is_vendor(actor) and (actor.membership_id is None or actor.membership_id != change.contract.signer_id):
        raise NotYoursToStop()


def withdraw(actor: Actor, change: SignerChange) -> None:
    """The signer stays who it is. By who proposed the change. Withdrawing twice is once.

    Raises: NotYoursToWithdraw, SignerChangeOver.
    """
    change = _held(change)
    require_may_withdraw(actor, change)
    _close(actor, change, SignerChangeState.WITHDRAWN, Event.SIGNER_CHANGE_WITHDRAWN)


def require_may_withdraw(actor: Actor, change: SignerChange) -> None:
    """Nothing, when the actor may withdraw `change`. Raises: NotYoursToWithdraw, ScopeMissing."""
    require_scope(actor, Scope.SETTINGS if actor.role in TENANT_ROLES else Scope.CONTRACTS)
    if actor.person_id is None or actor.person_id != change.proposed_by_id:
        raise NotYoursToWithdraw()


def run_due(at: datetime) -> int:
    """Make the changes so whose waiting time is over by then; how many there were, at most 100.

    Where the proposed member has left, or the contract is over, nothing changes: it lapses, and everybody hears that.
    """
    due = signer_store.due(at, BATCH)
    for change in due:
        _settle(change)
    return len(due)


def _settle(change: SignerChange) -> None:
    change, actor = _held(change), system_actor("worker", change.tenant_id)
    if change.state is not SignerChangeState.WAITING:  # another worker, or somebody who stopped it, was faster
        return
    contract = change.contract
    gone = change.membership.ended_at is not None
    if gone or contract.ended_at is not None or contract.ends_at <= clock.now():
        _close(actor, change, SignerChangeState.LAPSED, Event.SIGNER_CHANGE_LAPSED)
        return
    # Told first: the signer of before is among those who hear of it.
    _close(actor, change, SignerChangeState.DONE, Event.SIGNER_CHANGED)
    contract.signer_id = change.membership_id


def _held(change: SignerChange) -> SignerChange:
    # The contract first, as everywhere: two who hold the one and wait for the other would wait for ever.
    store.lock_with_parties(system_actor("signers", change.tenant_id), change.contract_id)
    return signer_store.hold(change)


def _close(actor: Actor, change: SignerChange, state: SignerChangeState, event: Event, reason: str = "") -> None:
    if change.state is state:
        return
    if change.state is not SignerChangeState.WAITING:
        raise SignerChangeOver(state=CHANGE_NAMES[change.state])
    change.state, change.closed_at = state, clock.now()
    _record(actor, event, change, reason=reason or None)
    notices.post(change, event, by=actor.label, reason=reason)


def _record(actor: Actor, event: Event, change: SignerChange, **facts: Any) -> None:
    contract = change.contract.public_id
    audit.record(actor, event, change, tenant_id=change.tenant_id, contract=contract, **facts)
