"""That somebody took a list along: a download of the console's is on record in the vendor's chain."""

from dataclasses import dataclass

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event

NO_FILTER = "–"


@dataclass(frozen=True)
class ConsoleList:
    """One of the console's lists, by its name."""

    name: str

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "list", self.name, self.name


def note(actor: Actor, name: str, filters: dict[str, str]) -> None:
    """Put on record that the actor downloads this list, and which filters it is cut by. Raises: NotAllowed."""
    require(actor, Permission.CONSOLE_SEE)
    said = [f"{filter_}={value}" for filter_, value in filters.items()]
    audit.record(actor, Event.LIST_EXPORTED, ConsoleList(name), filters=said or [NO_FILTER])
