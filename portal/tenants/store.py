"""Every query on tenants."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from portal.access.rows import Reader, across_tenants
from portal.foundation.database import db
from portal.foundation.errors import NotFound
from portal.tenants.models import Tenant

PORTION = 500  # ids in one statement


def add(tenant: Tenant) -> Tenant:
    """`tenant`, written."""
    db.session.add(tenant)
    db.session.flush()
    return tenant


def taken(account_ids: Sequence[str]) -> set[str]:
    """Those of `account_ids` that somebody has."""
    found: set[str] = set()
    for start in range(0, len(account_ids), PORTION):
        some = account_ids[start : start + PORTION]
        found |= set(db.session.scalars(select(Tenant.account_id).where(Tenant.account_id.in_(some))))
    return found


def get(tenant_id: uuid.UUID | None) -> Tenant:
    """The tenant with this inner id. Raises: NotFound."""
    tenant = db.session.get(Tenant, tenant_id) if tenant_id is not None else None
    if tenant is None:
        raise NotFound()
    return tenant


def find_by_account_id(account_id: str) -> Tenant | None:
    """The tenant with exactly this account id, or None."""
    return db.session.scalars(select(Tenant).where(Tenant.account_id == account_id)).one_or_none()


def get_by_account_id(account_id: str) -> Tenant:
    """The tenant with exactly this account id. Raises: NotFound."""
    tenant = find_by_account_id(account_id)
    if tenant is None:
        raise NotFound()
    return tenant


def find_by_name_key(name_key: str) -> Tenant | None:
    """The oldest tenant that people would call by this name, or None; see `same_name`."""
    rows = across_tenants(Tenant, reason=Reader.UPKEEP).where(Tenant.name_key == name_key)
    return db.session.scalars(rows.order_by(Tenant.id).limit(1)).first()


def newest_by_name_key(name_key: str) -> Tenant | None:
    """The newest tenant that people would call by this name, or None; see `same_name`."""
    rows = across_tenants(Tenant, reason=Reader.UPKEEP).where(Tenant.name_key == name_key)
    return db.session.scalars(rows.order_by(Tenant.id.desc()).limit(1)).first()


def find_by_code_hash(code_hash: bytes) -> Tenant | None:
    """The tenant whose request code has this SHA-256, or None."""
    rows = across_tenants(Tenant, reason=Reader.CODE_LOOK_UP).where(Tenant.request_code_hash == code_hash)
    return db.session.scalars(rows).one_or_none()


def find_vendor() -> Tenant | None:
    """The vendor's own tenant, or None before it is set up."""
    return db.session.scalars(select(Tenant).where(Tenant.is_vendor)).one_or_none()
