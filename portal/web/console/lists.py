"""The vendor's view over all tenants. These pages change nothing; every list keeps its filters in the address."""

from datetime import datetime
from typing import Any

from flask import render_template, request, url_for

from portal.access.roles import Permission
from portal.accounts import recovery_store
from portal.foundation import clock
from portal.foundation.paging import Page
from portal.impact import console, search
from portal.impact.access import last_used
from portal.impact.figures import figures
from portal.impact.holdings import holdings
from portal.impact.tree import tree
from portal.keys.status import status_of
from portal.web import arguments, revocation
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.console.wanted import LISTS
from portal.web.guards import requires


@pages.get("/<account>/console/overview")
@requires(Permission.CONSOLE_SEE)
def overview(account: str) -> str:
    """Figures, each a way into the list that it counts."""
    return render_template(
        "console/overview.html",
        figures=figures(clock.now()),
        counted=labels.counted,
        labels=labels,
        recoveries=recovery_store.count_open(),
    )


@pages.get("/<account>/console/tenants")
@requires(Permission.CONSOLE_SEE)
def tenants(account: str) -> str:
    """Tenants, found by account id, name or what belongs to them."""
    return _filtered("tenants", clock.now(), sought=search.sought(arguments.text("q")))


@pages.get("/<account>/console/tenants/<owner_id>")
@requires(Permission.CONSOLE_SEE)
def tenant(account: str, owner_id: str) -> str:
    """Everything that hangs on one tenant."""
    found, now = holdings(owner_id), clock.now()
    return render_template(
        "console/tenant.html",
        found=found,
        branches=tree(found),
        now=now,
        status_of=status_of,
        contract_state=labels.contract_state,
        labels=labels,
        refused=revocation.of_tenant(found.tenant),
        refused_of_contract=revocation.of_last_ended(found.contracts),
    )


@pages.get("/<account>/console/contracts")
@requires(Permission.CONSOLE_SEE)
def contracts(account: str) -> str:
    """Contracts by the end of their term."""
    now = clock.now()
    return _filtered("contracts", now, now=now, editions=console.editions())


@pages.get("/<account>/console/entitlements")
@requires(Permission.CONSOLE_SEE)
def entitlements(account: str) -> str:
    """Who may use which service, because of which contract."""
    now = clock.now()
    return _filtered("entitlements", now, now=now, editions=console.editions(), services=console.services())


@pages.get("/<account>/console/access")
@requires(Permission.CONSOLE_SEE)
def access(account: str) -> str:
    """Who holds access: key pairs with owner, holder, last use, and what they were given under."""
    now = clock.now()
    page = LISTS["access"].rows(now).page(_after())
    return _list(
        "access", page, now=now, status_of=status_of, editions=console.editions(), last_used=last_used(page.rows)
    )


@pages.get("/<account>/console/delegations")
@requires(Permission.CONSOLE_SEE)
def delegations(account: str) -> str:
    """Who lets whom act."""
    return _filtered("delegations", clock.now())


@pages.get("/<account>/console/installations")
@requires(Permission.CONSOLE_SEE)
def installations(account: str) -> str:
    """Which shop uses which data space."""
    return _filtered("installations", clock.now())


def _after() -> str | None:
    return request.args.get("after")


def _filtered(name: str, at: datetime, **context: Any) -> str:
    return _list(name, LISTS[name].rows(at).page(_after()), **context)


def _list(name: str, page: Page[Any], **context: Any) -> str:
    account, wanted = (request.view_args or {})["account"], LISTS[name].in_address()
    csv_url = url_for("console.export", account=account, what=name, **wanted)
    return _page(f"console/{name}.html", page, LISTS[name].filters, csv_url=csv_url, **context)


def _page(template: str, page: Page[Any], filters: tuple[str, ...], **context: Any) -> str:
    wanted: dict[str, Any] = {name: value for name in filters if (value := arguments.text(name))}
    endpoint, account = request.endpoint or "", (request.view_args or {})["account"]
    here = url_for(endpoint, account=account)
    neighbours = {
        "next_url": url_for(endpoint, account=account, **wanted, after=page.next_place) if page.next_place else None,
        "first_url": url_for(endpoint, account=account, **wanted) if _after() else None,
        "clear_url": here if wanted else None,
    }
    return render_template(template, rows=page.rows, wanted=wanted, here=here, labels=labels, **neighbours, **context)
