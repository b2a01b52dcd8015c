"""What a closed campaign leaves behind: every line with what was decided and done, as CSV and as a signed JSON file.

The file says what is stored and nothing that may change later, so that it comes out the same octets each time. Times
are UTC. `create_app` calls `configure` once.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from portal.foundation import signed_json, signing
from portal.reviews import store
from portal.reviews.errors import NotClosedYet
from portal.reviews.models import Campaign, CampaignState, Question
from portal.reviews.states import CAMPAIGN_STATE_NAMES

Document = dict[str, Any]

COLUMNS = (
    "line", "account", "owner", "holder_account", "subject", "label", "facts", "owner_said", "holder_said",
    "decision", "narrow_to", "reason", "decided_by", "decided_at", "seconds_taken", "decided_together",
    "warnings", "outcome", "outcome_code", "applied_at",
)  # fmt: skip

_portal = ""


def configure(portal: str) -> None:
    """Sign evidence in the name of the portal at this address from now on."""
    global _portal
    _portal = portal


def sign(campaign: Campaign) -> None:
    """Put the signature of its evidence onto a campaign that is just being closed."""
    campaign.evidence_portal = _portal
    made = signing.sign(signing.Purpose.EVIDENCE, signed_json.canonical(payload(campaign)))
    campaign.evidence_key_id, campaign.evidence_signature = made.key_id, made.signature.hex()


def payload(campaign: Campaign) -> Document:
    """What is signed: the campaign with its counts, and its lines in their order. Raises: NotClosedYet."""
    _require_closed(campaign)
    outcomes = {outcome.value: number for outcome, number in store.outcomes_of(campaign).items()}
    return {
        "format": signed_json.EVIDENCE_FORMAT,
        "portal": campaign.evidence_portal or "",
        "review": {
            "id": campaign.public_id,
            "name": campaign.name,
            "subject": campaign.subject.value,
            "filters": campaign.filters,
            "silence": campaign.silence.value,
            "made_by": campaign.created_by_label,
            "made_at": _said_at(campaign.created_at),
            "opened_at": _said_at(campaign.opened_at),
            "due_at": _said_at(campaign.due_at),
            "closed_by": campaign.closed_by_label,
            "closed_at": _said_at(campaign.closed_at),
            "counts": dict(sorted(outcomes.items())),
        },
        "lines": list(_lines(campaign)),
    }


def signed(campaign: Campaign) -> bytes:
    """The signed file. Raises: NotClosedYet."""
    signature = bytes.fromhex(campaign.evidence_signature or "")
    return signed_json.attach(payload(campaign), campaign.evidence_key_id or "", signature)


def rows(campaign: Campaign) -> Iterator[list[str]]:
    """The lines as rows of a table, the names of the columns first. Raises: NotClosedYet."""
    _require_closed(campaign)
    yield list(COLUMNS)
    for line in _lines(campaign):
        yield [_cell(line[name]) for name in COLUMNS]


def _require_closed(campaign: Campaign) -> None:
    if campaign.state is not CampaignState.CLOSED:
        raise NotClosedYet(review=campaign.name, state=CAMPAIGN_STATE_NAMES[campaign.state])


def _lines(campaign: Campaign) -> Iterator[Document]:
    answers: dict[tuple[uuid.UUID, str], Question] = {
        (row.line_id, row.side.value): row for row in store.answers_in(campaign)
    }
    for line in store.lines_of(campaign):
        said = {side: answers.get((line.id, side)) for side in ("owner", "integrator")}
        yield _line(line) | {"owner_said": _answer(said["owner"]), "holder_said": _answer(said["integrator"])}


def _line(line: Row[Any]) -> Document:
    return {
        "line": line.position,
        "account": line.owner_account_id,
        "owner": line.owner_name,
        "holder_account": line.holder_account_id,
        "subject": line.subject_public_id,
        "label": line.label,
        "facts": line.facts,
        "decision": line.decision.value if line.decision else None,
        "narrow_to": line.narrow_to,
        "reason": line.reason,
        "decided_by": line.decided_by_label,
        "decided_at": _said_at(line.decided_at),
        "seconds_taken": line.seconds_taken,
        "decided_together": line.bulk_size,
        "warnings": line.warnings,
        "outcome": line.outcome.value if line.outcome else None,
        "outcome_code": line.outcome_code,
        "applied_at": _said_at(line.applied_at),
    }


def _answer(question: Question | None) -> Document | None:
    if question is None or question.answer is None:
        return None
    return {
        "answer": question.answer.value,
        "reason": question.reason,
        "by": question.answered_by_label,
        "at": _said_at(question.answered_at),
    }


def _said_at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, dict) else str(value)
