"""Opening an account: the tenant, the invitation of its first owner and, if it has one already, its first contract."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access.actor import Actor, system_actor
from portal.accounts import operations as accounts
from portal.accounts import store as account_store
from portal.accounts.models import Language
from portal.audit import store as audit
from portal.audit.events import Event
from portal.contracts import operations as terms
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_name, same_name
from portal.tenants import operations as tenants
from portal.tenants import store
from portal.tenants.errors import NamesakeThere
from portal.tenants.models import Tenant

# A form sent twice, or once more after a lost answer: later than this the same name is meant to be another account.
JUST_NOW = timedelta(minutes=1)


@dataclass(frozen=True)
class Term:
    """Edition (its code), first moment and end of a contract."""

    edition: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Opening:
    """What an account begins with. `another`: there may be one of the same name already."""

    name: str
    owner_email: str
    language: Language = Language.EN
    term: Term | None = None
    another: bool = False


def open_account(actor: Actor, opening: Opening) -> tuple[Tenant, Contract | None]:
    """The new account and its contract, its first owner invited. Each of these is an event about a thing of its own.

    Whoever opened one of this name for the same first owner less than a minute ago gets that one again, and nothing is
    made.
    Raises: NotAllowed, NamesakeThere, the refusals of a name, of an e-mail address and of a contract.
    """
    if opening.term:
        terms.check_term(opening.term.starts_at, opening.term.ends_at)
    name_key = same_name(clean_name(opening.name))
    if actor.person_id is not None and actor.home_id is not None:
        lock(store.get(actor.home_id))  # two at once: the second finds the first
    namesake = store.newest_by_name_key(name_key)
    if namesake is not None and _opened_just_now(actor, namesake) and _invites(namesake, opening.owner_email):
        return namesake, None
    if namesake is not None and not opening.another:
        raise NamesakeThere(tenant=namesake.name, account=namesake.account_id)

    tenant = tenants.create(actor, opening.name)
    contract = _conclude(actor, tenant, opening.term) if opening.term else None
    accounts.invite_first_owner(actor, tenant, opening.owner_email, language=opening.language)
    return tenant, contract


def _opened_just_now(actor: Actor, tenant: Tenant) -> bool:
    since = clock.now() - JUST_NOW
    return actor.person_id is not None and audit.did(tenant.id, Event.TENANT_CREATED.value, actor.person_id, since)


def _invites(tenant: Tenant, email: str) -> bool:
    """Whether it is this address that was invited: a corrected one is another wish, and never answered as the first."""
    return account_store.find_open_invitation(system_actor("console", tenant.id), email) is not None


def _conclude(actor: Actor, tenant: Tenant, term: Term) -> Contract:
    return entitlements.conclude(actor, tenant, contracts.edition(term.edition), term.starts_at, term.ends_at)
