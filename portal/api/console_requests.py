"""The queue of what tenants ask for, and the decision on one of them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.console import Party, calls, party, read_anew
from portal.api.console_editions import EditionPreview, preview_shown
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, Text, Version, listed
from portal.entitlements import deciding
from portal.entitlements.models import ContractRequest, RequestState, Wish
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.impact import requests
from portal.impact.requests import QueueWanted
from portal.projects import granting
from portal.projects.models import Project


class RequestDecision(StrEnum):
    """In full, in part or not at all."""

    APPROVE = "approve"
    PART = "part"
    REFUSE = "refuse"


class QueueQuery(Paged):
    """Which requests: those that wait, unless told."""

    state: RequestState = RequestState.WAITING
    all_states: Annotated[bool, Field(description="Those in every state, the newest first.")] = False
    wish: Wish | None = None
    older: Annotated[int | None, Field(description="Older than so many days.", ge=1, le=3650)] = None


class ConsoleRequest(Shown):
    """What a tenant asks for. `version` is that of its contract, and the ETag for a decision."""

    id: str
    tenant: Party
    contract: str
    edition_now: str
    wish: Wish
    amount: int
    edition: str | None
    service: str | None
    project: str | None
    reason: str
    state: RequestState
    asked_by: str | None
    asked_at: Moment
    is_asked_again: bool
    granted: int | None
    answer: str | None
    decided_by: str | None
    closed_at: Moment | None
    version: int


class EarlierRequest(Shown):
    """What was asked before for the same thing."""

    id: str
    amount: int
    reason: str
    state: RequestState
    granted: int | None
    answer: str | None
    asked_at: Moment
    closed_at: Moment | None


class Hindrance(Shown):
    """Why nothing can be granted now."""

    code: str
    detail: str


class RequestContext(Shown):
    """A request with what it is decided by: what the contract includes and what is in use, why nothing can be granted
    now, what the wanted edition would change, and what was asked before. `version` is the ETag for a decision."""

    request: ConsoleRequest
    included: int | None
    in_use: int | None
    hindrance: Hindrance | None
    preview: EditionPreview | None
    earlier: list[EarlierRequest]
    version: int


class Decided(Body):
    """A decision. A part needs `granted`; a part and a refusal need an answer, which whoever asked reads by mail."""

    decision: RequestDecision
    granted: Annotated[int | None, Field(description="How many of them, for a part.", ge=0, le=1_000_000)] = None
    answer: Text = ""

    def approved(self, request: ContractRequest) -> int | None:
        """How many were approved; None is a refusal."""
        if self.decision is RequestDecision.REFUSE:
            return None
        return request.amount if self.decision is RequestDecision.APPROVE else self.granted or 0


@calls.reads("/<account>/console/requests", Permission.CONSOLE_SEE)
def queue(query: QueueQuery) -> Listed[ConsoleRequest]:
    """List what tenants ask for, what has waited longest first."""
    wanted = QueueWanted(None if query.all_states else query.state, query.wish, query.older)
    page = requests.queue(wanted, clock.now(), query.after)
    projects = requests.projects_of(page.rows)
    shown = listed(page, lambda row: _shown(row, projects[row.project_id] if row.project_id else None))
    return Listed[ConsoleRequest](**shown)


@calls.reads("/<account>/console/requests/<request_id>", Permission.CONSOLE_SEE)
def show_request(request_id: str) -> RequestContext:
    """Show a request with what it is decided by."""
    found = requests.context(request_id)
    hindrance = Hindrance(code=found.hindrance.code, detail=found.hindrance.in_english()) if found.hindrance else None
    return RequestContext(
        request=_shown(found.request, found.project),
        included=found.granted,
        in_use=found.used,
        hindrance=hindrance,
        preview=preview_shown(found.preview) if found.preview else None,
        earlier=[_earlier_shown(row) for row in found.earlier],
        version=version_of(found.contract),
    )


@calls.writes("/<account>/console/requests/<request_id>/decide", Permission.REQUEST_DECIDE)
def decide(actor: Actor, request_id: str, version: Version, body: Decided) -> RequestContext:
    """Approve a request, approve a part of it, or refuse it. An approval takes effect at once."""
    wanted = requests.find(request_id)
    granted = body.approved(wanted)
    if granted is None:
        deciding.refuse(actor, wanted, body.answer)
    else:
        granting.approve(actor, wanted, granted, body.answer, version)
    read_anew()
    return show_request(request_id)


def _shown(row: ContractRequest, project: Project | None) -> ConsoleRequest:
    return ConsoleRequest(
        id=row.public_id,
        tenant=party(row.tenant),
        contract=row.contract.public_id,
        edition_now=row.contract.edition_code,
        wish=row.wish,
        amount=row.amount,
        edition=row.edition_code,
        service=row.service_code,
        project=project.public_id if project else None,
        reason=row.reason,
        state=row.state,
        asked_by=row.asked_by.name if row.asked_by else None,
        asked_at=row.created_at,
        is_asked_again=row.reopens_id is not None,
        granted=row.granted,
        answer=row.answer,
        decided_by=row.decided_by.name if row.decided_by else None,
        closed_at=row.closed_at,
        version=version_of(row.contract),
    )


def _earlier_shown(row: ContractRequest) -> EarlierRequest:
    return EarlierRequest(
        id=row.public_id,
        amount=row.amount,
        reason=row.reason,
        state=row.state,
        granted=row.granted,
        answer=row.answer,
        asked_at=row.created_at,
        closed_at=row.closed_at,
    )
