"""Vendor staff in a tenant's own pages: by a running look-in, reading only, and each page read is on record.

A page is closed to look-ins unless it is named here; so is every form, whatever the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, make_response, request

from portal.access.actor import Actor
from portal.access.roles import PERMISSIONS, Permission
from portal.accounts.models import Membership
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.lookins import operations as look_ins
from portal.lookins import store
from portal.lookins.errors import ClosedToLookIns, LookInReadsOnly
from portal.lookins.models import LookIn, shortened

# Lists and pages that only say how things are. Not among them: whatever leads to a key, a ticket or a hand-off, what
# asks for a private key or a password, and downloads.
OPEN = frozenset(
    {
        "activity.index",
        "contracts.index",
        "dashboards.overview",
        "delegations.client",
        "delegations.clients",
        "delegations.integrators",
        "delegations.show",
        "keys.cockpit",
        "keys.index",
        "keys.show",
        "projects.index",
        "projects.show",
        "tenants.members",
        "tenants.roles",
        "tenants.settings",
    }
)
READS = ("GET", "HEAD")
LONGEST_PATH = 500


@dataclass(frozen=True)
class Shown:
    """A look-in as the frame and the record need it, free of rows."""

    visit: look_ins.Visit
    look_in_id: str
    reason: str
    ends_at: datetime
    vendor_account_id: str


def as_reader(account_id: str, memberships: Sequence[Membership]) -> Actor:
    """The signed-in person as a reader of this account. Raises: NotFound, LookInReadsOnly, ClosedToLookIns."""
    staff = next((row for row in memberships if Permission.LOOK_IN in PERMISSIONS[row.role]), None)
    found = store.find_running(account_id, staff.person_id, clock.now()) if staff else None
    if staff is None or found is None:
        raise NotFound()
    visit = look_ins.visit(found, staff)
    _set_scene(found, visit, staff)
    g.actor = visit.visitor  # whom the record names should this be refused
    if request.method not in READS:
        raise LookInReadsOnly()
    if request.endpoint not in OPEN:
        raise ClosedToLookIns()
    return visit.reader


def _set_scene(found: LookIn, visit: look_ins.Visit, staff: Membership) -> None:
    g.tenant, g.home = found.tenant, found.tenant
    g.contract_kinds = contracts.kinds_of(found.tenant_id)
    g.visit = Shown(visit, found.public_id, shortened(found.reason), found.ends_at, staff.tenant.account_id)


def recorded(answer: Any) -> Any:
    """The view's answer, once it is on record that it was read, where it was by a look-in.

    In a transaction of its own, after the page was drawn: what was refused or is missing was not read, and is no event.
    When the event cannot be written, the page is not shown.
    """
    shown: Shown | None = g.get("visit")
    if shown is None:
        return answer
    response = make_response(answer)
    if response.status_code < 300:
        with transaction():
            look_ins.record_read(shown.visit, request.endpoint or "", request.path[:LONGEST_PATH])
    return response
