"""What a delegation gives: environments, rights, projects, an end. Compared, and kept within what may be given."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm.attributes import flag_modified

from portal.access.actor import Actor
from portal.access.roles import ENVIRONMENT_NAMES, RIGHT_GIVES, RIGHT_NAMES, Environment, Right
from portal.delegations import store
from portal.delegations.errors import (
    EndOutOfRange,
    EnvironmentsMissing,
    ProjectsMissing,
    ProjectUnknown,
    RightsNotHeld,
)
from portal.delegations.models import Delegation, DelegationProject, DelegationProposal, ProposalProject
from portal.foundation import clock
from portal.foundation.marking import N_

SHORTEST, LONGEST = timedelta(days=1), timedelta(days=730)  # design rule 13

Projects = frozenset[uuid.UUID] | None
CHOSEN_BY_OWNER: Projects = frozenset()  # a request that leaves the choice of projects to the owner


@dataclass(frozen=True)
class Terms:
    """What is given. `project_ids` None means all projects, those of later days included."""

    environments: frozenset[Environment]
    rights: frozenset[Right]
    project_ids: Projects
    ends_at: datetime

    @classmethod
    def asked(
        cls, environments: frozenset[Environment], rights: frozenset[Right], project_ids: Projects, ends_at: datetime
    ) -> "Terms":
        """Terms as somebody asks for them: seeing is always part of it."""
        return cls(frozenset(environments), frozenset(rights) | {Right.VIEW}, project_ids, ends_at)

    @classmethod
    def of(cls, row: Delegation | DelegationProposal) -> "Terms":
        """The terms of a row whose projects are loaded."""
        return cls(row.environments, row.rights, row.project_ids, row.ends_at)

    def is_within(self, other: "Terms") -> bool:
        """Whether this gives nothing that `other` does not give."""
        return (
            self.environments <= other.environments
            and self.rights <= other.rights
            and _projects_within(self.project_ids, other.project_ids)
            and self.ends_at <= other.ends_at
        )

    def as_facts(self) -> dict[str, str | list[str]]:
        """The terms as plain values for the record."""
        ids = self.project_ids
        return {
            "environments": sorted(self.environments),
            "rights": sorted(self.rights),
            "projects": "all" if ids is None else sorted(str(project_id) for project_id in ids),
            "ends_at": self.ends_at.isoformat(timespec="seconds"),
        }


def _projects_within(inner: Projects, outer: Projects) -> bool:
    if outer is None:
        return True
    return inner is not None and inner <= outer


def put_on(delegation: Delegation, terms: Terms) -> None:
    """Let the delegation, whose projects are loaded, give these terms from now on."""
    _put(delegation, terms)
    kept = {row.project_id: row for row in delegation.projects}
    wanted = sorted(terms.project_ids or ())
    delegation.projects = [kept.get(project_id) or DelegationProject(project_id=project_id) for project_id in wanted]


def write_on(proposal: DelegationProposal, terms: Terms) -> None:
    """Let a new proposal propose these terms."""
    _put(proposal, terms)
    proposal.projects = [ProposalProject(project_id=project_id) for project_id in sorted(terms.project_ids or ())]


def _put(row: Delegation | DelegationProposal, terms: Terms) -> None:
    row.environments, row.rights = terms.environments, terms.rights
    row.all_projects, row.ends_at = terms.project_ids is None, terms.ends_at
    # A change of the projects alone touches other rows; the version has to count it too.
    flag_modified(row, "rights")


def check_given(actor: Actor, terms: Terms, *, kept_end: datetime | None = None) -> None:
    """Nothing, when the owner's `actor` may give these terms. kept_end: an end that is agreed already.

    Raises: EnvironmentsMissing, ProjectsMissing, ProjectUnknown, RightsNotHeld, EndOutOfRange.
    """
    check_asked(terms, kept_end=kept_end)
    if terms.project_ids is not None:
        _check_projects(actor, terms.project_ids)
    for right in sorted(terms.rights):
        if not RIGHT_GIVES[right] <= actor.permissions:
            raise RightsNotHeld(right=RIGHT_NAMES[right])


def check_asked(terms: Terms, *, kept_end: datetime | None = None) -> None:
    """Nothing, when anybody could ask for these terms. Raises: EnvironmentsMissing, EndOutOfRange."""
    if not terms.environments:
        raise EnvironmentsMissing()
    now = clock.now()
    if terms.ends_at != kept_end and not SHORTEST <= terms.ends_at - now <= LONGEST:
        first, last = days_to_end_on(now)
        raise EndOutOfRange(first=first.date().isoformat(), last=last.date().isoformat())


def days_to_end_on(now: datetime) -> tuple[datetime, datetime]:
    """Moments in the first and in the last day at whose end a delegation may end, in UTC."""
    return now + SHORTEST, now + LONGEST - timedelta(days=1)


def _check_projects(actor: Actor, project_ids: frozenset[uuid.UUID]) -> None:
    if not project_ids:
        raise ProjectsMissing()
    if store.count_projects(actor, project_ids) != len(project_ids):
        raise ProjectUnknown()


def differences(yours: Terms, now: Terms) -> list[tuple[str, str, str]]:
    """Two versions of the terms beside each other, part by part: (label, yours, now), each marked for translation."""
    rows = [
        (ENVIRONMENT_NAMES[side], _yes_no(side in yours.environments), _yes_no(side in now.environments))
        for side in Environment
    ]
    rows += [(RIGHT_NAMES[right], _yes_no(right in yours.rights), _yes_no(right in now.rights)) for right in Right]
    rows.append((N_("Projects"), _how_many(yours.project_ids), _how_many(now.project_ids)))
    rows.append((N_("Last day (UTC)"), yours.ends_at.date().isoformat(), now.ends_at.date().isoformat()))
    return rows


def _yes_no(given: bool) -> str:
    return N_("yes") if given else N_("no")


def _how_many(project_ids: Projects) -> str:
    return N_("all") if project_ids is None else str(len(project_ids))
