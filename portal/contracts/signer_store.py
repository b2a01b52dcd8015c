"""Every query on changes of the signer."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal.access.actor import Actor, system_actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by
from portal.accounts.models import Membership
from portal.contracts.models import Contract, SignerChange, SignerChangeState
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.tenants.models import Tenant

# Who is proposed, for which contract, whose signer is who, and by whom.
WHOLE = (
    joinedload(SignerChange.membership, innerjoin=True).joinedload(Membership.person, innerjoin=True),
    joinedload(SignerChange.contract, innerjoin=True).joinedload(Contract.edition, innerjoin=True),
    joinedload(SignerChange.contract, innerjoin=True).joinedload(Contract.signer).joinedload(Membership.person),
    joinedload(SignerChange.proposed_by),
    joinedload(SignerChange.tenant, innerjoin=True),
)
IS_WAITING = SignerChange.state == SignerChangeState.WAITING


def get(actor: Actor, public_id: str) -> SignerChange:
    """The change in the actor's tenant, with its parties. Raises: NotFound."""
    found: SignerChange = one_or_not_found(_of(actor).where(SignerChange.public_id == public_id))
    return found


def get_for_console(tenant: Tenant, public_id: str) -> SignerChange:
    """The change in this tenant, with its parties, for the vendor's staff. Raises: NotFound."""
    rows = across_tenants(SignerChange, reason=Reader.CONSOLE).options(*WHOLE)
    found: SignerChange = one_or_not_found(
        rows.where(SignerChange.tenant_id == tenant.id, SignerChange.public_id == public_id)
    )
    return found


def waiting(actor: Actor) -> Sequence[SignerChange]:
    """The changes that wait in the actor's tenant, with their parties, the oldest first."""
    return db.session.scalars(_of(actor).where(IS_WAITING).order_by(SignerChange.id)).all()


def waiting_of(tenant: Tenant) -> Sequence[SignerChange]:
    """The same in this tenant, for the vendor's staff."""
    rows = across_tenants(SignerChange, reason=Reader.CONSOLE).options(*WHOLE)
    rows = rows.where(SignerChange.tenant_id == tenant.id, IS_WAITING)
    return db.session.scalars(rows.order_by(SignerChange.id)).all()


def queue(place: str | None) -> Page[SignerChange]:
    """The changes that wait in any tenant, with their parties, those due first; for the vendor's staff. Raises:
    BadPlace."""
    rows = across_tenants(SignerChange, reason=Reader.CONSOLE).where(IS_WAITING).options(*WHOLE)
    return page_of(rows, SignerChange.due_at, SignerChange.tenant_id, SignerChange.id, place=place)


def find_waiting(contract: Contract) -> SignerChange | None:
    """The change that waits for this contract, with its parties, or None."""
    at_home = system_actor("signers", contract.tenant_id)
    rows = _of(at_home).where(IS_WAITING, SignerChange.contract_id == contract.id)
    return db.session.scalars(rows).one_or_none()


def hold(change: SignerChange) -> SignerChange:
    """The change as it is now, with its parties, kept from changing until the transaction ends."""
    rows = _of(system_actor("signers", change.tenant_id)).where(SignerChange.id == change.id)
    held: SignerChange = one_or_not_found(
        rows.with_for_update(of=SignerChange).execution_options(populate_existing=True)
    )
    return held


def due(at: datetime, limit: int) -> Sequence[SignerChange]:
    """Changes whose waiting time is over, or whose member has left, with their parties; at most `limit`."""
    rows = (
        across_tenants(SignerChange, reason=Reader.WORKER)
        .join(SignerChange.membership)
        .where(IS_WAITING, or_(SignerChange.due_at <= at, Membership.ended_at.is_not(None)))
        .options(*WHOLE)
        .order_by(SignerChange.due_at)
        .limit(limit)
    )
    return db.session.scalars(rows).all()


def add(change: SignerChange) -> SignerChange:
    """`change`, with its ids and parties. Raises: IntegrityError when another one waits."""
    db.session.add(change)
    db.session.flush()
    return hold(change)


def _of(actor: Actor) -> Select[SignerChange]:
    return owned_by(actor, SignerChange).options(*WHOLE)
