"""Service credentials: which there are, a new one, a successor, and an end. A secret is in one answer, once."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.console import LastDay, Reason, calls, ends, read_anew
from portal.api.console_lists import Ends
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, ShownOnce, Text, listed
from portal.contracts import store as contracts
from portal.contracts.models import Service
from portal.credentials import operations, store
from portal.credentials.models import CredentialState, ServiceCredential
from portal.credentials.operations import LONGEST, USUAL, Issued
from portal.foundation import clock
from portal.foundation.errors import Invalid, NotFound
from portal.foundation.marking import N_
from portal.foundation.words import same_name
from portal.impact.expiring import Kind, in_term

LastDayOrNone = Annotated[LastDay | None, Field(description="Null: it works until somebody rotates or revokes it.")]


class CredentialNotTyped(Invalid):
    code = "credential_not_typed"
    sentence = N_("This is not the name of the credential.")


class CredentialsQuery(Paged):
    """Which credentials."""

    ends: Ends = None


class CredentialShown(Shown):
    """A service credential; `service` null: it may ask about all of them."""

    id: str
    name: str
    service: str | None
    state: CredentialState
    created_at: Moment
    created_by: str | None
    stops_at: Moment | None
    last_used_at: Moment | None
    successor: str | None
    revoked_at: Moment | None
    revoked_reason: str | None


class CredentialIssued(Shown):
    """A new credential with its secret, which is shown once. `old_stops_at`: of the one that it follows on."""

    credential: CredentialShown
    secret: ShownOnce
    old_stops_at: Moment | None


class NewCredential(Body):
    """What asks with it, about which service, and until when."""

    name: Text
    service: Annotated[Text | None, Field(description="The code of a service; null: all of them.")]
    last_day: LastDayOrNone = None


class CredentialRotation(Body):
    """How long the old one goes on, and until when the new one works."""

    overlap_seconds: Annotated[int, Field(ge=0, le=int(LONGEST.total_seconds()))] = int(USUAL.total_seconds())
    last_day: LastDayOrNone = None


class CredentialEnd(Body):
    """Why, and the credential's name typed once more."""

    reason: Reason
    typed_name: Annotated[Text, Field(description="The credential's name once more.")]


class CredentialRadius(Shown):
    """What a revocation stops: the services that are asked about with it, and when it was used last. `others`: those
    that go on asking about some of it."""

    credential: CredentialShown
    services: list[str]
    others: list[CredentialShown]


@calls.reads("/<account>/console/credentials", Permission.CONSOLE_SEE)
def credentials(actor: Actor, query: CredentialsQuery) -> Listed[CredentialShown]:
    """List service credentials, the newest first."""
    now = clock.now()
    page = store.page(actor, query.after, in_term(Kind.CREDENTIALS, query.ends, now) if query.ends else [])
    return Listed[CredentialShown](**listed(page, lambda row: _shown(row, now)))


@calls.writes("/<account>/console/credentials", Permission.CREDENTIAL_KEEP, makes=True)
def issue_credential(actor: Actor, body: NewCredential) -> CredentialIssued:
    """Issue a service credential. Its secret is in this answer, and nowhere else.

    Send an Idempotency-Key: without one, a call that comes twice issues two.
    """
    service = None if body.service is None else _service(body.service)
    issued = operations.issue(actor, body.name, service, expires_at=ends(body.last_day) if body.last_day else None)
    return _issued(actor, issued)


@calls.writes("/<account>/console/credentials/<credential_id>/rotate", Permission.CREDENTIAL_KEEP, makes=True)
def rotate_credential(actor: Actor, credential_id: str, body: CredentialRotation) -> CredentialIssued:
    """Issue a successor of a credential; the old one goes on for a while. The secret is in this answer only."""
    old = store.get(actor, credential_id)
    until = ends(body.last_day) if body.last_day else None
    issued = operations.rotate(actor, old, timedelta(seconds=body.overlap_seconds), expires_at=until)
    return _issued(actor, issued, store.get(actor, credential_id).stops_at)


@calls.reads("/<account>/console/credentials/<credential_id>/blast-radius", Permission.CREDENTIAL_KEEP)
def credential_radius(actor: Actor, credential_id: str) -> CredentialRadius:
    """Show what stops when a credential is revoked."""
    credential, now = store.get(actor, credential_id), clock.now()
    operations.require_working(credential)
    services = contracts.services() if credential.service is None else [credential.service]
    return CredentialRadius(
        credential=_shown(credential, now),
        services=[service.code for service in services],
        others=[_shown(other, now) for other in store.others_working(actor, credential, now)],
    )


@calls.writes("/<account>/console/credentials/<credential_id>/revoke", Permission.CREDENTIAL_KEEP)
def revoke_credential(actor: Actor, credential_id: str, body: CredentialEnd) -> CredentialShown:
    """Stop a credential at once and for good."""
    credential = store.get(actor, credential_id)
    if same_name(body.typed_name) != same_name(credential.name):
        raise CredentialNotTyped()
    operations.revoke(actor, credential, body.reason)
    read_anew()
    return _shown(store.get(actor, credential_id), clock.now())


def _service(code: str) -> Service:
    """The service of the catalogue with this code. Raises: NotFound."""
    found = next((service for service in contracts.services() if service.code == code), None)
    if found is None:
        raise NotFound()
    return found


def _issued(actor: Actor, issued: Issued, old_stops_at: datetime | None = None) -> CredentialIssued:
    shown = _shown(store.get(actor, issued.credential.public_id), clock.now())
    return CredentialIssued(credential=shown, secret=issued.token, old_stops_at=old_stops_at)


def _shown(row: ServiceCredential, at: datetime) -> CredentialShown:
    return CredentialShown(
        id=row.public_id,
        name=row.name,
        service=row.service_code,
        state=row.state(at),
        created_at=row.created_at,
        created_by=row.created_by.name if row.created_by else None,
        stops_at=row.stops_at,
        last_used_at=row.last_used_at,
        successor=row.successor.public_id if row.successor else None,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
    )
