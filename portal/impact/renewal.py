"""Renewal without a seam: a contract follows on another one, and what hangs on the old one hangs on it in one moment.

docs/decisions/0010-renewal-without-a-seam.md says why it is done this way.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, exists, update
from sqlalchemy.orm import aliased

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.access.rows import scoped_to
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import operations as contracts
from portal.contracts import store
from portal.contracts.errors import NotAnExtension, RenewalLeavesGap, RenewalOfAnotherKind, RenewedAlready
from portal.contracts.models import Contract, ContractKind, ContractRenewal, Deputy, Edition, SignerChange
from portal.contracts.models import SignerChangeState as State
from portal.entitlements import operations as entitlements
from portal.entitlements.models import ContractRequest
from portal.foundation import clock
from portal.foundation.database import db, lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.impact.opening import Term
from portal.keys.models import KeyIntent, KeyPair
from portal.projects import amending
from portal.projects.models import Project
from portal.tenants import store as tenants

# So long the worker may be late without anything stopping: a long weekend, and somebody to find out on the next day.
MARGIN = timedelta(days=7)
BATCH = 20
# What hangs on a contract, intents first: whoever proves one at this moment has its pair there when pairs move, or
# finds the intent moved already.
HANGS: tuple[Any, ...] = (KeyIntent, KeyPair, Project, ContractRequest, Deputy)


def renew(actor: Actor, contract: Contract, term: Term, *, version: int | None = None) -> Contract:
    """The contract that follows on `contract`: of the same kind, and beginning no later than that one ends.

    Everything that hangs on the old one is handed over at once when the new one has begun, else by the worker on its
    first day. Until then the old one's term is longer by `MARGIN`. The same term again is the same successor.
    Raises: NotAllowed, ContractEndedEarly, RenewedAlready, Changed, RenewalOfAnotherKind, RenewalLeavesGap,
    NotAnExtension, ContractOverlaps, TermOutOfOrder, TermTooLong.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    tenant = tenants.get(contract.tenant_id)
    lock(tenant)
    contract = store.lock_with_parties(system_actor("renewal", tenant.id), contract.id)
    if renewal := store.find_renewal(contract):
        return _same(renewal, term)
    edition = store.edition(term.edition)
    _check(contract, edition, term, version)
    ends = term.starts_at, term.ends_at
    signer = contract.live_signer if contract.kind is ContractKind.PARTNER else None
    successor = entitlements.conclude(actor, tenant, edition, *ends, signer=signer, overlapping=True)
    renewal = store.add_renewal(
        ContractRenewal(
            tenant_id=tenant.id,
            contract_id=contract.id,
            successor_id=successor.id,
            agreed_ends_at=contract.ends_at,
        )
    )
    entitlements.lengthen(contract, contract.ends_at + MARGIN)
    facts: dict[str, Any] = {"successor": successor.public_id, "first_day": term.starts_at.date().isoformat()}
    audit.record(actor, Event.CONTRACT_RENEWED, contract, tenant_id=tenant.id, **facts)
    if term.starts_at <= clock.now():
        _hand_over(actor, renewal)
    return successor


def _same(renewal: ContractRenewal, term: Term) -> Contract:
    found = renewal.successor
    if (found.edition_code, found.starts_at, found.ends_at) == (term.edition, term.starts_at, term.ends_at):
        return found
    raise RenewedAlready(contract=renewal.contract.public_id, successor=found.public_id)


def _check(contract: Contract, edition: Edition, term: Term, version: int | None) -> None:
    contracts.require_not_ended(contract)
    if version not in (None, contract.version):
        asked = term.starts_at.date().isoformat()
        raise Changed(versions=[(N_("Last day"), asked, contract.last_day.isoformat())])
    if edition.kind is not contract.kind:
        raise RenewalOfAnotherKind()
    contracts.check_term(term.starts_at, term.ends_at)
    if not contract.starts_at < term.starts_at <= contract.ends_at:
        days = [contract.starts_at.date().isoformat(), contract.ends_at.date().isoformat()]
        raise RenewalLeavesGap(first_day=days[0], latest=days[1])
    if term.ends_at <= max(contract.ends_at, clock.now()):
        raise NotAnExtension()
    contracts.require_free(contract.tenant_id, edition.code, term.starts_at, term.ends_at, beside=contract)


def run_due(at: datetime) -> int:
    """Hand over to the contracts that have begun by then; how many there were, at most 20.

    Where the successor was ended before it took over, the renewal is called off: the old contract ends as was agreed.
    """
    due = store.renewals_due(at, BATCH)
    for renewal in due:
        actor = system_actor("worker", renewal.tenant_id)
        held = store.hold_renewal(renewal)
        if held is None or held.handed_over_at is not None:  # another worker was faster
            continue
        if held.successor.ended_at is not None:
            _call_off(actor, held)
        else:
            _hand_over(actor, held)
    return len(due)


def _hand_over(actor: Actor, renewal: ContractRenewal) -> None:
    held = store.hold_renewal(renewal)
    if held is None:
        return
    old, new, now = held.contract, held.successor, clock.now()
    moved = {model: _rehang(model, old, new) for model in HANGS}
    _rehang_changes(old, new)
    entitlements.hand_over(system_actor("renewal", old.tenant_id), old, new)
    new.signer_id = old.signer_id
    old.ended_at = old.ended_at or now
    held.handed_over_at = now
    facts: dict[str, Any] = {"successor": new.public_id, "pairs": moved[KeyPair], "projects": moved[Project]}
    audit.record(actor, Event.CONTRACT_HANDED_OVER, old, tenant_id=old.tenant_id, **facts)
    db.session.flush()
    db.session.expire_all()  # what was moved by a statement of its own is read anew
    amending.fit(new)


def _rehang(model: Any, old: Contract, new: Contract, *also: Any) -> int:
    """How many rows of this table hang on the new contract from now on instead of the old one."""
    moving = (
        update(model)
        .where(model.tenant_id == old.tenant_id, model.contract_id == old.id, *also)
        .values(contract_id=new.id)
        .execution_options(**scoped_to(old.tenant_id), synchronize_session=False)
    )
    return cast(CursorResult[Any], db.session.execute(moving)).rowcount


def _rehang_changes(old: Contract, new: Contract) -> None:
    # One waits at a time: where the successor has one of its own, that of the old contract lapses with it.
    other = aliased(SignerChange)
    waits = exists().where(other.tenant_id == new.tenant_id, other.contract_id == new.id, other.state == State.WAITING)
    _rehang(SignerChange, old, new, SignerChange.state == State.WAITING, ~waits)


def _call_off(actor: Actor, renewal: ContractRenewal) -> None:
    old, successor = renewal.contract, renewal.successor.public_id
    if old.ended_at is None:
        entitlements.lengthen(old, renewal.agreed_ends_at)
    store.drop_renewal(renewal)
    audit.record(actor, Event.RENEWAL_CALLED_OFF, old, tenant_id=old.tenant_id, successor=successor)
