"""Becoming a member by the word of an account's identity provider (docs/decisions/0018): as a viewer, and once."""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, system_actor
from portal.access.roles import ROLE_NAMES, Permission, Role
from portal.accounts import invitations, members, passwords, people
from portal.accounts import store as accounts
from portal.accounts.models import Language, Person
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock, transaction
from portal.foundation.errors import NotFound, PortalError
from portal.foundation.words import clean_name
from portal.outbox import operations as outbox
from portal.providers import domain_store, domains, operations, store
from portal.providers.errors import (
    EmailNotVerified,
    ForeignDomain,
    InvitedAlready,
    JoinsAsSomebodyElse,
    LeftBefore,
    NotConnected,
    OwnSignInFirst,
    RecordGone,
    SignInDisabled,
)
from portal.providers.models import IdentityProvider, Joining, MailDomain, ProviderIdentity
from portal.providers.round_trips import Answered
from portal.tenants import store as tenants
from portal.tenants.errors import AccountSuspended
from portal.tenants.models import Standing, Tenant

ROLE = Role.VIEWER
SEEN_WITHIN = timedelta(days=1)


def look_again(answered: Answered) -> None:
    """Ask the DNS for the domain of who may join, if that was a day ago. Outside of transactions: it takes a while.

    Commits on its own. Raises: DnsSilent, and all that `join` refuses for whoever it is.
    """
    row, _email = _open_to(answered, _provider(answered))
    if _is_seen(row):
        return
    name, text = row.name, domains.record_of(row)[1]
    store.let_go()
    if text not in domains.look(name):
        raise RecordGone(domain=name)
    with transaction():
        again = domain_store.proven_of(answered.client.tenant_id, name)
        if again is not None:
            again.seen_at = clock.now()


def join(answered: Answered, language: Language) -> ProviderIdentity:
    """The new member, a viewer, who was nobody here, with the person. Who joined by it meanwhile is given back.

    Raises: NotFound when the provider is off by now, NotConnected where nobody joins by it or a member has to connect
    it first, AccountSuspended, EmailNotVerified, ForeignDomain, RecordGone, SignInDisabled, LeftBefore, StaffStaysOut,
    InvitedAlready, OwnSignInFirst.
    """
    provider = _locked(answered)
    named = store.identity(provider.tenant_id, provider.issuer, answered.subject)
    if named is not None:
        return named
    email = _may_join(answered, provider)
    person = accounts.person_by_email(email)
    if person is not None:
        _require_free(answered, provider, person)
        raise OwnSignInFirst(email=email)
    try:
        person = people.new_person(email, _name_of(answered, email), passwords.NO_PASSWORD, language)
    except IntegrityError as error:  # the same address accepted an invitation elsewhere at this very moment
        raise OwnSignInFirst(email=email) from error
    identity = _enter(answered, provider, person, email)
    tenant = tenants.get(provider.tenant_id).name
    facts: dict[str, outbox.Fact] = {"name": person.name, "tenant": tenant, "provider": provider.name}
    outbox.post("joined_by_provider", email, language.value, facts, provider.tenant_id)
    return identity


def join_as_oneself(answered: Answered, person: Person) -> ProviderIdentity:
    """As `join`, for a person who is here already and signed in by themselves.

    Raises: as `join`, but never OwnSignInFirst; JoinsAsSomebodyElse when another address is vouched for, IdentityTaken.
    """
    provider = _locked(answered)
    named = store.identity(provider.tenant_id, provider.issuer, answered.subject)
    if named is not None and named.person_id == person.id:
        return named
    email = _may_join(answered, provider)
    if accounts.email_key(email) != person.email_key:
        raise JoinsAsSomebodyElse(own=person.email, email=email, provider=provider.name)
    _require_free(answered, provider, person)
    return _enter(answered, provider, person, email)


def _provider(answered: Answered) -> IdentityProvider:
    row = store.find_at(answered.client.account_id)
    if row is None or not row.is_on or not operations.fits(row, answered):
        raise NotFound()
    return row


def _locked(answered: Answered) -> IdentityProvider:
    """The provider as it is now, and its tenant, kept from changing: two call-backs at once make one member."""
    row = _provider(answered)
    lock(row)
    if not row.is_on or not operations.fits(row, answered):
        raise NotFound()
    lock(tenants.get(row.tenant_id))
    return row


def _open_to(answered: Answered, provider: IdentityProvider) -> tuple[MailDomain, str]:
    """The domain by which the answer's person may join, whoever that is, and the address that is vouched for."""
    if provider.joining is Joining.NOBODY:
        raise _not_connected(answered)
    tenant = tenants.get(provider.tenant_id)
    if tenant.standing is Standing.SUSPENDED:
        raise AccountSuspended(tenant=tenant.name)
    if answered.email is None:
        raise EmailNotVerified(provider=provider.name)
    name = domains.domain_of(answered.email)
    row = domain_store.proven_of(provider.tenant_id, name)
    if row is None:
        raise ForeignDomain(domain=name)
    return row, answered.email


def _may_join(answered: Answered, provider: IdentityProvider) -> str:
    """The address that is vouched for, of a domain that was seen today, and of nobody who left or is invited."""
    row, email = _open_to(answered, provider)
    if not _is_seen(row):
        raise RecordGone(domain=row.name)
    if store.was_named(provider.tenant_id, provider.issuer, answered.subject):
        raise LeftBefore()
    if invitations.is_invited(system_actor("providers", provider.tenant_id), email):
        raise InvitedAlready()
    return email


def _is_seen(row: MailDomain) -> bool:
    return row.seen_at is not None and clock.now() - row.seen_at < SEEN_WITHIN


def _require_free(answered: Answered, provider: IdentityProvider, person: Person) -> None:
    """Nothing, unless this person may not become a member."""
    if not person.is_active:
        raise SignInDisabled()
    if accounts.find_live_membership(provider.tenant_id, person.id) is not None:
        raise _not_connected(answered)
    if accounts.was_member(provider.tenant_id, person.id):
        raise LeftBefore()
    invitations.refuse_staff(provider.tenant_id, person)


def _enter(answered: Answered, provider: IdentityProvider, person: Person, email: str) -> ProviderIdentity:
    tenant = tenants.get(provider.tenant_id)
    membership = members.join(tenant.id, person, ROLE)
    identity = operations.name_member(membership, provider, answered)
    newcomer = Actor(tenant_id=tenant.id, home_id=tenant.id, label=person.name, person_id=person.id)
    role = ROLE_NAMES[ROLE]
    audit.record(newcomer, Event.MEMBER_VOUCHED_FOR, membership, role=role, provider=provider.name, email=email)
    _tell_owners(tenant, provider, person)
    return identity


def _tell_owners(tenant: Tenant, provider: IdentityProvider, person: Person) -> None:
    about: dict[str, outbox.Fact] = {
        "who": person.name,
        "email": person.email,
        "tenant": tenant.name,
        "account": tenant.account_id,
        "provider": provider.name,
        "role": ROLE_NAMES[ROLE],
    }
    for owner in accounts.people_with(tenant.id, Permission.MEMBERS_MANAGE):
        outbox.post("member_vouched_for", owner.email, owner.language.value, about | {"name": owner.name}, tenant.id)


def _name_of(answered: Answered, email: str) -> str:
    """What the provider calls the person, or what stands before the @; they change it in their profile."""
    for text in (answered.name, email.partition("@")[0]):
        try:
            return clean_name(text or "")
        except PortalError:
            continue
    return email


def _not_connected(answered: Answered) -> NotConnected:
    return NotConnected(provider=answered.client.name, label=answered.label)
