"""Mail domains of an account: named, proven by a record in their DNS, and taken back (docs/decisions/0018)."""

from collections.abc import Set
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.accounts.emails import clean_email
from portal.accounts.errors import EmailInvalid
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.sealing import new_token
from portal.outbox import operations as outbox
from portal.providers import domain_store, txt_records
from portal.providers.errors import (
    DnsSilent,
    DomainAsked,
    DomainNotUsable,
    DomainTaken,
    DomainUnproven,
    PublicMailDomain,
    TooManyDomains,
    VendorSignsInItself,
)
from portal.providers.models import MailDomain
from portal.providers.public_mail import is_public
from portal.tenants import store as tenants

MOST = 20
AGAIN = timedelta(seconds=10)  # an account asks for one domain no more often than this
PREFIX = "partner-portal-domain="


def cleaned_domain(text: str) -> str:
    """A mail domain as typed, in ASCII and lower case; what stands before an @ is left out.

    Raises: DomainNotUsable, PublicMailDomain.
    """
    _before, _at, domain = text.strip().rpartition("@")
    try:
        name = domain_of(clean_email(f"postmaster@{domain}"))
    except EmailInvalid as error:
        raise DomainNotUsable() from error
    if is_public(name):
        raise PublicMailDomain(domain=name)
    return name


def domain_of(address: str) -> str:
    """The domain of an address as `clean_email` gives it."""
    return address.rpartition("@")[2].lower()


def record_of(row: MailDomain) -> tuple[str, str]:
    """The name and the text of the TXT record that proves this domain."""
    return f"{txt_records.LABEL}.{row.name}", PREFIX + row.token


def name_one(actor: Actor, name: str) -> MailDomain:
    """The domain of the actor's account, which counts for nothing until it is proven. Named already, nothing changes.

    Raises: NotAllowed, VendorSignsInItself, TooManyDomains, and what `cleaned_domain` refuses.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    tenant = tenants.get(actor.tenant_id)
    if tenant.is_vendor:
        raise VendorSignsInItself()
    name = cleaned_domain(name)
    lock(tenant)
    named = domain_store.find(actor, name)
    if named is not None:
        return named
    if domain_store.count(actor) >= MOST:
        raise TooManyDomains(most=MOST)
    row = MailDomain(tenant_id=tenant.id, name=name, token=new_token())
    domain_store.add(row)
    audit.record(actor, Event.DOMAIN_NAMED, row)
    return row


def begin_look(actor: Actor, row: MailDomain) -> None:
    """Note that the DNS is asked for this domain now. Raises: NotAllowed, DomainAsked."""
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    now = clock.now()
    if row.looked_at is not None and now - row.looked_at < AGAIN:
        raise DomainAsked(seconds=int(AGAIN.total_seconds()))
    row.looked_at = now


def look(name: str) -> Set[str]:
    """What stands in the DNS of this domain. Outside of transactions: it takes a while. Raises: DnsSilent."""
    try:
        return txt_records.texts_at(name)
    except txt_records.NoAnswer as failure:
        raise DnsSilent(domain=name) from failure


def prove(actor: Actor, row: MailDomain, found: Set[str]) -> bool:
    """Whether the domain counts for this account only now; False when it did before.

    found: what `look` found a moment ago. Another account for which it counted loses it, unless its own record stands
    there still: then it has the domain. Raises: NotAllowed, DomainUnproven, DomainTaken.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    name, (host, text) = row.name, record_of(row)
    if text not in found:
        raise DomainUnproven(domain=name, host=host)
    now = clock.now()
    row.seen_at = now
    if row.proven_at is not None:
        return False
    holder = domain_store.proven(name)
    if holder is not None and record_of(holder)[1] in found:
        raise DomainTaken(domain=name)
    if holder is not None:
        _lose(holder)
    row.proven_at = now
    try:
        domain_store.flush()
    except IntegrityError as error:  # proven for another account at this very moment
        raise DomainTaken(domain=name) from error
    audit.record(actor, Event.DOMAIN_PROVEN, row)
    return True


def remove(actor: Actor, row: MailDomain) -> None:
    """The account names this domain no longer. Who joined by it stays a member. Raises: NotAllowed."""
    require(actor, Permission.SETTINGS_MANAGE)
    lock(row)
    audit.record(actor, Event.DOMAIN_REMOVED, _Gone(row))
    domain_store.remove(row)


class _Gone:
    """What the record says of a row that is deleted."""

    def __init__(self, row: MailDomain) -> None:
        self.audit_subject = row.audit_subject


def _lose(row: MailDomain) -> None:
    """Who holds the domain now has proven it for another account: this one's owners are told."""
    lock(row)
    row.proven_at = None
    domain_store.flush()
    audit.record(system_actor("domains", row.tenant_id), Event.DOMAIN_LOST, row)
    tenant = tenants.get(row.tenant_id)
    for person in accounts.people_with(tenant.id, Permission.MEMBERS_MANAGE):
        facts: dict[str, outbox.Fact] = {
            "name": person.name,
            "tenant": tenant.name,
            "account": tenant.account_id,
            "domain": row.name,
        }
        outbox.post("domain_lost", person.email, person.language.value, facts, tenant.id)
