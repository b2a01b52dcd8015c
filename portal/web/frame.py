"""What stands around every page: navigation, environment switch, language, theme, and for whom one acts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, g, request, session, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.access.actor import refusal_of
from portal.access.roles import Environment, Permission
from portal.accounts.models import Language, Theme
from portal.contracts.models import ContractKind
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.impact import factor_policy
from portal.web.say import why

LANGUAGES = [(Language.EN.value, "English"), (Language.ZH_HANT.value, "繁體中文")]


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    label: Any
    url: str
    icon: str
    current: bool


@dataclass(frozen=True)
class Entry:
    """Where a navigation entry leads: its endpoint, and the blueprints whose pages belong to it."""

    label: Any
    icon: str
    endpoint: str
    rooms: tuple[str, ...]


OVERVIEW = Entry(_l("Overview"), "grid-1x2", "dashboards.overview", ("dashboards",))
KEYS = Entry(_l("Keys"), "key", "keys.index", ("keys",))
PROJECTS = Entry(_l("Projects & data spaces"), "boxes", "projects.index", ("projects", "usage"))
CONTRACTS = Entry(_l("Contracts"), "receipt", "contracts.index", ("contracts",))
INTEGRATORS = Entry(_l("Integrators"), "people", "delegations.integrators", ())
CLIENTS = Entry(_l("Clients"), "building", "delegations.clients", ())
ACTIVITY = Entry(_l("Activity"), "clock-history", "activity.index", ("activity",))
SETTINGS = Entry(_l("Settings"), "gear", "tenants.settings", ("tenants", "tokens", "webhooks"))
CONSOLE = (
    Entry(_l("Overview"), "grid-1x2", "console.overview", ()),
    Entry(_l("Tenants"), "buildings", "console.tenants", ()),
    Entry(_l("Contracts"), "receipt", "console.contracts", ()),
    Entry(_l("Entitlements"), "shield-check", "console.entitlements", ()),
    Entry(_l("Who holds access"), "person-badge", "console.access", ()),
    Entry(_l("Installations"), "shop", "console.installations", ()),
    Entry(_l("Requests"), "inbox", "console.queue", ()),
    Entry(_l("Reviews"), "clipboard-check", "reviews.index", ("reviews",)),
    Entry(_l("Service credentials"), "shield-lock", "console.credentials", ()),
    Entry(_l("Gateway"), "signpost-split", "console.gateway", ()),
)


@dataclass(frozen=True)
class Acting:
    """For whom one acts, as the bar on top says it."""

    acts_for_client: bool
    delegation_ends_at: datetime | None
    home_account_id: str
    home_name: str


@dataclass(frozen=True)
class Due:
    """A second factor that `tenant` asks for by then, or has asked for until then."""

    tenant: str
    at: datetime
    is_over: bool


def environment() -> Environment:
    """The environment in this page's address; sandbox when none is named. Raises: NotFound for an unknown one."""
    try:
        return Environment(request.args.get("environment", Environment.SANDBOX))
    except ValueError as error:
        raise NotFound() from error


def language() -> str:
    """The reader's language: the person's own, else the one chosen on this device, else what the browser prefers."""
    if current_user and current_user.is_authenticated:
        return str(current_user.language.value)
    chosen = session.get("language") if session else None
    codes = [code for code, _own_name in LANGUAGES]
    if chosen in codes:
        return str(chosen)
    return _preferred()


def _preferred() -> str:
    best = request.accept_languages.best_match(["en", "zh-Hant", "zh-TW", "zh-HK", "zh"])
    return Language.ZH_HANT.value if best and best.startswith("zh") else Language.EN.value


def _navigation() -> list[Link]:
    if "actor" not in g:
        return []
    return [
        Link(
            entry.label,
            url_for(entry.endpoint, account=g.tenant.account_id),
            entry.icon,
            request.endpoint == entry.endpoint or request.blueprint in entry.rooms or _belongs(entry),
        )
        for entry in _entries()
    ]


def _belongs(entry: Entry) -> bool:
    # Pages of one delegation: the owner's under Integrators, the integrator's under Clients; likewise the console.
    path = url_for(entry.endpoint, account=g.tenant.account_id)
    return not entry.rooms and request.path.startswith(path + "/")


def _entries() -> list[Entry]:
    actor = g.actor
    if actor.acts_for_client:
        return [OVERVIEW, KEYS, PROJECTS]
    if actor.may(Permission.CONSOLE_SEE):
        return [*CONSOLE, ACTIVITY, SETTINGS]
    return [OVERVIEW, *_places_of(g.contract_kinds), CONTRACTS, ACTIVITY, SETTINGS]


def _places_of(kinds: frozenset[ContractKind]) -> list[Entry]:
    """What a tenant's contracts make it: a licensee or partner, an integrator, both; with none, all is shown."""
    uses_services = not kinds or kinds & {ContractKind.LICENCE, ContractKind.PARTNER}
    works_for_others = not kinds or ContractKind.INTEGRATOR in kinds
    return [
        *([KEYS, PROJECTS, INTEGRATORS] if uses_services else []),
        *([CLIENTS] if works_for_others else []),
    ]


def _acting() -> Acting | None:
    if "actor" not in g:
        return None
    delegation = g.get("delegation")
    return Acting(g.actor.acts_for_client, delegation.ends_at if delegation else None, g.home.account_id, g.home.name)


def switch(current: Environment) -> list[tuple[str, str, bool]]:
    """The environment switch for this page: value, address, whether it is the current one.

    Nothing else of the address is taken along: a filter or a place in a list belongs to one environment.
    """
    return [
        (side.value, f"{quote(request.path)}?{urlencode({'environment': side.value})}", side is current)
        for side in Environment
    ]


def _factor_due() -> Due | None:
    """The second factor that the reader lacks and is asked for, here or, on a page of their own, anywhere."""
    if "visit" in g or not (current_user and current_user.is_authenticated):
        return None
    found = g.actor.factor_due if "actor" in g else factor_policy.due_of(current_user.id)
    return None if found is None else Due(found.tenant, found.at, found.at <= clock.now())


def _can(permission: str) -> bool:
    return "actor" in g and g.actor.may(Permission(permission))


def _why_may_not(permission: str) -> str:
    """Why the reader may not do this, and who can mend it."""
    return why(refusal_of(g.actor, Permission(permission)))


def add_to(app: Flask) -> None:
    """Give every template the frame's values."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        person = current_user if current_user and current_user.is_authenticated else None
        return {
            "tenant": g.get("tenant"),
            "actor": _acting(),
            "look_in": g.get("visit"),
            "navigation": _navigation(),
            "language": language(),
            "languages": LANGUAGES,
            "theme": person.theme.value if person else session.get("theme", Theme.AUTO.value),
            "is_demo": current_app.config["PORTAL"].is_demo,
            "can": _can,
            "why_may_not": _why_may_not,
            "factor_due": _factor_due,
            "environment": None,
            "environment_switch": [],
        }
