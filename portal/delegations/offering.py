"""How a delegation begins: the owner offers it, or the integrator requests it (rule 13)."""

import re
import uuid
from datetime import datetime, timedelta

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Permission, Right
from portal.audit.events import Event
from portal.contracts import store as contracts
from portal.delegations import store, upkeep
from portal.delegations.acting import conclude, require_agreement, require_home
from portal.delegations.errors import (
    AccountIdMalformed,
    AlreadyOpen,
    KeysNotGiven,
    OwnAccount,
    TicketNotNeeded,
    TicketOpen,
    UnknownRequestCode,
)
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.states import STATE_NAMES
from portal.delegations.terms import CHOSEN_BY_OWNER, Projects, Terms, check_asked, check_given, put_on
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_text
from portal.tenants import operations as codes
from portal.tenants import store as tenants
from portal.tenants.models import Tenant

ACCOUNT_ID = re.compile(r"MAG[0-9]{9}")
UNANSWERED = timedelta(days=30)  # design 2.2
NOBODY = uuid.UUID(int=0)
BEGINS = {
    Side.OWNER: (DelegationState.OFFERED, Event.DELEGATION_OFFERED),
    Side.INTEGRATOR: (DelegationState.REQUESTED, Event.DELEGATION_REQUESTED),
}


def offer(
    actor: Actor,
    account_id: str,
    *,
    environments: frozenset[Environment],
    rights: frozenset[Right],
    project_ids: Projects,
    ends_at: datetime,
    message: str = "",
) -> Delegation:
    """Offer the integrator with exactly this account id what these terms say, until `ends_at`.

    Nothing is granted before it accepts. Whether the account exists, or is an integrator's, shows only in its answer:
    until then an offer to nobody looks, and takes its time, like any other. Repeating an offer returns the first.
    project_ids: None for all projects. Raises: NotAllowed, OnlyFromHome, AccountIdMalformed, OwnAccount, AlreadyOpen,
    TicketOpen, and the refusals of `check_given`.
    """
    require_home(actor, Permission.DELEGATION_OFFER)
    return _offer(actor, account_id, Terms.asked(environments, rights, project_ids, ends_at), message)


def offer_ticket(
    actor: Actor,
    account_id: str,
    *,
    environments: frozenset[Environment],
    project_ids: Projects,
    ends_at: datetime,
    message: str = "",
) -> Delegation:
    """Give the integrator with exactly this account id a ticket: the right to make one key pair in each environment.

    It is an offer, which the integrator accepts by redeeming it; what is said of `offer` holds for it too. The pair
    made under it works until `ends_at`. Repeating it returns the first ticket.
    Raises: NotAllowed, OnlyFromHome, AccountIdMalformed, OwnAccount, TicketOpen, TicketNotNeeded, KeysNotGiven, and
    the refusals of `check_given`.
    """
    require_home(actor, Permission.HAND_OFF)
    terms = Terms.asked(environments, frozenset({Right.KEYS}), project_ids, ends_at)
    return _offer(actor, account_id, terms, message, one_pair=True)


def _offer(actor: Actor, account_id: str, terms: Terms, message: str, *, one_pair: bool = False) -> Delegation:
    account_id = clean_account_id(account_id)
    owner = tenants.get(actor.tenant_id)
    if owner.account_id == account_id:
        raise OwnAccount()
    check_given(actor, terms)
    delegation = _new(Side.OWNER, owner, account_id, message, one_pair=one_pair)
    delegation.integrator = _find_integrator(account_id)
    return _open(actor, delegation, terms)


def request(
    actor: Actor,
    request_code: str,
    *,
    environments: frozenset[Environment],
    rights: frozenset[Right],
    all_projects: bool,
    ends_at: datetime,
    message: str = "",
) -> Delegation:
    """Ask the owner that gave out this request code for a delegation on these terms.

    all_projects: False leaves the choice of projects to the owner. Repeating a request returns the first.
    Raises: NotAllowed, OnlyFromHome, AgreementMissing, UnknownRequestCode, OwnAccount, AlreadyOpen, and the refusals
    of `check_asked`.
    """
    require_home(actor, Permission.DELEGATION_OFFER)
    integrator = tenants.get(actor.tenant_id)
    require_agreement(integrator.id, integrator.account_id)
    terms = Terms.asked(environments, rights, None if all_projects else CHOSEN_BY_OWNER, ends_at)
    check_asked(terms)
    owner = codes.find_by_request_code(request_code)
    if owner is None:
        raise UnknownRequestCode()
    if owner.id == integrator.id:
        raise OwnAccount()
    delegation = _new(Side.INTEGRATOR, owner, integrator.account_id, message)
    delegation.integrator = integrator
    return _open(actor, delegation, terms)


def clean_account_id(text: str) -> str:
    """`text` as an account id: trimmed, in capitals. Raises: AccountIdMalformed."""
    account_id = text.strip().upper()
    if not ACCOUNT_ID.fullmatch(account_id):
        raise AccountIdMalformed()
    return account_id


def _find_integrator(account_id: str) -> Tenant | None:
    tenant = tenants.find_by_account_id(account_id)
    # Asked for an account that is not there too, so that the time it takes does not tell.
    found = contracts.is_integrator(tenant.id if tenant else NOBODY, clock.now())
    return tenant if found else None


def _new(side: Side, owner: Tenant, account_id: str, message: str, *, one_pair: bool = False) -> Delegation:
    state, _event = BEGINS[side]
    return Delegation(
        owner=owner,
        integrator_account_id=account_id,
        started_by=side,
        state=state,
        message=clean_text(message),
        one_pair=one_pair,
    )


def _open(actor: Actor, delegation: Delegation, terms: Terms) -> Delegation:
    # Offers and requests of one owner come one after the other: the index on open ones is never met.
    lock(delegation.owner)
    present = store.find_open(delegation.owner.id, delegation.integrator_account_id)
    if present is not None and not upkeep.settle(system_actor("clock"), present):
        return _repeated(present, delegation, terms)
    put_on(delegation, terms)
    delegation.lapses_at = min(clock.now() + UNANSWERED, terms.ends_at)
    store.add(delegation)
    conclude(actor, delegation, BEGINS[delegation.started_by][1], delegation.started_by, **terms.as_facts())
    return delegation


def _repeated(present: Delegation, again: Delegation, terms: Terms) -> Delegation:
    if _start(present) == _start(again) and Terms.of(present) == terms:
        return present
    raise _refusal_beside(present, again)(
        owner=present.owner.name,
        account=present.integrator_account_id,
        state=STATE_NAMES[present.state],
        delegation=present.public_id,
    )


def _refusal_beside(present: Delegation, wanted: Delegation) -> type[AlreadyOpen]:
    if present.one_pair:
        return TicketOpen
    if not wanted.one_pair:
        return AlreadyOpen
    return TicketNotNeeded if Right.KEYS in present.rights else KeysNotGiven


def _start(delegation: Delegation) -> tuple[DelegationState, Side, str, bool]:
    return delegation.state, delegation.started_by, delegation.message, delegation.one_pair
