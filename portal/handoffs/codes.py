"""One-time codes with which the command line enrols, seals or opens for the person that they were shown to."""

from dataclasses import dataclass
from datetime import timedelta

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.delegations import people
from portal.delegations.acting import require_home
from portal.foundation import clock
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


def show(actor: Actor, purpose: Purpose, subject: str = "") -> str:
    """A code that is good for 30 minutes. Only its hash is stored. Raises: NotAllowed, OnlyFromHome."""
    require_home(actor, Permission.HAND_OFF)
    code = new_code()
    row = CommandCode(
        tenant_id=actor.tenant_id,
        code_hash=hash_of(code),
        purpose=purpose,
        subject=subject,
        person_id=actor.person_id,
        expires_at=clock.now() + LIFETIME,
    )
    store.add(row)
    audit.record(actor, Event.COMMAND_CODE_SHOWN, row, purpose=purpose.value)
    return code


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
