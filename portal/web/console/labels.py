"""What the console calls the states that it filters by."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext

from portal.access.roles import ENVIRONMENT_NAMES, RIGHT_NAMES, ROLE_NAMES
from portal.contracts.models import KIND_NAMES
from portal.contracts.term import ContractState, contract_state
from portal.delegations.states import STATE_NAMES as DELEGATION_NAMES
from portal.entitlements.models import WISH_NAMES, EntitlementState, RequestState
from portal.foundation.marking import N_
from portal.impact.access import Seen, Unused
from portal.impact.expiring import Kind, Term
from portal.impact.figures import COUNTED_TO
from portal.impact.finding import Reading
from portal.keys.models import KeyState
from portal.keys.status import STATUS_NAMES, KeyStatus
from portal.tenants.models import STANDING_NAMES
from portal.usage.operations import CLAIM_NAMES

__all__ = [
    "CLAIM_NAMES", "DELEGATION_NAMES", "ENVIRONMENT_NAMES", "KIND_NAMES", "RIGHT_NAMES", "ROLE_NAMES", "STANDING_NAMES",
    "STATUS_NAMES", "WISH_NAMES", "choices", "contract_state", "counted", "readings",
]  # fmt: skip

KEY_STATE_NAMES = {state: STATUS_NAMES[KeyStatus(state.value)] for state in KeyState}
ENTITLEMENT_NAMES: dict[EntitlementState, str] = {
    EntitlementState.COMING: N_("Coming"),
    EntitlementState.ACTIVE: N_("Active"),
    EntitlementState.SUSPENDED: N_("Suspended"),
    EntitlementState.ENDED: N_("Ended"),
}
REQUEST_NAMES: dict[RequestState, str] = {
    RequestState.WAITING: N_("Waiting"),
    RequestState.WITHDRAWN: N_("Withdrawn"),
    RequestState.APPROVED: N_("Approved"),
    RequestState.REFUSED: N_("Refused"),
}
KIND_OF_END_NAMES: dict[Kind, str] = {
    Kind.CONTRACTS: N_("Contracts"),
    Kind.KEYS: N_("Key pairs"),
    Kind.DELEGATIONS: N_("Delegations"),
    Kind.ENTITLEMENTS: N_("Entitlements"),
    Kind.REVIEWS: N_("Reviews"),
    Kind.CREDENTIALS: N_("Service credentials"),
}
# The list that shows what each figure counts, and its filter.
LIST_OF_END: dict[Kind, tuple[str, str]] = {
    Kind.CONTRACTS: ("console.contracts", "ends"),
    Kind.KEYS: ("console.access", "ends"),
    Kind.DELEGATIONS: ("console.delegations", "ends"),
    Kind.ENTITLEMENTS: ("console.entitlements", "ends"),
    Kind.REVIEWS: ("reviews.index", "due"),
    Kind.CREDENTIALS: ("console.credentials", "ends"),
}
LIST_NAMES: dict[str, str] = {
    "tenants": N_("Tenants"),
    "contracts": N_("Contracts"),
    "entitlements": N_("Entitlements"),
    "access": N_("Who holds access"),
    "delegations": N_("Delegations"),
    "installations": N_("Installations"),
}
FILTER_NAMES: dict[str, str] = {
    "q": N_("Find a tenant"),
    "standing": N_("Standing"),
    "ends": N_("Ends"),
    "kind": N_("Kind"),
    "edition": N_("Edition"),
    "tenant": N_("Tenant"),
    "service": N_("Service"),
    "state": N_("State"),
    "owner": N_("Owner"),
    "holder": N_("Holder"),
    "integrator": N_("Integrator"),
    "api_key": N_("API key"),
    "environment": N_("Environment"),
    "unused": N_("Last use"),
    "address": N_("Shop address"),
    "side": N_("Side in use"),
    "claim": N_("Claim"),
    "seen": N_("Last seen"),
}
UNUSED_NAMES: dict[Unused, str] = {
    Unused.THIRTY_DAYS: N_("Not for 30 days"),
    Unused.NINETY_DAYS: N_("Not for 90 days"),
    Unused.EVER: N_("Never"),
}
SEEN_NAMES: dict[Seen, str] = {
    Seen.RECENTLY: N_("Within 30 days"),
    Seen.NOT: N_("Not within 30 days"),
}
AGE_NAMES: dict[str, str] = {
    "1": N_("Older than a day"),
    "7": N_("Older than 7 days"),
    "30": N_("Older than 30 days"),
}
TERM_NAMES: dict[Term, str] = {
    Term.ONE_DAY: N_("Ends within a day"),
    Term.SEVEN_DAYS: N_("Ends within 7 days"),
    Term.THIRTY_DAYS: N_("Ends within 30 days"),
    Term.PAST: N_("Past its end"),
}


READING_NAMES: dict[Reading, str] = {
    Reading.ACCOUNT_ID: N_("Tenants by account id"),
    Reading.TENANT: N_("Tenants by name"),
    Reading.PERSON: N_("People by name"),
    Reading.EMAIL: N_("People by e-mail address"),
    Reading.API_KEY: N_("Key pairs by API key"),
    Reading.SPACE_ID: N_("Data spaces by id"),
    Reading.PROJECT_ID: N_("Projects by id"),
    Reading.PROJECT: N_("Projects by name"),
    Reading.ADDRESS: N_("Installations by shop address"),
    Reading.CONTRACT_ID: N_("Contracts by id"),
}


CONTRACT_NAMES: dict[ContractState, str] = {
    ContractState.UPCOMING: N_("Not begun"),
    ContractState.RUNNING: N_("Running"),
    ContractState.OVER: N_("Over"),
}


def choices(names: Mapping[Any, str], everything: str) -> list[tuple[str, str]]:
    """The options of a filter: all of them first, called `everything`, then each by its name."""
    return [("", everything), *((str(getattr(word, "value", word)), gettext(name)) for word, name in names.items())]


def readings(kinds: Iterable[Reading]) -> list[str]:
    """What a text was taken for, by name."""
    return [gettext(READING_NAMES[kind]) for kind in kinds]


def counted(count: int) -> str:
    """A figure as text; counting stopped a little above the largest."""
    return f"{COUNTED_TO:,}+" if count > COUNTED_TO else f"{count:,}"
