"""Who may make a key pair, under which contract, and if not: why, and who can mend it (rule 10)."""

import uuid
from collections.abc import Sequence

from portal.access.actor import Actor, refusal_of, require, require_scope
from portal.access.roles import ENVIRONMENT_NAMES, PERMISSIONS, Environment, Permission, Scope
from portal.contracts.models import Contract, ContractKind
from portal.delegations.models import DelegationState
from portal.foundation import clock
from portal.foundation.errors import NotFound, PortalError
from portal.keys import store, tickets
from portal.keys.errors import (
    ContractNotRunning,
    DelegationNotLive,
    EnvironmentOutOfReach,
    NoContract,
    NoSigner,
    NotHolderOfRotation,
    NotSigner,
    NotSignerNorDeputy,
    StandingNotGood,
    TicketUsed,
)
from portal.keys.models import KeyPair
from portal.tenants import store as tenants
from portal.tenants.models import Standing


def usable_contracts(actor: Actor, loaded: Sequence[Contract] | None = None) -> list[Contract]:
    """The running contracts under which the actor may make a key pair now.

    loaded: what `contracts.store.all_with_signers` gives, where a page has it already.

    Raises the refusal that stands in the way when there is none: NoContract, ContractNotRunning, NotAllowed,
    NotSigner, StandingNotGood.
    """
    found = store.contracts_for_keys(actor, loaded)
    refusals: list[PortalError] = []
    usable: list[Contract] = []
    for contract in found:
        refusal = refusal_for(actor, contract)
        if refusal is None:
            usable.append(contract)
        else:
            refusals.append(refusal)
    if usable:
        return usable
    if not refusals:
        raise NoContract(owner=tenants.get(actor.tenant_id).name)
    # A contract that ended says less than one that runs and asks for somebody else.
    raise min(refusals, key=lambda refusal: isinstance(refusal, ContractNotRunning))


def contract_for(actor: Actor, public_id: str) -> Contract:
    """The contract with this public id, when the actor may make a key pair under it. Raises: NotFound, or why not."""
    for contract in store.contracts_for_keys(actor):
        if contract.public_id == public_id:
            require_may_make(actor, contract)
            return contract
    raise NotFound()


def require_may_make(actor: Actor, contract: Contract, *, like_for_like: bool = False) -> None:
    """Nothing, when the actor may make a key pair under this contract now. Raises: the refusal that says why not.

    like_for_like: a successor, for which no good standing is needed; safety never waits for an invoice (rule 10).
    """
    refusal = refusal_to_replace(actor, contract) if like_for_like else refusal_for(actor, contract)
    if refusal is not None:
        raise refusal


def require_may_rotate(actor: Actor, pair: KeyPair) -> None:
    """Nothing, when the actor may replace this pair now. Raises: NotHolderOfRotation, or as `require_may_make`."""
    require_environment(actor, pair.environment)
    refusal = refusal_to_rotate(actor, pair)
    if refusal is not None:
        raise refusal


def refusal_to_rotate(actor: Actor, pair: KeyPair) -> PortalError | None:
    """Why the actor may not replace this pair now, or None. That it is in service is another question."""
    refusal = refusal_to_run(actor, pair)
    if refusal is None and not pair.contract.is_running(clock.now()):
        refusal = ContractNotRunning(edition=pair.contract.edition.name)
    return refusal


def require_runs_rotation(actor: Actor, pair: KeyPair) -> None:
    """Nothing, when the actor decides on the rotation of this pair: its holder's people, by role or signature.

    Raises: NotHolderOfRotation for a delegated pair's owner, who may revoke it; NotSigner, NotAllowed, NotDelegated.
    """
    refusal = refusal_to_run(actor, pair)
    if refusal is not None:
        raise refusal


def refusal_to_run(actor: Actor, pair: KeyPair) -> PortalError | None:
    """Why the actor does not decide on the rotation of this pair, or None. Nothing is read unless it is refused."""
    if pair.holder_id != actor.home_id:
        return NotHolderOfRotation(holder=pair.holder.name)
    # Of a token, or of who lacks a second factor, nobody should hear that the person does not sign.
    if actor.is_cut(Permission.KEY_ROTATE):
        return refusal_of(actor, Permission.KEY_ROTATE)
    if pair.contract.kind is ContractKind.PARTNER and pair.contract_id not in actor.signs:
        return _not_signer(store.contract_of(actor, pair))
    return None if has_power(actor, pair, Permission.KEY_ROTATE) else refusal_of(actor, Permission.KEY_ROTATE)


def require_scope_for(actor: Actor, environment: Environment) -> None:
    """Nothing, unless the actor is a token without the scope for key pairs of this environment. Raises: ScopeMissing.

    For acts on a person's own unfinished pairs, which ask for no permission of a person.
    """
    require_scope(actor, Scope.PRODUCTION_KEYS if environment is Environment.PRODUCTION else Scope.KEYS)


def require_environment(actor: Actor, environment: Environment) -> None:
    """Nothing, when the environment lies within the actor's reach. Raises: EnvironmentOutOfReach, DelegationNotLive."""
    if environment not in actor.reach.environments:
        raise EnvironmentOutOfReach(environment=ENVIRONMENT_NAMES[environment])
    if actor.acts_for_client:
        _require_live_delegation(actor, environment)


def require_new(actor: Actor, environment: Environment, but: uuid.UUID | None = None) -> None:
    """As `require_environment`, for a pair that succeeds none: a ticket gives one in each environment.

    but: the inner id of the pair of the intent at hand. The delegation is held from here on: who comes second waits,
    and finds the pair of the first. Raises: EnvironmentOutOfReach, DelegationNotLive, TicketUsed.
    """
    require_environment(actor, environment)
    refusal = refusal_of_ticket(actor, environment, but)
    if refusal is not None:
        raise refusal


def refusal_of_ticket(actor: Actor, environment: Environment, but: uuid.UUID | None = None) -> TicketUsed | None:
    """Why the ticket under which the actor acts, if any, gives no new pair in this environment; or None."""
    return TicketUsed() if tickets.is_used(actor, environment, clock.now(), but) else None


def refusal_for(actor: Actor, contract: Contract) -> PortalError | None:
    """Why the actor may not make a key pair under this contract now, or None."""
    refusal = refusal_to_replace(actor, contract)
    if refusal is not None:
        return refusal
    owner = tenants.get(actor.tenant_id)
    return None if owner.standing is Standing.GOOD else StandingNotGood(owner=owner.name)


def refusal_to_replace(actor: Actor, contract: Contract) -> PortalError | None:
    """Why the actor may not replace a key pair under this contract now, or None: a new one, standing aside."""
    if not contract.is_running(clock.now()):
        return ContractNotRunning(edition=contract.edition.name)
    if actor.is_cut(Permission.KEY_MAKE):
        return refusal_of(actor, Permission.KEY_MAKE)
    if contract.kind is ContractKind.PARTNER and contract.id not in actor.signs:
        return _not_signer(contract)
    if contract.kind is ContractKind.LICENCE and not _role_gives(actor, Permission.KEY_MAKE):
        return refusal_of(actor, Permission.KEY_MAKE)
    return None


def has_power(actor: Actor, pair: KeyPair, permission: Permission) -> bool:
    """Whether the actor may do this with the pair: by its role, or as signer or deputy of the pair's own contract."""
    return pair.contract_id in actor.signs or _role_gives(actor, permission)


def require_power(actor: Actor, pair: KeyPair, permission: Permission) -> None:
    """Nothing, when `has_power`. Raises: NotAllowed, NotDelegated."""
    if not has_power(actor, pair, permission):
        raise refusal_of(actor, permission)


def _role_gives(actor: Actor, permission: Permission) -> bool:
    # A signer's power over a partner contract says nothing about the tenant's licences.
    if actor.acts_for_client or actor.role is None:
        return actor.may(permission)
    return permission in PERMISSIONS[actor.role] and not actor.is_cut(permission)


def _not_signer(contract: Contract) -> NotSigner:
    now = clock.now()
    acting = [row.membership for row in contract.deputies if row.is_inside(now)]
    deputies = [member.person.name for member in acting if member.ended_at is None]
    if contract.signer is None or contract.signer.ended_at is not None:
        return NoSigner()
    signer = contract.signer.person.name
    return NotSignerNorDeputy(signer=signer, deputies=deputies) if deputies else NotSigner(signer=signer)


def _require_live_delegation(actor: Actor, environment: Environment) -> None:
    require(actor, Permission.KEY_MAKE)
    delegation = store.delegation_of(actor)
    live = delegation is not None and delegation.state is DelegationState.ACTIVE and clock.now() < delegation.ends_at
    if not live:
        raise DelegationNotLive()
    if delegation is not None and environment not in delegation.environments:
        raise EnvironmentOutOfReach(environment=ENVIRONMENT_NAMES[environment])
