"""Requests to the vendor about a contract, as calls tell them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from portal.access.actor import Actor
from portal.api.shapes import Moment, Shown
from portal.entitlements import store
from portal.entitlements.asking import may_reopen, may_withdraw
from portal.entitlements.models import ContractRequest, RequestState, Wish
from portal.projects import store as projects


class RequestShown(Shown):
    """What was asked of the vendor, and what the partner admin said."""

    id: str
    wish: Wish
    amount: int
    project: Annotated[str | None, Field(description="For data spaces: the id of their project.")]
    edition: str | None
    service: str | None
    reason: str
    state: RequestState
    granted: Annotated[int | None, Field(description="How many of `amount` were approved.")]
    answer: str | None
    decided_by: str | None
    created_at: Moment
    closed_at: Moment | None
    can_be_withdrawn: bool
    can_be_reopened: bool


def request_shown(actor: Actor, row: ContractRequest) -> RequestShown:
    """`row`, as the store gives it to be shown, as this actor may use it."""
    (shown,) = requests_shown(actor, [row])
    return shown


def requests_shown(actor: Actor, rows: Sequence[ContractRequest]) -> list[RequestShown]:
    """The same of several, with two statements however many."""
    reopened = store.reopened_among(actor, rows)
    places = projects.public_ids(actor, [row.project_id for row in rows if row.project_id is not None])
    return [
        _told(
            row,
            project=places.get(row.project_id) if row.project_id else None,
            can_be_withdrawn=may_withdraw(actor, row),
            can_be_reopened=row.id not in reopened and may_reopen(actor, row),
        )
        for row in rows
    ]


def _told(row: ContractRequest, **more: Any) -> RequestShown:
    return RequestShown(
        id=row.public_id,
        wish=row.wish,
        amount=row.amount,
        edition=row.edition_code,
        service=row.service_code,
        reason=row.reason,
        state=row.state,
        granted=row.granted,
        answer=row.answer,
        decided_by=row.decided_by.name if row.decided_by else None,
        created_at=row.created_at,
        closed_at=row.closed_at,
        **more,
    )
