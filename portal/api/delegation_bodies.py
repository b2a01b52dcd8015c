"""What calls about delegations bring: terms, from either side."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.api.shapes import Body, Text
from portal.delegations import store
from portal.delegations.errors import ProjectUnknown
from portal.delegations.models import Delegation
from portal.delegations.terms import Projects

LAST_SECOND = time(23, 59, 59)  # an end that reads as its day, in UTC

Environments = Annotated[frozenset[Environment], Field(description="At least one.")]
Rights = Annotated[frozenset[Right], Field(description="Seeing is always part of it.")]
ProjectIds = Annotated[
    list[Text] | None, Field(description="The projects' ids; null for all projects, later ones too.")
]
LastDay = Annotated[date, Field(description="In UTC: from tomorrow on, and at most 730 days from now.")]
Message = Annotated[Text, Field(description="What the other side reads with it.")]


class DelegationTerms(Body):
    """What is given: environments, rights, projects, and until when."""

    environments: Environments
    rights: Rights
    projects: ProjectIds
    last_day: LastDay

    def chosen(self, actor: Actor, kept: Delegation | None = None) -> dict[str, Any]:
        """The terms as keyword arguments of operations. kept: whose end stays what it is when its day does.

        Raises: ProjectUnknown.
        """
        return {
            "environments": self.environments,
            "rights": self.rights,
            "project_ids": inner_ids(actor, self.projects),
            "ends_at": end_of(self.last_day, kept),
        }


class Offer(DelegationTerms):
    """A delegation to be offered to the integrator with exactly this account id."""

    account_id: Annotated[Text, Field(description="The integrator's, `MAG…`.")]
    message: Message = ""


class Ticket(Body):
    """A ticket to be given: the right to make one key pair in each of these environments."""

    account_id: Annotated[Text, Field(description="The integrator's, `MAG…`.")]
    environments: Environments
    projects: ProjectIds
    last_day: LastDay
    message: Message = ""


class RequestedProjects(StrEnum):
    """Which projects an integrator asks for, who does not know the owner's."""

    ALL = "all"
    OWNERS_CHOICE = "owners_choice"


class ProposedProjects(StrEnum):
    """Which projects an integrator proposes: those that it reaches already, or all."""

    AS_NOW = "as_now"
    ALL = "all"


class DelegationRequest(Body):
    """A delegation that an integrator asks for, of the owner that gave it this request code."""

    request_code: Text
    environments: Environments
    rights: Rights
    projects: RequestedProjects
    last_day: LastDay
    message: Message = ""


class Approval(Body):
    """The projects, where the request leaves the choice to the owner."""

    projects: ProjectIds = Field(default_factory=list)

    def ids(self, actor: Actor) -> Projects:
        """The inner ids of what is chosen. Raises: ProjectUnknown."""
        return inner_ids(actor, self.projects)


class Widening(DelegationTerms):
    """What the owner proposes: all that is given now, and more."""

    message: Message = ""


class WideningByIntegrator(Body):
    """What the integrator proposes: all that is given now, and more."""

    environments: Environments
    rights: Rights
    projects: ProposedProjects
    last_day: LastDay
    message: Message = ""


class ProposalAnswer(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"


class WideningAnswer(Body):
    """Yes or no to a proposal."""

    answer: ProposalAnswer


def end_of(last_day: date, kept: Delegation | None = None) -> datetime:
    """The last second of the day, aware UTC; the end that `kept` has already, when its day is this one."""
    if kept is not None and kept.ends_at.date() == last_day:
        return kept.ends_at
    return datetime.combine(last_day, LAST_SECOND, tzinfo=UTC)


def inner_ids(actor: Actor, public_ids: Sequence[str] | None) -> Projects:
    """The inner ids of projects of the actor's tenant, None for all of them. Raises: ProjectUnknown."""
    if public_ids is None:
        return None
    known = {row.public_id: row.id for row in store.projects_of(actor)}
    if not known.keys() >= set(public_ids):
        raise ProjectUnknown()
    return frozenset(known[public_id] for public_id in public_ids)
