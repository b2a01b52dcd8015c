"""Mail about what was seen of shops, to those who may act on it."""

import uuid
from collections.abc import Iterator

from portal.access.roles import Permission, Role, through_delegation
from portal.accounts import store as accounts
from portal.accounts.models import Person
from portal.foundation import clock
from portal.outbox import operations as outbox
from portal.projects.models import DataSpace, Installation
from portal.tenants import store as tenants
from portal.usage import recording_store


def post(template: str, installation: Installation, space: DataSpace, **facts: str) -> None:
    """Put one mail for each person who may act on installations of the data space into the outbox.

    They are the owner's, and those of each integrator whose delegation reaches the data space and gives that right.
    space: with its project loaded.
    """
    told: dict[str, outbox.Fact] = {
        "account": tenants.get(space.tenant_id).account_id,
        "installation": installation.name,
        "space": space.name,
        "project": space.project.name,
        "project_id": space.project.public_id,
        **facts,
    }
    people = {person.id: (tenant_id, person) for tenant_id, person in _people_at(space)}
    for tenant_id, person in people.values():
        outbox.post(template, person.email, person.language.value, told | {"name": person.name}, tenant_id)


def _people_at(space: DataSpace) -> Iterator[tuple[uuid.UUID, Person]]:
    for integrator_id, rights in recording_store.rights_at(space, clock.now()):
        for role in Role:
            if Permission.INSTALLATION_CHANGE in through_delegation(role, rights):
                yield from ((integrator_id, person) for person in accounts.people_with(integrator_id, role))
    for person in accounts.people_with(space.tenant_id, Permission.INSTALLATION_CHANGE):
        yield space.tenant_id, person
