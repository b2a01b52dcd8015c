"""What reviewers decide, one line or at most fifty at a time. Nothing is applied before the campaign is closed."""

from collections.abc import Mapping, Sequence

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.foundation.marking import N_
from portal.foundation.words import clean_text
from portal.reviews import narrowing, people, store
from portal.reviews.errors import CampaignNotOpen, DecisionReasonMissing, LineDecided, NoLines, TooManyLines
from portal.reviews.models import Campaign, CampaignState, Decision, Line
from portal.reviews.narrowing import NarrowTo
from portal.reviews.states import CAMPAIGN_STATE_NAMES

MOST_AT_ONCE = 50
DECISION_NAMES: dict[Decision, str] = {
    Decision.KEEP: N_("keep"),
    Decision.NARROW: N_("narrow"),
    Decision.END: N_("end"),
}


def decide(
    actor: Actor,
    campaign: Campaign,
    lines: Sequence[Line],
    decision: Decision,
    reason: str,
    *,
    seconds_taken: int | None,
    narrow_to: NarrowTo | None = None,
    versions: Mapping[int, int] | None = None,
) -> int:
    """How many of these lines this changed; one that is decided so already stays as it is, and none is no event.

    A decision of one's own may be changed while the campaign is open; that of somebody else by who has seen it:
    versions: of the lines as the page showed them, by position. narrow_to: as `narrowing.checked` takes it.
    seconds_taken: None where nobody knows, because a script decides.
    Raises: NotAllowed, NotReviewer, CampaignNotOpen, NoLines, TooManyLines, DecisionReasonMissing, LineDecided, and
    the refusals of a text and of narrowing.
    """
    store.hold(campaign, share=True)
    people.require_deciding(actor, campaign)
    require_open(campaign)
    _check_number(len(lines))
    reason = _checked(decision, reason)
    held = store.hold_lines(campaign, {line.position for line in lines})
    if len(held) != len({line.position for line in lines}):
        raise NotFound()
    narrower = narrowing.checked(campaign.subject, narrow_to) if decision is Decision.NARROW else None
    changed = [line for line in held if (line.decision, line.reason, line.narrow_to) != (decision, reason, narrower)]
    seconds = None if seconds_taken is None else max(0, min(seconds_taken, 2**31 - 1))
    for line in changed:
        _check_seen(actor, line, versions)
        if narrower is not None:
            narrowing.check_takes_away(line, narrower)
        _write(actor, line, decision, reason, narrower)
        line.seconds_taken, line.bulk_size = seconds, len(held)
    if changed:
        audit.record(actor, Event.REVIEW_DECIDED, campaign, lines=len(changed), decision=DECISION_NAMES[decision])
    return len(changed)


def require_open(campaign: Campaign) -> None:
    """Nothing, when the campaign is open. Raises: CampaignNotOpen."""
    if campaign.state is not CampaignState.OPEN:
        raise CampaignNotOpen(review=campaign.name, state=CAMPAIGN_STATE_NAMES[campaign.state])


def _check_number(chosen: int) -> None:
    if not chosen:
        raise NoLines()
    if chosen > MOST_AT_ONCE:
        raise TooManyLines(most=MOST_AT_ONCE, chosen=chosen)


def _checked(decision: Decision, reason: str) -> str:
    reason = clean_text(reason)
    if not reason and decision is not Decision.KEEP:
        raise DecisionReasonMissing()
    return reason


def _check_seen(actor: Actor, line: Line, versions: Mapping[int, int] | None) -> None:
    """Nothing, when the decision that stands there is the actor's own, or was shown to it. Raises: LineDecided."""
    seen = None if versions is None else versions.get(line.position)
    own = line.decided_by_id == actor.person_id and seen is None
    if line.decision is None or own or seen == line.version:
        return
    raise LineDecided(by=line.decided_by_label, line=line.position, decision=DECISION_NAMES[line.decision])


def _write(actor: Actor, line: Line, decision: Decision, reason: str, narrower: NarrowTo | None) -> None:
    line.decision, line.reason, line.narrow_to = decision, reason, narrower
    line.decided_by_id, line.decided_by_label, line.decided_at = actor.person_id, actor.label, clock.now()
