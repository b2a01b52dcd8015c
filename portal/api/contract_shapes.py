"""Contracts as the API tells them to the tenant: what they entitle to, who signs, and who stands in."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.access.actor import Actor
from portal.accounts.models import Membership
from portal.api.shapes import Moment, Shown
from portal.contracts import signer_store
from portal.contracts.models import Contract, ContractKind, Deputy, SignerChange, SignerChangeState
from portal.entitlements import store as entitlements
from portal.entitlements.models import ContractRequest, Entitlement, EntitlementState, RequestState, Wish
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.projects import allotments
from portal.projects.allotments import Allotment


class NamedMember(Shown):
    """A member of the account."""

    id: str
    name: str
    email: str


class EntitlementShown(Shown):
    """A service that the contract entitles to."""

    service: str
    name: str
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None
    state: EntitlementState


class ProjectsIncluded(Shown):
    """How many projects the contract includes, and how many are in use."""

    granted: int
    used: int


class DeputyShown(Shown):
    """Who may make keys under the contract besides its signer, while `may_make_keys` says so."""

    id: str
    member: NamedMember
    starts_at: Moment
    ends_at: Moment
    withdrawn_at: Moment | None
    may_make_keys: bool


class SignerChangeShown(Shown):
    """Somebody is to sign the contract from `due_at` on, unless it is stopped."""

    id: str
    contract: str
    state: SignerChangeState
    proposed: NamedMember
    proposed_by: str | None
    reason: str
    due_at: Moment
    closed_at: Moment | None


class ContractShown(Shown):
    """A contract. `agreed_ends_at` is its end as agreed; one that is renewed runs on until it is handed over.

    `projects` is null where it includes none now. `signer`, `deputies` and `signer_change`, the one that waits, are of
    partner contracts.
    """

    id: str
    kind: ContractKind
    edition: str
    edition_name: str
    is_running: bool
    starts_at: Moment
    ends_at: Moment
    agreed_ends_at: Moment
    ended_at: Moment | None
    renewed_by: str | None
    projects: ProjectsIncluded | None
    services: list[EntitlementShown]
    signer: NamedMember | None
    deputies: list[DeputyShown]
    signer_change: SignerChangeShown | None


class AskedShown(Shown):
    """What was asked of the vendor about a contract, and what a partner admin answered."""

    id: str
    wish: Wish
    thing: str
    reason: str
    state: RequestState
    asked_at: Moment
    asked_by: str | None
    answer: str | None
    closed_at: Moment | None
    version: int


@dataclass(frozen=True)
class Around:
    """What stands around a tenant's contracts, by their inner ids."""

    entitlements: Mapping[uuid.UUID, Sequence[Entitlement]]
    allotments: Mapping[uuid.UUID, Allotment]
    changes: Mapping[uuid.UUID, SignerChange]

    @classmethod
    def contracts_of(cls, actor: Actor) -> "Around":
        """What stands around the contracts of the actor's tenant, in a few statements."""
        by_contract: dict[uuid.UUID, list[Entitlement]] = defaultdict(list)
        for row in entitlements.all_of(actor):
            by_contract[row.contract_id].append(row)
        return cls(
            by_contract,
            {row.contract.id: row for row in allotments.of(actor)},
            {row.contract_id: row for row in signer_store.waiting(actor)},
        )


def contract_shown(contract: Contract, around: Around) -> ContractShown:
    """A contract, its parties loaded, as the API tells it."""
    allotment, change = around.allotments.get(contract.id), around.changes.get(contract.id)
    renewal = contract.renewal
    return ContractShown(
        id=contract.public_id,
        kind=contract.kind,
        edition=contract.edition.code,
        edition_name=contract.edition.name,
        is_running=contract.is_running(clock.now()),
        starts_at=contract.starts_at,
        ends_at=contract.ends_at,
        agreed_ends_at=renewal.agreed_ends_at if renewal else contract.ends_at,
        ended_at=contract.ended_at,
        renewed_by=renewal.successor.public_id if renewal else None,
        projects=ProjectsIncluded(granted=allotment.granted, used=allotment.used) if allotment else None,
        services=[_entitlement_shown(row) for row in around.entitlements.get(contract.id, ())],
        signer=_named(contract.live_signer) if contract.live_signer else None,
        deputies=[deputy_shown(row) for row in contract.deputies],
        signer_change=signer_change_shown(change) if change else None,
    )


def deputy_shown(deputy: Deputy) -> DeputyShown:
    """A deputy, the member loaded, as the API tells it."""
    is_here = deputy.membership.ended_at is None
    return DeputyShown(
        id=deputy.public_id,
        member=_named(deputy.membership),
        starts_at=deputy.starts_at,
        ends_at=deputy.ends_at,
        withdrawn_at=deputy.withdrawn_at,
        may_make_keys=is_here and deputy.is_inside(clock.now()),
    )


def signer_change_shown(change: SignerChange) -> SignerChangeShown:
    """A change of the signer, its parties loaded, as the API tells it."""
    return SignerChangeShown(
        id=change.public_id,
        contract=change.contract.public_id,
        state=change.state,
        proposed=_named(change.membership),
        proposed_by=change.proposed_by.name if change.proposed_by else None,
        reason=change.reason,
        due_at=change.due_at,
        closed_at=change.closed_at,
    )


def asked_shown(request: ContractRequest) -> AskedShown:
    """A request for an edition or a service, as `get_request` gives it, as the API tells it."""
    return AskedShown(
        id=request.public_id,
        wish=request.wish,
        thing=request.thing,
        reason=request.reason,
        state=request.state,
        asked_at=request.created_at,
        asked_by=request.asked_by.name if request.asked_by else None,
        answer=request.answer,
        closed_at=request.closed_at,
        version=version_of(request),
    )


def _entitlement_shown(row: Entitlement) -> EntitlementShown:
    return EntitlementShown(
        service=row.service.code,
        name=row.service.name,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        state=row.state(clock.now()),
    )


def _named(member: Membership) -> NamedMember:
    return NamedMember(id=str(member.id), name=member.person.name, email=member.person.email)
