"""Changing what a contract is for: another edition of the same kind, from now on, for the same term."""

from portal.contracts import operations
from portal.contracts.errors import ContractNotRunning, EditionOfOtherKind
from portal.contracts.models import Contract, Edition
from portal.contracts.states import ContractState, state_of
from portal.foundation import clock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_


def check(contract: Contract, edition: Edition) -> None:
    """Nothing, when `contract` (its edition loaded) can become one for `edition`.

    One that another contract follows on stays as it is: the successor is what can be changed.
    Raises: EditionOfOtherKind, ContractNotRunning for one that is over, RenewedAlready.
    """
    if edition.kind is not contract.kind:
        raise EditionOfOtherKind(edition=edition.name)
    if state_of(contract, clock.now()) in (ContractState.OVER, ContractState.ENDED):
        raise ContractNotRunning(contract=contract.public_id, edition=contract.edition.name)
    operations.require_not_renewed(contract)


def change_edition(contract: Contract, edition: Edition, version: int) -> None:
    """Let `contract` (locked, its edition loaded) be for `edition`. No event of its own: what it means for services and
    data spaces is one change with it, which `projects.amending` makes.

    version: of the contract as the preview was made. The caller holds the tenant's row, too.
    Raises: EditionOfOtherKind, ContractNotRunning, RenewedAlready, Changed, ContractOverlaps.
    """
    check(contract, edition)
    if contract.version != version:
        raise Changed(versions=[(N_("Edition"), edition.name, contract.edition.name)])
    begins = max(clock.now(), contract.starts_at)
    operations.require_free(contract.tenant_id, edition.code, begins, contract.ends_at, beside=contract)
    contract.edition = edition
