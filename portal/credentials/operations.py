"""Issuing, rotating and revoking service credentials. The secret is in what these return, and nowhere else."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts.models import Service
from portal.credentials import store, tokens
from portal.credentials.errors import (
    CredentialStopped,
    IssuedAlready,
    LastDayOutOfRange,
    OverlapOutOfRange,
    ReasonNeeded,
    RotatedAlready,
)
from portal.credentials.models import ServiceCredential
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_name, clean_text
from portal.outbox import operations as outbox
from portal.tenants import store as tenants

# How long the old one goes on beside its successor: the choices, the usual one, and the longest.
AT_ONCE, HOUR, DAY, WEEK = timedelta(), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
OVERLAPS, USUAL, LONGEST = (AT_ONCE, HOUR, DAY, WEEK), DAY, WEEK
LONGEST_TERM = timedelta(days=3653)
ALL_SERVICES = "all"  # in the record, for a credential of no one service


@dataclass(frozen=True)
class Issued:
    """A credential with its secret, which is told once and never again."""

    credential: ServiceCredential
    token: str = field(repr=False)


def issue(
    actor: Actor, name: str, service: Service | None, *, expires_at: datetime | None = None, mark: str | None = None
) -> Issued:
    """A credential with which `service`, or with None every service, asks about calls until `expires_at` (aware UTC).

    mark: of the form that asks, so that sending it twice issues one. Raises: NotAllowed, IssuedAlready,
    LastDayOutOfRange, and what a name is refused for.
    """
    require(actor, Permission.CREDENTIAL_KEEP)
    name = clean_name(name)
    lock(tenants.get(actor.tenant_id))  # so that two who send one form wait for each other
    before = store.find_asked_as(actor, mark) if mark else None
    if before is not None:
        raise IssuedAlready(name=before.name)
    _require_sound_end(expires_at)
    issued = _add(actor, name, service.code if service else None, expires_at, asked_as=mark)
    told = service.name if service else ALL_SERVICES
    audit.record(actor, Event.CREDENTIAL_ISSUED, issued.credential, service=told, until=_in_words(expires_at))
    return issued


def rotate(
    actor: Actor, credential: ServiceCredential, overlap: timedelta = USUAL, *, expires_at: datetime | None = None
) -> Issued:
    """A successor of `credential` under the same name and for the same service; the old one stops after `overlap`.

    overlap: 0 to 7 days; an earlier end that the old one has stays. Raises: NotAllowed, NotFound, RotatedAlready,
    CredentialStopped, OverlapOutOfRange, LastDayOutOfRange.
    """
    require(actor, Permission.CREDENTIAL_KEEP)
    old = store.lock_again(actor, credential)
    require_may_rotate(old)
    if not AT_ONCE <= overlap <= LONGEST:
        raise OverlapOutOfRange()
    _require_sound_end(expires_at)
    old.ends_at = clock.now() + overlap
    issued = _add(actor, old.name, old.service_code, expires_at, replaces_id=old.id)
    successor = issued.credential.public_id
    audit.record(actor, Event.CREDENTIAL_ROTATED, old, successor=successor, until=_in_words(old.stops_at))
    return issued


def require_may_rotate(credential: ServiceCredential) -> None:
    """Nothing, when it works and has no successor (which is loaded). Raises: RotatedAlready, CredentialStopped."""
    if credential.successor is not None:
        raise RotatedAlready(name=credential.name)
    require_working(credential)


def require_working(credential: ServiceCredential) -> None:
    """Nothing, while it works. Raises: CredentialStopped."""
    if not credential.is_working(clock.now()):
        raise CredentialStopped(name=credential.name)


def revoke(actor: Actor, credential: ServiceCredential, reason: str) -> None:
    """Stop it at once and for good. Revoked already, nothing changes.

    Raises: NotAllowed, NotFound, CredentialStopped, ReasonNeeded, and what a text is refused for.
    """
    require(actor, Permission.CREDENTIAL_KEEP)
    reason = clean_text(reason)
    if not reason:
        raise ReasonNeeded()
    found = store.lock_again(actor, credential)
    if found.revoked_at is not None:
        return
    require_working(found)
    found.revoked_at, found.revoked_by_id, found.revoked_reason = clock.now(), actor.person_id, reason
    audit.record(actor, Event.CREDENTIAL_REVOKED, found, reason=reason)


def report_leak(token: str, where: str = "") -> ServiceCredential | None:
    """The credential that somebody reported to have found at `where`, flagged; None when none works by this secret.

    Nothing stops by it: a gateway without answers lets no shop through. Partner admins are told, once.
    """
    found = store.lock_by_secret(tokens.digest_of(token)) if tokens.is_sound(token) else None
    if found is None or not found.is_working(clock.now()):
        return None
    if found.leaked_at is None:
        found.leaked_at, found.leaked_where = clock.now(), where
        audit.record(system_actor("leak report", found.tenant_id), Event.CREDENTIAL_LEAKED, found, where=where or "-")
        _tell_of_leak(found)
    return found


def _tell_of_leak(credential: ServiceCredential) -> None:
    vendor = tenants.get(credential.tenant_id)
    facts: dict[str, outbox.Fact] = {"account": vendor.account_id, "credential": credential.name}
    facts |= {"public_id": credential.public_id}
    for person in accounts.people_with(vendor.id, Permission.CREDENTIAL_KEEP):
        outbox.post("credential_leaked", person.email, person.language.value, facts | {"name": person.name}, vendor.id)


def _require_sound_end(expires_at: datetime | None) -> None:
    now = clock.now()
    if expires_at is not None and not now < expires_at <= now + LONGEST_TERM:
        raise LastDayOutOfRange()


def _add(actor: Actor, name: str, service_code: str | None, expires_at: datetime | None, **others: object) -> Issued:
    token = tokens.make()
    row = ServiceCredential(
        tenant_id=actor.tenant_id,
        name=name,
        service_code=service_code,
        secret_hash=tokens.digest_of(token),
        created_by_id=actor.person_id,
        created_at=clock.now(),
        expires_at=expires_at,
        **others,
    )
    return Issued(store.add(row), token)


def _in_words(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
