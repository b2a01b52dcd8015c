"""Looking into a tenant: begun with a reason for at most four hours, told to its owners, each page on its record."""

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from portal.access.actor import Actor, require
from portal.access.roles import Permission, Role
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_text
from portal.lookins import store
from portal.lookins.errors import HoursOutOfRange, NothingToLookInto, ReasonMissing
from portal.lookins.models import LookIn, subject_of
from portal.outbox import operations as outbox
from portal.tenants.models import Tenant

LONGEST_HOURS = 4
AT_ONCE = 100


def begin(actor: Actor, tenant: Tenant, reason: str, hours: int) -> LookIn:
    """Let the actor's person, of the vendor's staff, read the pages of `tenant` for so many hours, 1 to 4.

    Every owner of the tenant gets a mail. While one is running this is that one: nothing is prolonged. Raises:
    NotAllowed, NothingToLookInto, ReasonMissing, HoursOutOfRange, and what `clean_text` refuses.
    """
    require(actor, Permission.LOOK_IN)
    reason = clean_text(reason)
    _require_sound(tenant, reason, hours)
    lock(tenant)  # so that two clicks begin one
    now = clock.now()
    before = store.find_unended(tenant.id, actor.person_id)
    if before is not None and before.is_running(now):
        return before
    if before is not None:
        lock(before)  # the worker may be about to store the same
    if before is not None and before.ended_at is None:
        _run_out(actor, before)
    return _begin(actor, tenant, reason, timedelta(hours=hours))


def _require_sound(tenant: Tenant, reason: str, hours: int) -> None:
    if tenant.is_vendor:
        raise NothingToLookInto()
    if not reason:
        raise ReasonMissing()
    if not 1 <= hours <= LONGEST_HOURS:
        raise HoursOutOfRange(longest=LONGEST_HOURS)


def _begin(actor: Actor, tenant: Tenant, reason: str, term: timedelta) -> LookIn:
    now = clock.now()
    row = LookIn(
        tenant_id=tenant.id, person_id=actor.person_id, reason=reason, started_at=now, ends_at=now + term, ended_at=None
    )
    look_in = store.add(row)
    until = f"{look_in.ends_at:%Y-%m-%d %H:%M} UTC"
    audit.record(actor, Event.LOOK_IN_BEGUN, look_in, tenant_id=tenant.id, until=until, why=look_in.reason)
    _tell_owners(actor, tenant, look_in)
    return look_in


def _tell_owners(actor: Actor, tenant: Tenant, look_in: LookIn) -> None:
    facts: dict[str, outbox.Fact] = {
        "account": tenant.account_id,
        "by": actor.label,
        "vendor": actor.home_name,
        "reason": look_in.reason,
        "until_day": look_in.ends_at.date().isoformat(),
        "until_time": f"{look_in.ends_at:%H:%M}",
    }
    for person in accounts.people_with(tenant.id, Role.OWNER):
        outbox.post("look_in_begun", person.email, person.language.value, facts | {"name": person.name}, tenant.id)


def end(actor: Actor, look_in: LookIn) -> None:
    """End it at once: by the person who looks, or by an owner of the tenant. Ended already, nothing changes.

    Raises: NotAllowed.
    """
    is_ones_own = actor.person_id is not None and actor.person_id == look_in.person_id
    if not (is_ones_own and actor.may(Permission.LOOK_IN)):
        require(actor, Permission.SETTINGS_MANAGE)
    lock(look_in)
    if look_in.is_running(clock.now()):
        look_in.ended_at = clock.now()
        audit.record(actor, Event.LOOK_IN_ENDED, look_in, tenant_id=look_in.tenant_id)


def lapse_due(actor: Actor) -> int:
    """How many look-ins whose time is over were stored as ended; at most 100. They stopped on the second anyway."""
    over = store.due(clock.now(), AT_ONCE)
    for look_in in over:
        _run_out(actor, look_in)
    return len(over)


def _run_out(actor: Actor, look_in: LookIn) -> None:
    look_in.ended_at = look_in.ends_at
    audit.record(actor, Event.LOOK_IN_RAN_OUT, look_in, tenant_id=look_in.tenant_id)


@dataclass(frozen=True)
class Visit:
    """A look-in at work, free of rows, so that it can be recorded after the page was drawn."""

    public_id: str
    reason: str
    tenant_id: uuid.UUID
    visitor: Actor

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return subject_of(self.public_id, self.reason)

    @property
    def reader(self) -> Actor:
        """Who the pages are drawn for: it finds what a viewer finds, and is a member of nothing."""
        return replace(self.visitor, home_id=self.tenant_id, permissions=frozenset({Permission.SEE}))


def visit(look_in: LookIn, membership: Membership) -> Visit:
    """The look-in as the vendor's person with this membership makes use of it."""
    visitor = Actor(
        tenant_id=look_in.tenant_id,
        home_id=membership.tenant_id,
        home_name=membership.tenant.name,
        label=membership.person.name,
        person_id=membership.person_id,
    )
    return Visit(look_in.public_id, look_in.reason, look_in.tenant_id, visitor)


def record_read(found: Visit, page: str, path: str) -> None:
    """Note in the tenant's chain that a page was read: one event, in the caller's transaction."""
    audit.record(found.visitor, Event.LOOK_IN_READ, found, page=page, path=path)
