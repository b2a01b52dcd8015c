"""The console's lists over all tenants. They change nothing."""

from typing import Annotated, Any

from pydantic import Field

from portal.access.roles import Environment, Permission
from portal.api.console import calls
from portal.api.console_shapes import (
    ConsoleContract,
    ConsoleDelegation,
    ConsoleEntitlement,
    ConsoleInstallation,
    ConsoleKeyPair,
    ConsoleTenant,
    contract_shown,
    delegation_shown,
    entitlement_shown,
    installation_shown,
    pair_shown,
    tenant_shown,
)
from portal.api.shapes import Listed, Paged, Shown, Text, listed
from portal.contracts.models import ContractKind
from portal.delegations.models import DelegationState
from portal.entitlements.models import EntitlementState
from portal.foundation import clock
from portal.impact import access as holders
from portal.impact import console, search
from portal.impact.access import AccessWanted, InstallationsWanted, Seen, Unused
from portal.impact.console import ContractsWanted, DelegationsWanted, EntitlementsWanted
from portal.impact.expiring import Term
from portal.impact.figures import figures
from portal.keys.models import KeyState
from portal.projects.models import Claim
from portal.tenants.models import Standing

Account = Annotated[Text | None, Field(description="An account id.", max_length=255)]
Edition = Annotated[Text | None, Field(description="The code of an edition.", max_length=255)]
Ends = Annotated[Term | None, Field(description="Ends within so many days; `past`: is past its end.")]


class TenantsQuery(Paged):
    """Which tenants."""

    q: Annotated[
        Text,
        Field(
            description="The beginning of an account id or a name; or a whole API key, contract id, project id, "
            "data space id or e-mail address.",
            max_length=255,
        ),
    ] = ""
    standing: Standing | None = None


class ContractsQuery(Paged):
    """Which contracts."""

    ends: Ends = None
    kind: ContractKind | None = None
    edition: Edition = None
    tenant: Account = None
    standing: Annotated[Standing | None, Field(description="Of their tenants.")] = None


class EntitlementsQuery(Paged):
    """Which entitlements."""

    service: Annotated[Text | None, Field(description="The code of a service.", max_length=255)] = None
    edition: Edition = None
    state: EntitlementState | None = None
    tenant: Account = None
    ends: Ends = None


class AccessQuery(Paged):
    """Which key pairs."""

    holder: Account = None
    owner: Account = None
    api_key: Annotated[Text | None, Field(description="A whole API key.", max_length=255)] = None
    environment: Environment | None = None
    state: KeyState | None = None
    edition: Edition = None
    ends: Ends = None
    unused: Annotated[Unused | None, Field(description="In service, and not used for so many days.")] = None


class DelegationsQuery(Paged):
    """Which delegations."""

    state: DelegationState | None = None
    owner: Account = None
    integrator: Account = None
    ends: Ends = None


class InstallationsQuery(Paged):
    """Which installations."""

    address: Annotated[Text | None, Field(description="The beginning of a shop's address.", max_length=2000)] = None
    tenant: Account = None
    side: Environment | None = None
    claim: Claim | None = None
    seen: Annotated[Seen | None, Field(description="Whether a call was seen within 30 days.")] = None


class Overview(Shown):
    """Counts; one that is larger than 1000 stands as 1001. `ending`: of each kind, how many end by when."""

    standings: dict[str, int]
    ending: dict[str, dict[str, int]]
    key_pairs_in_service: dict[str, int]
    delegations: dict[str, int]
    requests_waiting: int


@calls.reads("/<account>/console/overview", Permission.CONSOLE_SEE)
def overview() -> Overview:
    """Count what the lists hold."""
    found = figures(clock.now())
    return Overview(
        standings={standing.value: count for standing, count in found.standings.items()},
        ending={
            kind.value: {term.value: count for term, count in terms.items()} for kind, terms in found.ending.items()
        },
        key_pairs_in_service={side.value: count for side, count in found.keys_in_service.items()},
        delegations={state.value: count for state, count in found.delegations.items()},
        requests_waiting=found.requests_waiting,
    )


@calls.reads("/<account>/console/tenants", Permission.CONSOLE_SEE)
def tenants(query: TenantsQuery) -> Listed[ConsoleTenant]:
    """List tenants, by name."""
    page = search.tenants(query.q, query.standing).page(query.after)
    return Listed[ConsoleTenant](**listed(page, tenant_shown))


@calls.reads("/<account>/console/contracts", Permission.CONSOLE_SEE)
def contracts(query: ContractsQuery) -> Listed[ConsoleContract]:
    """List contracts, by the end of their term."""
    now = clock.now()
    page = console.contracts(ContractsWanted(**_filters(query)), now).page(query.after)
    return Listed[ConsoleContract](**listed(page, lambda row: contract_shown(row, row.tenant, now)))


@calls.reads("/<account>/console/entitlements", Permission.CONSOLE_SEE)
def entitlements(query: EntitlementsQuery) -> Listed[ConsoleEntitlement]:
    """List entitlements, tenant by tenant; by their end where that is asked for."""
    now = clock.now()
    page = console.entitlements(EntitlementsWanted(**_filters(query)), now).page(query.after)
    return Listed[ConsoleEntitlement](**listed(page, lambda row: entitlement_shown(row, row.tenant, now)))


@calls.reads("/<account>/console/access", Permission.CONSOLE_SEE)
def access(query: AccessQuery) -> Listed[ConsoleKeyPair]:
    """List who holds access: key pairs, owner by owner."""
    now, wanted = clock.now(), _filters(query)
    if query.api_key:
        wanted["api_key"] = query.api_key.lower()
    page = holders.key_pairs(AccessWanted(**wanted), now).page(query.after)
    used = holders.last_used(page.rows)
    return Listed[ConsoleKeyPair](**listed(page, lambda row: pair_shown(row, now, used.get(row.id))))


@calls.reads("/<account>/console/delegations", Permission.CONSOLE_SEE)
def delegations(query: DelegationsQuery) -> Listed[ConsoleDelegation]:
    """List delegations, owner by owner; by their end where that is asked for."""
    page = console.delegations(DelegationsWanted(**_filters(query)), clock.now()).page(query.after)
    return Listed[ConsoleDelegation](**listed(page, delegation_shown))


@calls.reads("/<account>/console/installations", Permission.CONSOLE_SEE)
def installations(query: InstallationsQuery) -> Listed[ConsoleInstallation]:
    """List installations, tenant by tenant; by address where that is asked for."""
    page = holders.installations(InstallationsWanted(**_filters(query)), clock.now()).page(query.after)
    return Listed[ConsoleInstallation](**listed(page, installation_shown))


def _filters(query: Paged) -> dict[str, Any]:
    """The filters; an empty one is none."""
    return {name: value or None for name, value in query if name != "after"}
