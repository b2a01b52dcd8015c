"""The vendor's view over all tenants. These pages change nothing; every list keeps its filters in the address."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

from flask import render_template, request, url_for

from portal.access.roles import Environment, Permission
from portal.contracts.models import ContractKind
from portal.delegations.models import DelegationState
from portal.entitlements.models import EntitlementState, RequestState
from portal.foundation import clock
from portal.foundation.paging import Page
from portal.impact import console, search
from portal.impact.console import AccessWanted, Term
from portal.impact.figures import figures
from portal.impact.holdings import Holdings, holdings
from portal.keys.models import KeyState
from portal.keys.status import status_of
from portal.tenants.models import Standing
from portal.web import arguments
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.guards import requires

Word = TypeVar("Word", bound=StrEnum)


@pages.get("/<account>/console/overview")
@requires(Permission.CONSOLE_SEE)
def overview(account: str) -> str:
    """Figures, each a way into the list that it counts."""
    return render_template("console/overview.html", figures=figures(clock.now()), counted=labels.counted)


@pages.get("/<account>/console/tenants")
@requires(Permission.CONSOLE_SEE)
def tenants(account: str) -> str:
    """Tenants, found by one search box."""
    text, standing = arguments.text("q"), _choice("standing", Standing)
    page = search.tenants(text, standing, _after())
    return _list("console/tenants.html", page, ("q", "standing"), sought=search.sought(text))


@pages.get("/<account>/console/tenants/<owner_id>")
@requires(Permission.CONSOLE_SEE)
def tenant(account: str, owner_id: str) -> str:
    """Everything that hangs on one tenant."""
    found, now = holdings(owner_id), clock.now()
    return render_template(
        "console/tenant.html",
        found=found,
        tree=_tree(found),
        now=now,
        status_of=status_of,
        contract_state=labels.contract_state,
        labels=labels,
    )


@pages.get("/<account>/console/contracts")
@requires(Permission.CONSOLE_SEE)
def contracts(account: str) -> str:
    """Contracts by the end of their term."""
    kind, term, now = _choice("kind", ContractKind), _choice("ends", Term), clock.now()
    page = console.contracts(term, kind, arguments.text("edition") or None, now, _after())
    return _list("console/contracts.html", page, ("ends", "kind", "edition"), now=now, editions=console.editions())


@pages.get("/<account>/console/entitlements")
@requires(Permission.CONSOLE_SEE)
def entitlements(account: str) -> str:
    """Who may use which service, because of which contract."""
    service, edition, state = arguments.text("service"), arguments.text("edition"), _choice("state", EntitlementState)
    now = clock.now()
    page = console.entitlements(service or None, edition or None, state, now, _after())
    return _list(
        "console/entitlements.html",
        page,
        ("service", "edition", "state"),
        now=now,
        editions=console.editions(),
        services=console.services(),
    )


@pages.get("/<account>/console/access")
@requires(Permission.CONSOLE_SEE)
def access(account: str) -> str:
    """Who holds access: key pairs with owner, holder, and what they were given under."""
    wanted = AccessWanted(
        owner=arguments.text("owner") or None,
        holder=arguments.text("holder") or None,
        api_key=arguments.text("api_key").lower() or None,
        environment=_choice("environment", Environment),
        state=_choice("state", KeyState),
    )
    filters = ("owner", "holder", "api_key", "environment", "state")
    return _list("console/access.html", console.access(wanted, _after()), filters, now=clock.now(), status_of=status_of)


@pages.get("/<account>/console/delegations")
@requires(Permission.CONSOLE_SEE)
def delegations(account: str) -> str:
    """Who lets whom act."""
    state = _choice("state", DelegationState)
    return _list("console/delegations.html", console.delegations(state, _after()), ("state",))


@pages.get("/<account>/console/requests")
@requires(Permission.CONSOLE_SEE)
def allotment_requests(account: str) -> str:
    """Who asks for more than the edition includes."""
    state = _choice("state", RequestState)
    return _list("console/requests.html", console.requests(state, _after()), ("state",))


def _after() -> str | None:
    return request.args.get("after")


def _choice(name: str, words: type[Word]) -> Word | None:
    value = arguments.text(name)
    return words(value) if value in {word.value for word in words} else None


def _list(template: str, page: Page[Any], filters: tuple[str, ...], **context: Any) -> str:
    wanted: dict[str, Any] = {name: value for name in filters if (value := arguments.text(name))}
    endpoint, account = request.endpoint or "", (request.view_args or {})["account"]
    here = url_for(endpoint, account=account)
    neighbours = {
        "next_url": url_for(endpoint, account=account, **wanted, after=page.next_place) if page.next_place else None,
        "first_url": url_for(endpoint, account=account, **wanted) if _after() else None,
        "clear_url": here if wanted else None,
    }
    return render_template(template, rows=page.rows, wanted=wanted, here=here, labels=labels, **neighbours, **context)


def _tree(found: Holdings) -> dict[str, dict[Any, list[Any]]]:
    """What hangs on what: entitlements, keys and projects by contract, data spaces by project."""
    projects = {space.project.id: space.project for space in found.spaces}
    return {
        "entitlements": _grouped(found.entitlements, lambda row: row.contract_id),
        "pairs": _grouped(found.keys, lambda row: row.contract_id),
        "projects": _grouped(projects.values(), lambda row: row.contract_id),
        "spaces": _grouped(found.spaces, lambda row: row.project_id),
    }


def _grouped(rows: Iterable[Any], key: Callable[[Any], Hashable]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups
