"""A provider's answer as a factor: whom it names is asked at the choke point of all sign-ins."""

from dataclasses import dataclass
from typing import ClassVar

from portal.accounts.attempts import Proof, Step
from portal.accounts.emails import clean_email
from portal.accounts.errors import EmailInvalid
from portal.accounts.models import Means, Person
from portal.audit.events import Event
from portal.foundation.errors import NotFound
from portal.providers import domain_store, store
from portal.providers.domains import domain_of
from portal.providers.errors import ProviderSignInRefused
from portal.providers.models import IdentityProvider, ProviderIdentity
from portal.providers.round_trips import Answered
from portal.tenants import store as tenants

STEP = Step("idp-", ProviderSignInRefused, Event.PROVIDER_REFUSED, is_second=False)


@dataclass(frozen=True)
class ProviderAnswer:
    """What a provider answered to this browser's round trip, which is used up by now."""

    answered: Answered
    step: ClassVar[Step] = STEP

    def proof(self, person: Person | None) -> Proof | None:
        client = self.answered.client
        named = store.identity(client.tenant_id, client.issuer, self.answered.subject)
        if person is None or not person.is_active or named is None or named.person_id != person.id:
            return None
        return Proof(
            person.id,
            person.password_hash,
            means=Means.PROVIDER,
            vouched_by_id=client.tenant_id,
            asked_second=client.asks_second,
        )


def offered_at(account_id: str) -> IdentityProvider:
    """The provider that people sign in by to the account with this id, with its tenant. Raises: NotFound."""
    provider = store.find_at(account_id)
    if provider is None or not provider.is_on:
        raise NotFound()
    return provider


def account_of(wanted: str) -> str | None:
    """The id of the account whose provider is meant, or None where none is on: by its id, or by a mail address, of
    which nothing but the domain is looked at."""
    if "@" not in wanted:
        provider = store.find_at(wanted.strip().upper())
        return provider.tenant.account_id if provider is not None and provider.is_on else None
    try:
        domain = domain_store.proven(domain_of(clean_email(wanted)))
    except EmailInvalid:
        return None
    return account_of(tenants.get(domain.tenant_id).account_id) if domain is not None else None


def named_by(answered: Answered) -> ProviderIdentity | None:
    """The member whom the answer means, with the person; or None."""
    client = answered.client
    return store.identity(client.tenant_id, client.issuer, answered.subject)
