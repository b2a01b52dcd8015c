"""Keeping the contracts of a tenant: a new one, a later end, one that follows on it, an early end."""

from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.console import (
    FirstDay,
    LastDay,
    Reason,
    begins,
    calls,
    checked_reason,
    contract_of,
    ends,
    read_anew,
    require_typed,
)
from portal.api.console_shapes import ConsoleContract, contract_shown
from portal.api.shapes import Body, Shown, Text, Version
from portal.contracts import operations as contracts
from portal.contracts import store
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.impact import renewal
from portal.impact.opening import Term
from portal.impact.standing import hanging_on_contract
from portal.tenants import store as tenants


class NewContract(Body):
    """An edition, by its code, from which day to which."""

    edition: Text
    first_day: FirstDay
    last_day: LastDay


class Extension(Body):
    """Another last day."""

    last_day: LastDay


class EarlyEnd(Body):
    """Why, and the account id typed once more."""

    reason: Reason
    typed_account: Annotated[Text, Field(description="The tenant's account id once more.")]


class ContractRadius(Shown):
    """What works now and stops with the contract, in counts: live key pairs that its tenant holds itself, and its
    integrators hold; projects, and the installations in them.

    `version` is the contract's ETag.
    """

    own_key_pairs: int
    key_pairs_of_integrators: int
    projects: int
    installations: int
    version: int


@calls.writes("/<account>/console/tenants/<owner_id>/contracts", Permission.CONTRACT_CHANGE, makes=True)
def new_contract(actor: Actor, owner_id: str, body: NewContract) -> ConsoleContract:
    """Record a contract of a tenant. For the same edition and the very same term it is the one that is there."""
    owner, edition = tenants.get_by_account_id(owner_id), store.edition(body.edition)
    made = entitlements.conclude(actor, owner, edition, begins(body.first_day), ends(body.last_day))
    return _shown(owner_id, made.public_id)


@calls.writes("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/extend", Permission.CONTRACT_CHANGE)
def extend_contract(
    actor: Actor, owner_id: str, contract_id: str, version: Version, body: Extension
) -> ConsoleContract:
    """Let a contract run longer."""
    _owner, contract = contract_of(owner_id, contract_id)
    entitlements.extend(actor, contract, ends(body.last_day), version=version)
    return _shown(owner_id, contract_id)


@calls.writes(
    "/<account>/console/tenants/<owner_id>/contracts/<contract_id>/renew", Permission.CONTRACT_CHANGE, makes=True
)
def renew_contract(
    actor: Actor, owner_id: str, contract_id: str, version: Version, body: NewContract
) -> ConsoleContract:
    """Let another contract follow on a contract, and answer that one.

    What hangs on the old one hangs on the new one from its first day on: no key stops.
    """
    _owner, contract = contract_of(owner_id, contract_id)
    term = Term(body.edition, begins(body.first_day), ends(body.last_day))
    successor = renewal.renew(actor, contract, term, version=version)
    return _shown(owner_id, successor.public_id)


@calls.reads("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/blast-radius", Permission.CONTRACT_CHANGE)
def contract_radius(owner_id: str, contract_id: str) -> ContractRadius:
    """Count what stops when a contract is ended."""
    _owner, contract = contract_of(owner_id, contract_id)
    contracts.require_open(contract)
    found = hanging_on_contract(contract, clock.now())
    return ContractRadius(
        own_key_pairs=found.own_pairs,
        key_pairs_of_integrators=found.pairs_of_integrators,
        projects=found.projects,
        installations=found.installations,
        version=version_of(contract),
    )


@calls.writes("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/end", Permission.CONTRACT_CHANGE)
def end_contract(actor: Actor, owner_id: str, contract_id: str, version: Version, body: EarlyEnd) -> ConsoleContract:
    """End a contract before its day."""
    owner, contract = contract_of(owner_id, contract_id)
    require_typed(body.typed_account, owner)
    contracts.end(actor, contract, reason=checked_reason(body.reason), version=version)
    return _shown(owner_id, contract_id)


def _shown(owner_id: str, contract_id: str) -> ConsoleContract:
    read_anew()
    owner, contract = contract_of(owner_id, contract_id)
    return contract_shown(contract, owner, clock.now())
