"""The console's lists, each with the filters that its address may hold. Pages and downloads read the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from portal.access.roles import Environment
from portal.contracts.models import ContractKind
from portal.delegations.models import DelegationState
from portal.entitlements.models import EntitlementState
from portal.impact import access, console, search
from portal.impact.access import AccessWanted, InstallationsWanted, Seen, Unused
from portal.impact.console import ContractsWanted, DelegationsWanted, EntitlementsWanted
from portal.impact.expiring import Term
from portal.impact.listing import Listing
from portal.keys.models import KeyState
from portal.projects.models import Claim
from portal.tenants.models import Standing
from portal.web import arguments

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Filtered:
    """A list: the names of its filters, and what they leave at a moment, read from this request's address."""

    filters: tuple[str, ...]
    rows: Callable[[datetime], Listing]

    def in_address(self) -> dict[str, Any]:
        """The filters that this request's address holds."""
        return {name: value for name in self.filters if (value := arguments.text(name))}


def choice(name: str, words: type[Word]) -> Word | None:
    """The word in the address, or None where it holds none that is known."""
    value = arguments.text(name)
    return words(value) if value in {word.value for word in words} else None


def _text(name: str) -> str | None:
    return arguments.text(name) or None


def _tenants(_at: datetime) -> Listing:
    return search.tenants(arguments.text("q"), choice("standing", Standing))


def _contracts(at: datetime) -> Listing:
    wanted = ContractsWanted(
        ends=choice("ends", Term),
        kind=choice("kind", ContractKind),
        edition=_text("edition"),
        tenant=_text("tenant"),
        standing=choice("standing", Standing),
    )
    return console.contracts(wanted, at)


def _entitlements(at: datetime) -> Listing:
    wanted = EntitlementsWanted(
        service=_text("service"),
        edition=_text("edition"),
        state=choice("state", EntitlementState),
        tenant=_text("tenant"),
        ends=choice("ends", Term),
    )
    return console.entitlements(wanted, at)


def _access(at: datetime) -> Listing:
    api_key = _text("api_key")
    wanted = AccessWanted(
        owner=_text("owner"),
        holder=_text("holder"),
        api_key=api_key and api_key.lower(),
        environment=choice("environment", Environment),
        state=choice("state", KeyState),
        edition=_text("edition"),
        ends=choice("ends", Term),
        unused=choice("unused", Unused),
    )
    return access.key_pairs(wanted, at)


def _delegations(at: datetime) -> Listing:
    wanted = DelegationsWanted(
        state=choice("state", DelegationState),
        owner=_text("owner"),
        integrator=_text("integrator"),
        ends=choice("ends", Term),
    )
    return console.delegations(wanted, at)


def _installations(at: datetime) -> Listing:
    wanted = InstallationsWanted(
        address=_text("address"),
        tenant=_text("tenant"),
        side=choice("side", Environment),
        claim=choice("claim", Claim),
        seen=choice("seen", Seen),
    )
    return access.installations(wanted, at)


# By the last part of their addresses.
LISTS: Mapping[str, Filtered] = {
    "tenants": Filtered(("q", "standing"), _tenants),
    "contracts": Filtered(("ends", "kind", "edition", "tenant", "standing"), _contracts),
    "entitlements": Filtered(("service", "edition", "state", "tenant", "ends"), _entitlements),
    "access": Filtered(("holder", "owner", "api_key", "environment", "state", "edition", "ends", "unused"), _access),
    "delegations": Filtered(("state", "owner", "integrator", "ends"), _delegations),
    "installations": Filtered(("address", "tenant", "side", "claim", "seen"), _installations),
}
