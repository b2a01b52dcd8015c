"""What each role may do, drawn from the very table that guards and operations read."""

from flask import g, render_template

from portal.access.roles import (
    PERMISSION_NAMES,
    PERMISSIONS,
    RIGHT_NAMES,
    ROLE_USES,
    TENANT_ROLES,
    VENDOR_ROLES,
    Permission,
    Right,
    Role,
)
from portal.web.guards import requires
from portal.web.tenants.blueprint import own_actor, pages


@pages.get("/<account>/settings/roles")
@requires(Permission.SEE)
def roles(account: str) -> str:
    actor = own_actor()
    columns = VENDOR_ROLES if g.tenant.is_vendor else TENANT_ROLES
    return render_template(
        "tenants/roles.html",
        columns=columns,
        acts=_acts(columns),
        rights=[] if g.tenant.is_vendor else _rights(columns),
        own_role=actor.role,
    )


def _acts(columns: tuple[Role, ...]) -> list[tuple[str, list[bool]]]:
    """Each act that any of these roles may do: its name, and for each role whether it may."""
    rows = [(name, [act in PERMISSIONS[role] for role in columns]) for act, name in PERMISSION_NAMES.items()]
    return [row for row in rows if any(row[1])]


def _rights(columns: tuple[Role, ...]) -> list[tuple[str, list[bool]]]:
    """Each right of a delegation: its name, and for each role whether it may use it in a client's environments."""
    return [(RIGHT_NAMES[right], [right in ROLE_USES[role] for role in columns]) for right in Right]
