"""Calls about a tenant's contracts: what they entitle to, what more is asked for, who signs and who stands in."""

from typing import Annotated

from pydantic import Field, model_validator

from portal.access.actor import Actor
from portal.access.roles import Permission, Scope
from portal.accounts import store as accounts
from portal.api.calls import Calls
from portal.api.contract_shapes import (
    Around,
    AskedShown,
    ContractShown,
    DeputyShown,
    SignerChangeShown,
    asked_shown,
    contract_shown,
    deputy_shown,
    signer_change_shown,
)
from portal.api.home import Day, Reason, end_of, inner_id, own, reason_in, start_of
from portal.api.shapes import Body, Listed, Text, all_of
from portal.contracts import deputies, signer_store, signers, store
from portal.contracts.models import Service
from portal.entitlements import asking
from portal.entitlements import store as entitlements
from portal.foundation.errors import NotFound

calls = Calls("contracts", "Contracts")

MemberId = Annotated[Text, Field(description="The member's id, as the list of members has it.")]

# What is the signer's business, or the vendor's.
OF_SIGNERS = (Scope.PRODUCTION_KEYS, Scope.CONTRACTS)


class RequestToVendor(Body):
    """The code of another edition, or of a service that the contract lacks; one of the two."""

    edition: Text | None = None
    service: Text | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "RequestToVendor":
        if (self.edition is None) == (self.service is None):
            raise ValueError("needs either an edition or a service")
        return self


class DeputyNaming(Body):
    """Which member may make keys under the contract, from the first day to the last one, in UTC."""

    member: MemberId
    first_day: Day
    last_day: Day


class SignerProposal(Body):
    """Which member is to sign, and why: all concerned are told."""

    member: MemberId
    reason: Reason


class SignerStaying(Body):
    """Why the signer stays: all who were told of the proposal are told."""

    reason: Reason


@calls.reads("/<account>/contracts", Permission.SEE)
def index(actor: Actor) -> Listed[ContractShown]:
    """List the contracts, the latest first."""
    rows, around = store.all_of(own(actor)), Around.contracts_of(actor)
    return Listed[ContractShown](**all_of(rows, lambda row: contract_shown(row, around)))


@calls.reads("/<account>/contracts/<contract_id>", Permission.SEE)
def show(actor: Actor, contract_id: str) -> ContractShown:
    """Show a contract."""
    return contract_shown(store.get(own(actor), contract_id), Around.contracts_of(actor))


@calls.reads("/<account>/contract-requests", Permission.SEE)
def asked(actor: Actor) -> Listed[AskedShown]:
    """List the latest 100 requests for editions and services."""
    return Listed[AskedShown](**all_of(entitlements.requests_for_things(own(actor)), asked_shown))


@calls.writes("/<account>/contracts/<contract_id>/ask", Permission.SETTINGS_MANAGE, makes=True)
def ask(actor: Actor, contract_id: str, body: RequestToVendor) -> AskedShown:
    """Ask the vendor for another edition, or for a service that the contract lacks; a partner admin decides.

    Asking the same again while it waits gives the request that is there.
    """
    contract = store.get(own(actor), contract_id)
    deputies.require_running(contract)
    if body.edition is not None:
        request = asking.request_edition(actor, contract, store.edition(body.edition), body.reason)
    else:
        request = asking.request_service(actor, contract, _service(body.service), body.reason)
    return asked_shown(entitlements.get_request(actor, request.public_id))


@calls.writes(
    "/<account>/contracts/<contract_id>/deputies/new",
    Permission.SEE,
    makes=True,
    scopes=OF_SIGNERS,
)
def name_deputy(actor: Actor, contract_id: str, body: DeputyNaming) -> DeputyShown:
    """Let another member make keys under a partner contract for some days; only its signer does this.

    Naming the same member for the same days again gives the deputy that is there.
    """
    contract = store.get(own(actor), contract_id)
    deputies.require_signer(actor, contract)
    deputies.require_running(contract)
    member = accounts.get_membership(actor, inner_id(body.member))
    days = start_of(body.first_day), end_of(body.last_day)
    return deputy_shown(deputies.name_deputy(actor, contract, member, *days))


@calls.writes("/<account>/deputies/<deputy_id>/withdraw", Permission.SEE, scopes=OF_SIGNERS)
def withdraw_deputy(actor: Actor, deputy_id: str) -> DeputyShown:
    """End a deputy's rights now; the keys they made stay. Only the contract's signer does this."""
    deputy = store.get_deputy(own(actor), deputy_id)
    deputies.withdraw_deputy(actor, deputy)
    return deputy_shown(store.get_deputy(actor, deputy_id))


@calls.writes("/<account>/contracts/<contract_id>/signer", Permission.SIGNER_PROPOSE, makes=True)
def propose_signer(actor: Actor, contract_id: str, body: SignerProposal) -> SignerChangeShown:
    """Propose who signs a partner contract next; it becomes so after 82 hours, unless it is stopped.

    Proposing the same member again gives the proposal that waits.
    """
    contract = store.get(own(actor), contract_id)
    signers.require_may_propose(actor, contract)
    member = accounts.get_membership(actor, inner_id(body.member))
    signers.propose(actor, contract, member, reason_in(body.reason))
    change = signer_store.find_waiting(contract)
    if change is None:  # a tenant's own proposal always waits
        raise NotFound()
    return signer_change_shown(change)


@calls.writes("/<account>/signer-changes/<change_id>/stop", Permission.SEE, scopes=OF_SIGNERS)
def stop_signer_change(actor: Actor, change_id: str, body: SignerStaying) -> SignerChangeShown:
    """Stop a change of the signer; only the present signer does this."""
    change = signer_store.get(own(actor), change_id)
    signers.require_may_stop(actor, change)
    signers.stop(actor, change, reason_in(body.reason))
    return signer_change_shown(signer_store.get(actor, change_id))


@calls.writes("/<account>/signer-changes/<change_id>/withdraw", Permission.SIGNER_PROPOSE)
def withdraw_signer_change(actor: Actor, change_id: str) -> SignerChangeShown:
    """Withdraw the proposal of another signer; only who proposed it does this."""
    change = signer_store.get(own(actor), change_id)
    signers.withdraw(actor, change)
    return signer_change_shown(signer_store.get(actor, change_id))


def _service(code: str | None) -> Service:
    """The service of the catalogue with this code. Raises: NotFound."""
    for row in store.services():
        if row.code == code:
            return row
    raise NotFound()
