"""Opening accounts, their names, their standing, and the code by which an integrator may ask."""

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.access.rows import columns_of, insert_many
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock, ids
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.sealing import token_hash
from portal.foundation.words import clean_name, same_name
from portal.tenants import store
from portal.tenants.errors import AccountIdMalformed, AccountIdTaken, VendorExists, VendorStays
from portal.tenants.models import STANDING_NAMES, Standing, Tenant

ACCOUNT_ID_DIGITS = 9
ACCOUNT_ID = re.compile(rf"MAG[0-9]{{{ACCOUNT_ID_DIGITS}}}")
LONGEST_SHOWN = 40
CODE_GROUPS, CODE_GROUP_LENGTH = 7, 4  # 28 characters of 5 random bits each: 140 bits
# What is read aloud or typed off paper comes back with these mistaken for each other (Crockford's base32).
MISREAD = str.maketrans("oil", "011")


@dataclass(frozen=True)
class NewTenant:
    """An account to be opened: its name, and its account id where the vendor has given one already."""

    name: str
    account_id: str | None = None


def create(actor: Actor, name: str, is_vendor: bool = False, account_id: str | None = None) -> Tenant:
    """A new tenant in good standing, with a random free account id, or with the one that is given. For the vendor's
    staff and the portal itself.

    Raises: NotAllowed, VendorExists, the refusals of a name and of an account id.
    """
    require(actor, Permission.TENANT_OPEN)
    if is_vendor and store.find_vendor() is not None:
        raise VendorExists()

    (tenant,) = _new([NewTenant(name, account_id)], is_vendor)
    store.add(tenant)
    audit.record(actor, Event.TENANT_CREATED, tenant, tenant_id=tenant.id)
    return tenant


def create_many(actor: Actor, wanted: Sequence[NewTenant]) -> list[Tenant]:
    """As `create`, each of them, in a few statements altogether: all of them, or none. The vendor's is none of them."""
    require(actor, Permission.TENANT_OPEN)
    tenants = _new(wanted, is_vendor=False)
    insert_many(Tenant, [columns_of(tenant) for tenant in tenants])
    for tenant in tenants:
        audit.record(actor, Event.TENANT_CREATED, tenant, tenant_id=tenant.id)
    return tenants


def _new(wanted: Sequence[NewTenant], is_vendor: bool) -> list[Tenant]:
    names = [clean_name(one.name) for one in wanted]
    account_ids = _account_ids([one.account_id for one in wanted])
    return [
        Tenant(id=ids.uuid7(), account_id=account_id, name=name, name_key=same_name(name), is_vendor=is_vendor)
        for account_id, name in zip(account_ids, names, strict=True)
    ]


def _account_ids(given: Sequence[str | None]) -> list[str]:
    """An account id for each: the given ones, checked, and random free ones.

    Raises: AccountIdMalformed, AccountIdTaken.
    """
    named = [account_id for account_id in given if account_id is not None]
    for account_id in named:
        if not ACCOUNT_ID.fullmatch(account_id):
            raise AccountIdMalformed(account_id=account_id[:LONGEST_SHOWN])
    if taken := [*store.taken(named), *(one for one, count in Counter(named).items() if count > 1)]:
        raise AccountIdTaken(account_id=taken[0])
    free = _free_account_ids(len(given) - len(named), set(named))
    return [account_id or free.pop() for account_id in given]


def _free_account_ids(count: int, but: set[str]) -> list[str]:
    """So many random ones that nobody has, none of them among `but`."""
    free: set[str] = set()
    while missing := count - len(free):
        random = {f"MAG{secrets.randbelow(10**ACCOUNT_ID_DIGITS):0{ACCOUNT_ID_DIGITS}}" for _ in range(missing)}
        free |= random - but - store.taken(sorted(random))
    return list(free)


def rename(actor: Actor, name: str, version: int) -> Tenant:
    """The actor's tenant under its new name; the name it has already changes nothing.

    Raises: NotAllowed, Changed, the refusals of a name.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    name = clean_name(name)
    tenant = store.get(actor.tenant_id)
    lock(tenant)
    if tenant.name == name:
        return tenant
    if tenant.version != version:
        raise Changed(versions=[(N_("Name"), name, tenant.name)])

    before, tenant.name, tenant.name_key = tenant.name, name, same_name(name)
    audit.record(actor, Event.TENANT_RENAMED, tenant, before=before)
    return tenant


def set_standing(
    actor: Actor, tenant: Tenant, standing: Standing, *, reason: str = "", version: int | None = None
) -> None:
    """Put `tenant` into this standing. Suspended: nothing of it verifies, and its members see only why.

    version: of the tenant as a form was loaded. Setting what is set already changes nothing and is no event.
    Raises: NotAllowed, VendorStays, Changed.
    """
    require(actor, Permission.STANDING_CHANGE)
    lock(tenant)
    if tenant.standing is standing:
        return
    if tenant.is_vendor:
        raise VendorStays()
    if version not in (None, tenant.version):
        names = STANDING_NAMES
        raise Changed(versions=[(N_("Standing"), names[standing], names[tenant.standing])])
    before, tenant.standing = tenant.standing, standing
    facts: dict[str, Any] = {"before": before.value, "after": standing.value} | ({"reason": reason} if reason else {})
    audit.record(actor, Event.STANDING_CHANGED, tenant, tenant_id=tenant.id, **facts)


def make_request_code(actor: Actor, version: int | None = None) -> str:
    """A new request code, 7 groups of 4 characters; the one before stops working. Only its SHA-256 is kept.

    Whoever has it may ask this tenant for a delegation (rule 13). version: of the tenant as a form was loaded, so that
    sending the form twice makes one code. Raises: NotAllowed, Changed.
    """
    require(actor, Permission.SETTINGS_MANAGE)
    tenant = store.get(actor.tenant_id)
    lock(tenant)
    if version is not None and tenant.version != version:
        raise Changed(versions=[])
    code = "-".join(_random_group() for _ in range(CODE_GROUPS))
    tenant.request_code_hash, tenant.request_code_made_at = _code_hash(code), clock.now()
    audit.record(actor, Event.REQUEST_CODE_MADE, tenant)
    return code


def find_by_request_code(code: str) -> Tenant | None:
    """The tenant that gave out this request code, or None. Case, spaces and dashes do not matter, nor o for 0."""
    return store.find_by_code_hash(_code_hash(code))


def _random_group() -> str:
    return "".join(secrets.choice(ids.ALPHABET) for _ in range(CODE_GROUP_LENGTH))


def _code_hash(code: str) -> bytes:
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return token_hash(plain.translate(MISREAD))
