"""Mail to an owner's people about what was seen of their shops."""

from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.outbox import operations as outbox
from portal.projects.models import DataSpace, Installation
from portal.tenants import store as tenants


def post(template: str, installation: Installation, space: DataSpace, **facts: str) -> None:
    """Put one mail for each of the owner's people who may act on installations into the outbox.

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
    for person in accounts.people_with(space.tenant_id, Permission.INSTALLATION_CHANGE):
        outbox.post(template, person.email, person.language.value, told | {"name": person.name}, space.tenant_id)
