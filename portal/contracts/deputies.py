"""Deputies: the signer of a partner contract lets another member make keys under it, from one date to another."""

from datetime import UTC, date, datetime, time, timedelta

from portal.access.actor import Actor, require, require_scope
from portal.access.roles import Permission, Scope
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store
from portal.contracts.errors import (
    ContractNotRunning,
    DeputyBeganEarlier,
    DeputyDatesOutOfOrder,
    DeputyDatesOver,
    DeputyIsSigner,
    DeputyNotAMember,
    DeputyOutlastsContract,
    DeputyOver,
    NobodySigns,
    NotTheSigner,
    OnlyPartnersSign,
)
from portal.contracts.models import Contract, ContractKind, Deputy
from portal.foundation import clock


def require_signer(actor: Actor, contract: Contract) -> None:
    """Nothing, when the actor is the signer of `contract` (its signer loaded).

    A token of the signer's needs the scope for production key pairs: that is what a deputy comes to make.

    Raises: NotAllowed, ScopeMissing, OnlyPartnersSign, NobodySigns, NotTheSigner.
    """
    require(actor, Permission.SEE)
    require_scope(actor, Scope.PRODUCTION_KEYS)
    if contract.kind is not ContractKind.PARTNER:
        raise OnlyPartnersSign()
    if contract.live_signer is None:
        raise NobodySigns()
    if contract.live_signer.id != actor.membership_id:
        raise NotTheSigner(signer=contract.live_signer.person.name)


def require_running(contract: Contract) -> None:
    """Nothing, when `contract` (its edition loaded) is running. Raises: ContractNotRunning."""
    if not contract.is_running(clock.now()):
        raise ContractNotRunning(contract=contract.public_id, edition=contract.edition.name)


def name_deputy(
    actor: Actor, contract: Contract, membership: Membership, starts_at: datetime, ends_at: datetime
) -> Deputy:
    """Let `membership` make keys under `contract` from `starts_at` until before `ends_at`.

    Whoever is named with the same dates already stays named: the deputy that is there comes back.
    Raises: NotAllowed, OnlyPartnersSign, NobodySigns, NotTheSigner, ContractNotRunning, DeputyNotAMember,
    DeputyIsSigner, DeputyDatesOutOfOrder, DeputyDatesOver, DeputyBeganEarlier, DeputyOutlastsContract.
    """
    contract = store.lock_with_parties(actor, contract.id)
    require_signer(actor, contract)
    require_running(contract)
    _check_member(contract, membership)
    _check_dates(contract, starts_at, ends_at)

    if named := store.find_deputy(actor, contract, membership, starts_at, ends_at):
        return named
    deputy = store.add_deputy(
        actor,
        Deputy(
            tenant_id=contract.tenant_id,
            contract_id=contract.id,
            membership_id=membership.id,
            starts_at=starts_at,
            ends_at=ends_at,
        ),
    )
    audit.record(actor, Event.DEPUTY_NAMED, deputy, until=last_day_before(ends_at).isoformat())
    return deputy


def _check_member(contract: Contract, membership: Membership) -> None:
    if membership.tenant_id != contract.tenant_id or membership.ended_at is not None:
        raise DeputyNotAMember()
    if membership.id == contract.signer_id:
        raise DeputyIsSigner()


def _check_dates(contract: Contract, starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise DeputyDatesOutOfOrder()
    if ends_at <= clock.now():
        raise DeputyDatesOver()
    if starts_at < datetime.combine(clock.now().date(), time(), tzinfo=UTC):
        raise DeputyBeganEarlier()
    last_day = last_day_before(contract.ends_at)
    if ends_at > datetime.combine(last_day + timedelta(days=1), time(), tzinfo=UTC):
        raise DeputyOutlastsContract(last_day=last_day.isoformat())


def withdraw_deputy(actor: Actor, deputy: Deputy) -> None:
    """End a deputy's rights now; the keys they made stay. Withdrawing twice changes nothing and is no event.

    Raises: NotFound, NotAllowed, NobodySigns, NotTheSigner, DeputyOver.
    """
    contract = store.lock_with_parties(actor, deputy.contract_id)
    require_signer(actor, contract)
    deputy = store.get_deputy(actor, deputy.public_id)
    if deputy.withdrawn_at is not None:
        return
    if deputy.ends_at <= clock.now():
        raise DeputyOver()
    deputy.withdrawn_at = clock.now()
    audit.record(actor, Event.DEPUTY_WITHDRAWN, deputy)


def last_day_before(ends_at: datetime) -> date:
    """The last day, in UTC, that has a moment before `ends_at`."""
    return (ends_at.astimezone(UTC) - timedelta(microseconds=1)).date()
