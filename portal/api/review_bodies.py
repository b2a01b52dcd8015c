"""What the calls about reviews bring."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.accounts.models import Membership
from portal.api.errors import NotAsDescribed
from portal.api.home import Day, end_of
from portal.api.shapes import Body, Paged, Text
from portal.foundation import clock
from portal.impact.expiring import Term
from portal.reviews import people, store
from portal.reviews.models import CampaignState, Decision, Line, Outcome, ReviewSubject, Silence
from portal.reviews.wanted import MOST_DAYS, Wanted

Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
Reason = Annotated[Text, Field(description="It stands in the evidence, and the parties read it.")]


class ReviewsWanted(Paged):
    """Which reviews."""

    state: CampaignState | None = None
    due: Annotated[Term | None, Field(description="Open ones: due within so many days, or past the due date.")] = None


class LinesWanted(Paged):
    """Which lines. An outcome stands alone."""

    decision: Decision | None = None
    undecided: Annotated[bool, Field(description="Only those that nobody has decided.")] = False
    not_needed: Annotated[bool, Field(description="Only those of which a side says that it needs it no longer.")] = (
        False
    )
    outcome: Outcome | None = None
    q: Annotated[Text, Field(description="Part of a name, an account id, or the id of a subject.", max_length=320)] = ""


class LinesFilter(Body):
    """What a review is to look at; what is left out is not asked for."""

    subject: ReviewSubject
    edition: Text | None = None
    service: Text | None = None
    contract: Text | None = None
    older_than_days: Days | None = None
    unused_for_days: Days | None = None
    not_reviewed_since: date | None = None

    def wanted(self) -> Wanted:
        """The filters as the operations take them. Raises: NotAsDescribed for a day that is long past."""
        since = self.not_reviewed_since
        if since is not None and since < clock.now().date() - timedelta(days=MOST_DAYS):
            raise NotAsDescribed([("/not_reviewed_since", "is not in the last ten years")])
        names = ("edition", "service", "contract", "older_than_days", "unused_for_days", "not_reviewed_since")
        return Wanted(**{name: getattr(self, name) for name in names})


class NewReview(LinesFilter):
    """A review to be made. Reviewers and fallbacks are ids of the vendor's members, as the list of members has them.

    It is due at the end of the last day (UTC). `silence` says what becomes of lines that nobody decides.
    """

    name: Text
    reviewers: list[Text]
    fallbacks: Annotated[list[Text], Field(default_factory=list)]
    last_day: Day
    silence: Silence
    recurs_days: int | None = None

    def content(self, actor: Actor) -> dict[str, Any]:
        """What the operation takes. Raises: NotAsDescribed."""
        staff = [row for row in store.staff_of(actor) if people.is_staff(row)]
        return {
            "name": self.name,
            "subject": self.subject,
            "wanted": self.wanted(),
            "reviewers": _among(staff, self.reviewers, "/reviewers"),
            "fallbacks": _among(staff, self.fallbacks, "/fallbacks"),
            "due_at": end_of(self.last_day),
            "silence": self.silence,
            "recurs_days": self.recurs_days,
        }


class NarrowTo(Body):
    """What stays; a member that is left out stays as it is. To see always stays."""

    environments: Annotated[list[Environment] | None, Field(min_length=1)] = None
    rights: list[Right] | None = None
    last_day: Day | None = None

    def less_than(self, line: Line) -> dict[str, Any]:
        """What of this is not as the line has it, as the operation takes it."""
        chosen: dict[str, Any] = {}
        if self.environments is not None:
            chosen["environments"] = sorted(side.value for side in set(self.environments))
        if self.rights is not None:
            chosen["rights"] = sorted(right.value for right in {*self.rights, Right.VIEW})
        found = {name: stay for name, stay in chosen.items() if set(stay) != set(line.facts.get(name) or ())}
        if self.last_day is not None and self.last_day.isoformat() != line.facts.get("last_day"):
            found["ends_on"] = self.last_day.isoformat()
        return found


class Deciding(Body):
    """The decision on one line; `narrow_to` belongs to the decision to narrow."""

    decision: Decision
    narrow_to: NarrowTo | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _narrows(self) -> "Deciding":
        if (self.decision is Decision.NARROW) != (self.narrow_to is not None):
            raise ValueError("needs narrow_to for the decision to narrow, and for no other")
        return self


class SeenLine(Body):
    """A line, and the version of it that was seen."""

    line: Annotated[int, Field(gt=0, lt=2**31)]
    version: Annotated[int, Field(gt=0, lt=2**31)]


class DecidingSeveral(Body):
    """One decision on at most 50 lines: to keep or to end them."""

    lines: list[SeenLine]
    decision: Decision
    reason: Reason = ""

    @model_validator(mode="after")
    def _narrows_none(self) -> "DecidingSeveral":
        if self.decision is Decision.NARROW:
            raise ValueError("narrows no lines together; narrow each by itself")
        return self


def _among(staff: Sequence[Membership], chosen: Sequence[str], place: str) -> list[Membership]:
    """The members with these ids. Raises: NotAsDescribed when one of them is none who keeps reviews."""
    known = {str(row.id): row for row in staff}
    for one in chosen:
        if one not in known:
            raise NotAsDescribed([(place, "names somebody who is no member that keeps reviews")])
    return [known[one] for one in dict.fromkeys(chosen)]
