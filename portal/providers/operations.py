"""What an owner does with the account's identity provider, and a member with their own connection to it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock, ids, outgoing
from portal.foundation.database import lock
from portal.foundation.errors import Changed, NotFound
from portal.foundation.marking import N_
from portal.foundation.outgoing import Failed
from portal.foundation.words import clean_name
from portal.providers import discovery, domain_store, store
from portal.providers.errors import (
    ClientIdNotUsable,
    IdentityTaken,
    IssuerNotUsable,
    NoProvenDomain,
    NotTried,
    ProviderThere,
    SecretNotUsable,
    VendorSignsInItself,
)
from portal.providers.models import (
    JOINING_NAMES,
    LONGEST_CLIENT_ID,
    MODE_NAMES,
    IdentityProvider,
    Joining,
    ProviderIdentity,
    ProviderMode,
)
from portal.providers.round_trips import Answered
from portal.providers.setup import setup
from portal.tenants import store as tenants

LONGEST_SECRET = 1000


def set_up(
    actor: Actor, *, name: str, issuer: str, client_id: str, client_secret: str, asks_second: bool
) -> IdentityProvider:
    """The account's provider, switched off until it was tried. The secret is sealed, and never told again.

    Raises: NotAllowed, VendorSignsInItself, ProviderThere, and what `cleaned_issuer`, `cleaned_client_id`,
    `cleaned_secret` and a name are refused for.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    tenant = tenants.get(actor.tenant_id)
    if tenant.is_vendor:
        raise VendorSignsInItself()
    lock(tenant)
    if store.find(actor) is not None:
        raise ProviderThere()
    row = IdentityProvider(
        tenant_id=tenant.id,
        name=clean_name(name),
        issuer=cleaned_issuer(issuer),
        client_id=cleaned_client_id(client_id),
        mode=ProviderMode.OFF,
        asks_second=asks_second,
    )
    row.id = ids.uuid7()
    row.client_secret = setup().sealer.seal(cleaned_secret(client_secret).encode(), row.place)
    store.add(row)
    discovery.forget(row.issuer)
    audit.record(actor, Event.PROVIDER_SET_UP, row, host=_host(row), asks_second=asks_second)
    return row


def change(
    actor: Actor,
    row: IdentityProvider,
    version: int,
    *,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    asks_second: bool,
) -> None:
    """Keep these. client_secret: None keeps the one that is there.

    Another issuer or client is another provider: it is switched off, whoever came in by it alone is signed out, and
    nobody joins by it.
    Raises: as `set_up`, and Changed.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    name, issuer, client_id = clean_name(name), cleaned_issuer(issuer), cleaned_client_id(client_id)
    if row.version != version:
        raise Changed(
            [
                (N_("Name on the button"), name, row.name),
                (N_("Issuer"), issuer, row.issuer),
                (N_("Client id"), client_id, row.client_id),
            ]
        )
    is_same = (row.name, row.issuer, row.client_id, row.asks_second) == (name, issuer, client_id, asks_second)
    if is_same and client_secret is None:
        return
    if (row.issuer, row.client_id) != (issuer, client_id):
        _switch(actor, row, ProviderMode.OFF)
        row.joining = Joining.NOBODY  # that was said of the one before
    row.name, row.issuer, row.client_id, row.asks_second = name, issuer, client_id, asks_second
    if client_secret is not None:
        row.client_secret = setup().sealer.seal(cleaned_secret(client_secret).encode(), row.place)
    discovery.forget(issuer)
    is_new, host = client_secret is not None, _host(row)
    audit.record(actor, Event.PROVIDER_CHANGED, row, host=host, asks_second=asks_second, new_secret=is_new)


def switch(actor: Actor, row: IdentityProvider, mode: ProviderMode, tried: Answered | None = None) -> None:
    """Signing in by the provider from now on: off, optional or enforced. What it is already changes nothing.

    tried: the owner's own round trip a moment ago, without which it is not switched on; it connects the owner.
    Switching off signs out whoever came in by the provider alone. Raises: NotAllowed, NotTried, IdentityTaken.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    if mode is row.mode:
        return
    if not row.is_on:
        if tried is None or not fits(row, tried):
            raise NotTried()
        member = accounts.get_membership(actor, actor.membership_id) if actor.membership_id else None
        if member is not None:
            name_member(member, row, tried)
    before = row.mode
    _switch(actor, row, mode)
    audit.record(actor, Event.PROVIDER_SWITCHED, row, before=MODE_NAMES[before], after=MODE_NAMES[mode])


def set_joining(actor: Actor, row: IdentityProvider, joining: Joining) -> None:
    """Who joins by the provider's word from now on. What it is already changes nothing.

    Raises: NotAllowed, NoProvenDomain.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    if joining is row.joining:
        return
    if joining is Joining.DOMAIN and not domain_store.has_proven(actor):
        raise NoProvenDomain()
    before, row.joining = row.joining, joining
    was, is_now = JOINING_NAMES[before], JOINING_NAMES[joining]
    audit.record(actor, Event.PROVIDER_JOINING_CHANGED, row, before=was, after=is_now)


def remove(actor: Actor, row: IdentityProvider) -> None:
    """The account has no provider any more, and nobody is connected with it. Raises: NotAllowed."""
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    _switch(actor, row, ProviderMode.OFF)
    audit.record(actor, Event.PROVIDER_REMOVED, row, host=_host(row))
    store.remove(row)


def connect(membership: Membership, row: IdentityProvider, answered: Answered) -> ProviderIdentity:
    """From now on this answer's subject is this member. It was asked of a person who signed in by themselves.

    Connected already, nothing changes. Raises: NotFound when the provider is off or another one by now, IdentityTaken.
    """
    lock(row)
    if not row.is_on or not fits(row, answered):
        raise NotFound()
    named = store.identity(row.tenant_id, row.issuer, answered.subject)
    if named is not None and named.membership_id == membership.id:
        return named
    identity = name_member(membership, row, answered)
    audit.record(_as_member(membership), Event.IDENTITY_CONNECTED, identity)
    return identity


def disconnect(membership: Membership) -> None:
    """The provider names this member no longer, and who came in by it alone is signed out. Raises: NotFound."""
    identity = store.identity_of(membership)
    if identity is None:
        raise NotFound()
    gone = _Gone(identity.audit_subject)
    if not store.forget_identities(membership.tenant_id, ProviderIdentity.id == identity.id):
        raise NotFound()  # another click was quicker
    audit.record(_as_member(membership), Event.IDENTITY_DISCONNECTED, gone)
    accounts.end_vouching(membership.tenant_id, clock.now(), membership.person_id)


def fits(row: IdentityProvider, answered: Answered) -> bool:
    """Whether this answer is one of the provider as it is set up now."""
    client = answered.client
    same = (client.provider_id, client.issuer, client.client_id)
    return client.tenant_id == row.tenant_id and same == (row.id, row.issuer, row.client_id)


def cleaned_issuer(text: str) -> str:
    """An issuer as typed, without the spaces around it. Raises: IssuerNotUsable."""
    issuer = text.strip()
    try:
        outgoing.target_of(issuer, loopback=setup().loopback)
    except Failed as failure:
        raise IssuerNotUsable() from failure
    if "?" in issuer or "#" in issuer:
        raise IssuerNotUsable()
    return issuer


def cleaned_client_id(text: str) -> str:
    """A client id as typed, without the spaces around it. Raises: ClientIdNotUsable."""
    client_id = text.strip()
    if not 0 < len(client_id) <= LONGEST_CLIENT_ID or not client_id.isprintable() or " " in client_id:
        raise ClientIdNotUsable(longest=LONGEST_CLIENT_ID)
    return client_id


def cleaned_secret(text: str) -> str:
    """A client secret as typed, without the spaces around it. Raises: SecretNotUsable."""
    secret = text.strip()
    if not 0 < len(secret) <= LONGEST_SECRET or not secret.isprintable():
        raise SecretNotUsable(longest=LONGEST_SECRET)
    return secret


def _switch(actor: Actor, row: IdentityProvider, mode: ProviderMode) -> None:
    tenant = tenants.get(actor.tenant_id)
    lock(tenant)
    row.mode = mode
    tenant.requires_provider = mode is ProviderMode.ENFORCED
    if mode is ProviderMode.OFF:
        accounts.end_vouching(tenant.id, clock.now())


def name_member(membership: Membership, row: IdentityProvider, answered: Answered) -> ProviderIdentity:
    """The provider names this member by the answer's subject. No event: the act that needs it records one.

    Raises: IdentityTaken.
    """
    named = store.identity(row.tenant_id, row.issuer, answered.subject)
    if named is not None and named.membership_id != membership.id:
        raise IdentityTaken()
    store.forget_subject(row.tenant_id, row.issuer, answered.subject)
    store.forget_identities(row.tenant_id, ProviderIdentity.membership_id == membership.id)
    identity = ProviderIdentity(
        tenant_id=row.tenant_id,
        membership_id=membership.id,
        person_id=membership.person_id,
        issuer=row.issuer,
        subject=answered.subject,
        label=answered.label,
    )
    store.add(identity)
    return identity


def _host(row: IdentityProvider) -> str:
    return urlsplit(row.issuer).hostname or ""


def _as_member(membership: Membership) -> Actor:
    home = membership.tenant_id
    return Actor(tenant_id=home, home_id=home, label=membership.person.name, person_id=membership.person_id)


@dataclass(frozen=True)
class _Gone:
    audit_subject: tuple[str, str, str]
