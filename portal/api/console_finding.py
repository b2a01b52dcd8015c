"""The console's search: where a text that somebody reads out belongs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from portal.access.roles import Permission
from portal.accounts.models import Membership, Person
from portal.api.console import Party, calls, party
from portal.api.shapes import Paged, Shown, Text
from portal.contracts.models import Contract
from portal.impact import finding
from portal.impact.finding import Found, Reading
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace, Installation, Project
from portal.tenants.models import Tenant

Homes = Mapping[UUID, Sequence[Membership]]
PEOPLE = (Reading.PERSON, Reading.EMAIL)


class SearchQuery(Paged):
    """What is sought. `after` works with a `kind` only."""

    q: Annotated[Text, Field(description="An id, a name, an address, or the beginning of one.", max_length=255)] = ""
    kind: Annotated[
        Reading | None, Field(description="All hits of this reading; without it, the first ten of each.")
    ] = None


class Hit(Shown):
    """What was found: its id (a person's is the e-mail address), its name, and whose it is."""

    id: str
    name: str
    address: str | None
    tenants: list[Party]


class Hits(Shown):
    """What one reading of the text finds."""

    reading: Reading
    items: list[Hit]
    next: str | None


class SearchAnswer(Shown):
    """What the text may be, and what it finds as that; readings that find nothing are left out."""

    sought: list[Reading]
    groups: list[Hits]


@calls.reads("/<account>/console/search", Permission.CONSOLE_SEE)
def search(query: SearchQuery) -> SearchAnswer:
    """Find tenants, people, key pairs, projects, data spaces, installations and contracts by a text."""
    only = query.kind if query.q else None
    groups = [finding.all_found(only, query.q, query.after)] if only else finding.found(query.q)
    homes = finding.homes([person for group in groups if group.reading in PEOPLE for person in group.page.rows])
    shown = [_hits(group, homes) for group in groups if group.page.rows]
    return SearchAnswer(sought=[only] if only else list(finding.readings(query.q)), groups=shown)


def _hits(found: Found, homes: Homes) -> Hits:
    items = [_SHOWN[type(row)](row, homes) for row in found.page.rows]
    return Hits(reading=found.reading, items=items, next=found.page.next_place)


def _tenant(row: Tenant, _homes: Homes) -> Hit:
    return Hit(id=row.account_id, name=row.name, address=None, tenants=[party(row)])


def _person(row: Person, homes: Homes) -> Hit:
    places = [party(membership.tenant) for membership in homes.get(row.id, ())]
    return Hit(id=row.email, name=row.name, address=None, tenants=places)


def _key_pair(row: KeyPair, _homes: Homes) -> Hit:
    parties = [row.owner] if row.owner is row.holder else [row.owner, row.holder]
    return Hit(id=row.api_key, name=row.name, address=None, tenants=[party(one) for one in parties])


def _named(row: DataSpace | Project, _homes: Homes) -> Hit:
    return Hit(id=row.public_id, name=row.name, address=None, tenants=[party(row.tenant)])


def _installation(row: Installation, _homes: Homes) -> Hit:
    return Hit(id=row.public_id, name=row.name, address=row.address, tenants=[party(row.tenant)])


def _contract(row: Contract, _homes: Homes) -> Hit:
    return Hit(id=row.public_id, name=row.edition.name, address=None, tenants=[party(row.tenant)])


_SHOWN: dict[type, Callable[[Any, Homes], Hit]] = {
    Tenant: _tenant,
    Person: _person,
    KeyPair: _key_pair,
    DataSpace: _named,
    Project: _named,
    Installation: _installation,
    Contract: _contract,
}
