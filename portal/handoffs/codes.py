"""One-time codes with which the command line enrols, seals or opens for the person that they were shown to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.delegations import people
from portal.delegations.acting import require_home
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound
from portal.handoffs import store
from portal.handoffs.models import CommandCode, Purpose
from portal.keys.codes import hash_of, new_code
from portal.keys.errors import CodeRefused

LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class Shown:
    """What a code leads to: its person as an actor as of now, and what it is for."""

    actor: Actor
    subject: str


def show(actor: Actor, purpose: Purpose, subject: str = "", until: datetime | None = None) -> str:
    """A code that is good for 30 minutes, or until what it is for ends. Only its hash is stored.

    Raises: NotAllowed, OnlyFromHome.
    """
    require_home(actor, Permission.HAND_OFF)
    code = new_code()
    row = CommandCode(
        tenant_id=actor.tenant_id,
        code_hash=hash_of(code),
        purpose=purpose,
        subject=subject,
        person_id=actor.person_id,
        expires_at=end_of_one(until),
    )
    store.add(row)
    audit.record(actor, Event.COMMAND_CODE_SHOWN, row, purpose=purpose.value)
    return code


def end_of_one(until: datetime | None = None) -> datetime:
    """When a code that is shown now ends, for something that ends at `until`."""
    usual = clock.now() + LIFETIME
    return usual if until is None else min(usual, until)


def bind(code: str, subject: str) -> None:
    """From now on the code is for this subject alone: who sees it later cannot use it for another one.

    Raises: CodeRefused when it was used for another one.
    """
    row = store.find_code(hash_of(code))
    if row is None:
        raise CodeRefused()
    lock(row)
    if row.subject not in ("", subject):
        raise CodeRefused()
    row.subject = subject


def find(code: str, purpose: Purpose) -> Shown:
    """What the code leads to. It may be used again within its time: each act behind it has one effect.

    Raises: CodeRefused, AccountSuspended.
    """
    row = store.find_code(hash_of(code))
    if row is None or row.purpose is not purpose or clock.now() >= row.expires_at:
        raise CodeRefused()
    try:
        actor = people.as_of_now(row.person_id, home_id=row.tenant_id, tenant_id=row.tenant_id, under=None)
    except NotFound as error:
        raise CodeRefused() from error
    return Shown(actor, row.subject)
