"""Another edition for a contract, with a preview first; and what becomes of data spaces beyond the allotment."""

from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.console import Party, calls, party, read_anew
from portal.api.console_shapes import ConsoleContract, contract_shown
from portal.api.shapes import Body, Query, Shown, Text, Version
from portal.contracts import store as contracts
from portal.contracts.models import Contract, Edition
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.impact import surplus as surplus_spaces
from portal.impact.requests import contract_of_any_tenant
from portal.projects import amending, surplus
from portal.projects.amending import Preview
from portal.projects.models import DataSpace, Surplus
from portal.projects.surplus import Plan


class PreviewQuery(Query):
    """Which edition."""

    edition: Annotated[
        Text | None, Field(description="The code of an edition; without it, all others of the contract's kind.")
    ] = None


class ProjectPreview(Shown):
    """What happens to a project's data spaces: those beyond the new allotment, those within it again, and how many of
    each type are made."""

    project: str
    name: str
    beyond: list[str]
    within: list[str]
    missing: dict[str, int]


class EditionPreview(Shown):
    """What a contract would be with another edition: projects included before, after, and in use; the services that
    begin and end; the projects to which something happens."""

    edition: str
    projects_before: int
    projects_after: int
    projects_used: int
    services_gained: list[str]
    services_lost: list[str]
    projects: list[ProjectPreview]


class EditionPreviews(Shown):
    """What other editions would mean. `version` is the contract's ETag."""

    edition: str
    previews: list[EditionPreview]
    version: int


class NewEdition(Body):
    """Which edition, by its code."""

    edition: Text


class SurplusDecision(Body):
    """Keep the data space as an exception, or let it go."""

    decision: Annotated[Surplus, Field(description="`kept` or `let_go`.")]


class SurplusSpace(Shown):
    """A data space beyond its project's allotment, or within it where `surplus` is null. `version` is its ETag."""

    id: str
    name: str
    environment: Environment
    project: str
    tenant: Party
    surplus: Surplus | None
    version: int


@calls.reads("/<account>/console/contracts/<contract_id>/edition", Permission.CONTRACT_CHANGE)
def amend_preview(contract_id: str, query: PreviewQuery) -> EditionPreviews:
    """Show what another edition would mean for a contract. Nothing is changed."""
    contract = contract_of_any_tenant(contract_id)
    previews = [amending.preview(contract, edition) for edition in _wanted(contract, query.edition)]
    return EditionPreviews(
        edition=contract.edition_code,
        previews=[preview_shown(preview) for preview in previews],
        version=version_of(contract),
    )


@calls.writes("/<account>/console/contracts/<contract_id>/edition", Permission.CONTRACT_CHANGE)
def amend(actor: Actor, contract_id: str, version: Version, body: NewEdition) -> ConsoleContract:
    """Change a contract to another edition. Nothing is deleted."""
    contract, edition = contract_of_any_tenant(contract_id), contracts.edition(body.edition)
    amending.amend(actor, contract, edition, version)
    read_anew()
    tenant = contract_of_any_tenant(contract_id).tenant
    return contract_shown(contracts.get_for_console(tenant, contract_id), tenant, clock.now())


@calls.reads("/<account>/console/data-spaces/<data_space_id>/surplus", Permission.CONTRACT_CHANGE)
def surplus_space(data_space_id: str) -> SurplusSpace:
    """Show a data space that may lie beyond its project's allotment."""
    return _space_shown(surplus_spaces.get(data_space_id))


@calls.writes("/<account>/console/data-spaces/<data_space_id>/surplus", Permission.CONTRACT_CHANGE)
def decide_surplus(actor: Actor, data_space_id: str, version: Version, body: SurplusDecision) -> SurplusSpace:
    """Keep a data space beyond the allotment as an exception, or let it go."""
    surplus.decide(actor, surplus_spaces.get(data_space_id), body.decision, version)
    read_anew()
    return _space_shown(surplus_spaces.get(data_space_id))


def _wanted(contract: Contract, code: str | None) -> list[Edition]:
    """The edition with this code, or all others of the contract's kind, with their services. Raises: NotFound."""
    if code:
        return [contracts.edition(code)]
    others = [row.code for row in contracts.editions_of(contract.kind) if row.code != contract.edition_code]
    return [contracts.edition(other) for other in others]


def preview_shown(preview: Preview) -> EditionPreview:
    """What another edition would mean, as the console tells it."""
    return EditionPreview(
        edition=preview.edition.code,
        projects_before=preview.projects_before,
        projects_after=preview.projects_after,
        projects_used=preview.projects_used,
        services_gained=[service.code for service in preview.services.gained],
        services_lost=[service.code for service in preview.services.lost],
        projects=[_plan_shown(plan) for plan in preview.plans],
    )


def _plan_shown(plan: Plan) -> ProjectPreview:
    return ProjectPreview(
        project=plan.project.public_id,
        name=plan.project.name,
        beyond=[space.public_id for space in plan.beyond],
        within=[space.public_id for space in plan.within],
        missing={kind.value: count for kind, count in plan.missing.items()},
    )


def _space_shown(space: DataSpace) -> SurplusSpace:
    return SurplusSpace(
        id=space.public_id,
        name=space.name,
        environment=space.environment,
        project=space.project.public_id,
        tenant=party(space.project.contract.tenant),
        surplus=space.surplus,
        version=version_of(space),
    )
