"""What lines are about: entitlements, delegations and key pairs of all tenants, found by filters and told as facts."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload, load_only, selectinload

from portal.access.rows import Reader, across_tenants
from portal.contracts.models import Contract, Edition, Service
from portal.delegations.models import RUNNING_STATES, Delegation
from portal.delegations.states import state_at
from portal.entitlements.models import Entitlement, EntitlementState
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.keys.status import LIVE_STATES
from portal.reviews.models import Campaign, CampaignState, Line, ReviewSubject
from portal.reviews.uses import MODELS, Place, used_since
from portal.reviews.wanted import Wanted
from portal.tenants.models import Tenant

Facts = dict[str, Any]

NAMED = (Tenant.account_id, Tenant.name)
OF_CONTRACT = (Contract.public_id, Contract.ends_at, Contract.ended_at)
OF_KEY_PAIR = (
    KeyPair.holder_id,
    KeyPair.name,
    KeyPair.api_key,
    KeyPair.environment,
    KeyPair.state,
    KeyPair.created_at,
    KeyPair.expires_at,
    KeyPair.retiring_until,
    KeyPair.ending,
    KeyPair.version,
)


@dataclass(frozen=True)
class Thing:
    """What a line is about, as it is now. `holder` is the other tenant that works with it, where there is one."""

    row: Entitlement | Delegation | KeyPair
    owner: Tenant
    holder: Tenant | None
    public_id: str
    label: str
    facts: Facts
    is_over: bool

    @property
    def place(self) -> Place:
        return self.row.tenant_id, self.row.id


def count(subject: ReviewSubject, wanted: Wanted, vendor_id: uuid.UUID, at: datetime) -> int:
    """How many there are at this moment that fit the filters."""
    rows = _fitting(subject, wanted, vendor_id, at).with_only_columns(func.count(), maintain_column_froms=True)
    return db.session.scalar(rows) or 0


def after(campaign: Campaign, last: Place | None, limit: int, at: datetime) -> Sequence[Thing]:
    """The next ones that the campaign freezes, tenant by tenant; of those there were when it was made."""
    model = MODELS[campaign.subject]
    wanted = Wanted.from_json(campaign.filters)
    rows = _fitting(campaign.subject, wanted, campaign.tenant_id, at).where(model.created_at <= campaign.created_at)
    if last is not None:
        rows = rows.where(tuple_(model.tenant_id, model.id) > tuple_(*last))
    rows = rows.options(*_whole(campaign.subject)).order_by(model.tenant_id, model.id).limit(limit)
    return [_thing(row, at) for row in db.session.scalars(rows)]


def now(subject: ReviewSubject, places: Collection[Place], at: datetime, *, reason: Reader) -> Mapping[Place, Thing]:
    """These, as they are now, over or not; one that is gone is left out."""
    model = MODELS[subject]
    rows = across_tenants(model, reason=reason).where(tuple_(model.tenant_id, model.id).in_(list(places)))
    if subject is ReviewSubject.ENTITLEMENTS:
        rows = rows.join(Entitlement.contract)
    rows = rows.options(*_whole(subject)).execution_options(populate_existing=True)
    return {(row.tenant_id, row.id): _thing(row, at) for row in db.session.scalars(rows)}


def unknown(wanted: Wanted) -> str | None:
    """The first edition, service or contract of the filters that does not exist, or None."""
    looks = (
        (wanted.edition, select(Edition.code).where(Edition.code == wanted.edition)),
        (wanted.service, select(Service.code).where(Service.code == wanted.service)),
        (
            wanted.contract,
            across_tenants(Contract.id, reason=Reader.CONSOLE).where(Contract.public_id == wanted.contract),
        ),
    )
    return next((word for word, rows in looks if word is not None and db.session.scalar(rows) is None), None)


def reviewed_at(vendor_id: uuid.UUID, places: Collection[Place]) -> Mapping[Place, datetime]:
    """When the last campaign was closed in which somebody decided on each of these; one never reviewed is left out."""
    rows = (
        _reviews(vendor_id)
        .where(Line.subject_id.in_([one for _owner, one in places]))
        .group_by(Line.owner_id, Line.subject_id)
        .with_only_columns(Line.owner_id, Line.subject_id, func.max(Campaign.closed_at), maintain_column_froms=True)
    )
    found = db.session.execute(rows, execution_options={"scope": vendor_id})
    return {(owner_id, subject_id): at for owner_id, subject_id, at in found if at is not None}


def _reviews(vendor_id: uuid.UUID) -> Select[Any]:
    its = (Campaign.tenant_id == Line.tenant_id) & (Campaign.id == Line.campaign_id)
    decided = [Line.tenant_id == vendor_id, Line.decision.is_not(None), Campaign.state == CampaignState.CLOSED]
    return select(Line.id).join(Campaign, its).where(*decided)


def _fitting(subject: ReviewSubject, wanted: Wanted, vendor_id: uuid.UUID, at: datetime) -> Select[Any]:
    model = MODELS[subject]
    rows = across_tenants(model, reason=Reader.WORKER)
    if subject is ReviewSubject.ENTITLEMENTS:
        rows = rows.join(Entitlement.contract).where(*_granted(wanted, at))
    elif subject is ReviewSubject.KEYS:
        rows = rows.join(KeyPair.contract).where(*_live(wanted, at))
    else:
        rows = rows.where(Delegation.state.in_(RUNNING_STATES), Delegation.ends_at > at, *_given(wanted, at))
    return rows.where(*_aged(subject, wanted, vendor_id, at))


def _granted(wanted: Wanted, at: datetime) -> list[ColumnElement[bool]]:
    conditions = [*_not_over(Entitlement, at), *_not_over(Contract, at), *_of_contract(wanted)]
    return conditions if wanted.service is None else [*conditions, Entitlement.service_code == wanted.service]


def _live(wanted: Wanted, at: datetime) -> list[ColumnElement[bool]]:
    not_expired = or_(KeyPair.expires_at.is_(None), KeyPair.expires_at > at)
    conditions = [KeyPair.state.in_(LIVE_STATES), not_expired, *_of_contract(wanted)]
    if wanted.service is None:
        return conditions
    entitled = select(Entitlement.id).where(
        Entitlement.tenant_id == KeyPair.tenant_id,
        Entitlement.contract_id == KeyPair.contract_id,
        Entitlement.service_code == wanted.service,
        *_not_over(Entitlement, at),
    )
    return [*conditions, entitled.exists()]


def _given(wanted: Wanted, at: datetime) -> list[ColumnElement[bool]]:
    # A delegation hangs on no contract: it is its owner who has one.
    conditions: list[ColumnElement[bool]] = []
    if wanted.edition is not None or wanted.contract is not None:
        its = select(Contract.id).where(Contract.tenant_id == Delegation.tenant_id)
        conditions.append(its.where(*_not_over(Contract, at), *_of_contract(wanted)).exists())
    if wanted.service is not None:
        entitled = select(Entitlement.id).where(
            Entitlement.tenant_id == Delegation.tenant_id,
            Entitlement.service_code == wanted.service,
            *_not_over(Entitlement, at),
        )
        conditions.append(entitled.exists())
    return conditions


def _not_over(model: type[Entitlement] | type[Contract], at: datetime) -> list[ColumnElement[bool]]:
    return [model.ends_at > at, or_(model.ended_at.is_(None), model.ended_at > at)]


def _of_contract(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.edition is not None:
        conditions.append(Contract.edition_code == wanted.edition)
    if wanted.contract is not None:
        conditions.append(Contract.public_id == wanted.contract)
    return conditions


def _aged(subject: ReviewSubject, wanted: Wanted, vendor_id: uuid.UUID, at: datetime) -> list[ColumnElement[bool]]:
    model = MODELS[subject]
    conditions: list[ColumnElement[bool]] = []
    if wanted.older_than_days is not None:
        conditions.append(model.created_at <= at - timedelta(days=wanted.older_than_days))
    if wanted.unused_for_days is not None:
        since = at - timedelta(days=wanted.unused_for_days)
        # One that is younger has had no time to be used.
        conditions += [model.created_at <= since, ~used_since(subject, model.tenant_id, model.id, since)]
    if wanted.not_reviewed_since is not None:
        day = datetime.combine(wanted.not_reviewed_since, time(), tzinfo=UTC)
        same = [Line.owner_id == model.tenant_id, Line.subject_id == model.id, Campaign.closed_at >= day]
        conditions.append(~_reviews(vendor_id).where(*same).exists())
    return conditions


def _whole(subject: ReviewSubject) -> tuple[Any, ...]:
    """All that `_thing` asks of a row, and no more: a list of thousands is read at once."""
    if subject is ReviewSubject.ENTITLEMENTS:
        contract = contains_eager(Entitlement.contract)
        return (
            joinedload(Entitlement.tenant, innerjoin=True).load_only(*NAMED),
            joinedload(Entitlement.service, innerjoin=True),
            contract.load_only(*OF_CONTRACT),
            contract.joinedload(Contract.edition, innerjoin=True).load_only(Edition.name),
        )
    if subject is ReviewSubject.DELEGATIONS:
        parties = (joinedload(Delegation.owner, innerjoin=True), joinedload(Delegation.integrator))
        return *(party.load_only(*NAMED) for party in parties), selectinload(Delegation.projects)
    contract = joinedload(KeyPair.contract, innerjoin=True)
    return (
        load_only(*OF_KEY_PAIR),
        joinedload(KeyPair.owner, innerjoin=True).load_only(*NAMED),
        joinedload(KeyPair.holder, innerjoin=True).load_only(*NAMED),
        contract.load_only(*OF_CONTRACT),
        contract.joinedload(Contract.edition, innerjoin=True).load_only(Edition.name),
    )


def _thing(row: Entitlement | Delegation | KeyPair, at: datetime) -> Thing:
    if isinstance(row, Entitlement):
        return _entitlement(row, at)
    return _delegation(row, at) if isinstance(row, Delegation) else _key_pair(row, at)


def _entitlement(row: Entitlement, at: datetime) -> Thing:
    state = row.state(at)
    facts = {
        "service": row.service.name,
        "contract": row.contract.public_id,
        "edition": row.contract.edition.name,
        "from": row.starts_at.date().isoformat(),
        "last_day": _last_day(min(row.ends_at, row.contract.ends_at)),
        "state": state.value,
    }
    _type, public_id, label = row.audit_subject
    return Thing(row, row.tenant, None, public_id, label, facts, state is EntitlementState.ENDED)


def _delegation(row: Delegation, at: datetime) -> Thing:
    state = state_at(row, at)
    label = row.integrator_account_id if row.integrator is None else row.integrator.name
    facts = {
        "integrator": label,
        "environments": sorted(row.environments),
        "rights": sorted(row.rights),
        "projects": None if row.all_projects else len(row.projects),
        "ticket": row.one_pair,
        "from": row.created_at.date().isoformat(),
        "last_day": _last_day(row.ends_at),
        "state": state.value,
    }
    return Thing(row, row.owner, row.integrator, row.public_id, label, facts, state not in RUNNING_STATES)


def _key_pair(row: KeyPair, at: datetime) -> Thing:
    facts = {
        "name": row.name,
        "environment": row.environment.value,
        "holder": row.holder.name,
        "contract": row.contract.public_id,
        "edition": row.contract.edition.name,
        "from": row.created_at.date().isoformat(),
        "last_day": None if row.stops_at is None else _last_day(row.stops_at),
        "state": row.state.value,
    }
    is_over = row.state not in LIVE_STATES or (row.stops_at is not None and row.stops_at <= at)
    holder = None if row.holder_id == row.tenant_id else row.holder
    return Thing(row, row.owner, holder, row.api_key, row.name, facts, is_over)


def _last_day(ends_at: datetime) -> str:
    return (ends_at - timedelta(microseconds=1)).date().isoformat()
