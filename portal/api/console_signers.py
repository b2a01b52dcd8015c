"""Who signs a partner contract, as the vendor keeps it: the first signer, another one, and stopping a change."""

from portal.access.actor import Actor, system_actor
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.api.console import Party, Reason, calls, checked_reason, contract_of, party, read_anew
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, Text, listed
from portal.contracts import signer_store, signers
from portal.contracts import store as contracts
from portal.contracts.errors import SignerNotAMember
from portal.contracts.models import SignerChange, SignerChangeState
from portal.tenants import store as tenants
from portal.tenants.models import Tenant


class ConsoleSignerChange(Shown):
    """Somebody is to sign a partner contract from `due_at` on, unless it is stopped; proposed by null: the vendor."""

    id: str
    tenant: Party
    contract: str
    state: SignerChangeState
    signer: str | None
    proposed: str
    proposed_by: str | None
    reason: str
    due_at: Moment


class SignerProposed(Shown):
    """What came of a proposal: the change that waits, or null where the first signer there ever was signs at once."""

    signer: str
    change: ConsoleSignerChange | None


class NewSigner(Body):
    """A member of the tenant, by its id in the tenant's tree, and why."""

    member: Text
    reason: Reason


class Stop(Body):
    """Why the signer stays."""

    reason: Reason


@calls.reads("/<account>/console/signer-changes", Permission.CONSOLE_SEE)
def signer_changes(query: Paged) -> Listed[ConsoleSignerChange]:
    """List the changes of a signer that wait, those due first."""
    return Listed[ConsoleSignerChange](**listed(signer_store.queue(query.after), signer_change_shown))


@calls.writes("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/signer", Permission.CONTRACT_CHANGE)
def propose_signer(actor: Actor, owner_id: str, contract_id: str, body: NewSigner) -> SignerProposed:
    """Record the first signer of a partner contract, or propose another one.

    Another one signs after 82 hours in which it can be stopped; all concerned are told.
    """
    owner, contract = contract_of(owner_id, contract_id)
    signers.require_may_propose(actor, contract)
    chosen = _member(owner, body.member)
    change = signers.propose(actor, contract, chosen, checked_reason(body.reason))
    waits = signer_change_shown(signer_store.hold(change)) if change else None
    return SignerProposed(signer=chosen.person.name, change=waits)


@calls.writes("/<account>/console/tenants/<owner_id>/signer-changes/<change_id>/stop", Permission.CONTRACT_CHANGE)
def stop_signer_change(actor: Actor, owner_id: str, change_id: str, body: Stop) -> ConsoleSignerChange:
    """Stop a change of the signer, whoever proposed it."""
    owner = tenants.get_by_account_id(owner_id)
    signers.stop(actor, signer_store.get_for_console(owner, change_id), checked_reason(body.reason))
    read_anew()
    return signer_change_shown(signer_store.get_for_console(tenants.get_by_account_id(owner_id), change_id))


def _member(owner: Tenant, member_id: str) -> Membership:
    """The tenant's member with this id, with its person. Raises: SignerNotAMember."""
    members = contracts.live_members(system_actor("console", owner.id))
    found = next((row for row in members if str(row.id) == member_id), None)
    if found is None:
        raise SignerNotAMember()
    return found


def signer_change_shown(change: SignerChange) -> ConsoleSignerChange:
    """A change, its parties loaded, as the console tells it."""
    signer = change.contract.signer
    return ConsoleSignerChange(
        id=change.public_id,
        tenant=party(change.tenant),
        contract=change.contract.public_id,
        state=change.state,
        signer=signer.person.name if signer else None,
        proposed=change.membership.person.name,
        proposed_by=change.proposed_by.name if change.proposed_by else None,
        reason=change.reason,
        due_at=change.due_at,
    )
