"""Puts in what was planned, in the caller's transaction, by the operations of each room: same rules, events, mails."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from portal.access.actor import Actor
from portal.accounts import operations as accounts
from portal.accounts import store as account_store
from portal.accounts.operations import FirstOwner
from portal.contracts import operations as contracts
from portal.contracts.many import NewContract, lock_many
from portal.entitlements import many as entitlements
from portal.imports.planning import Account, Planned
from portal.tenants import operations as tenants
from portal.tenants.operations import NewTenant


class Applied:
    """What was put in: how many of each, and which account each line belongs to."""

    def __init__(self, planned: Sequence[Planned], opened: dict[Account, str]) -> None:
        self.counts = {
            "opened": len(opened),
            "concluded": sum(one.concludes for one in planned),
            "extended": sum(one.extends is not None for one in planned),
            "invited": sum(bool(one.invites) for one in planned),
            "signers": sum(one.signs is not None for one in planned),
        }
        self.account_ids = {
            one.line.number: opened.get(one.account) or (one.account.known.account_id if one.account.known else "")
            for one in planned
        }


def put_in(actor: Actor, planned: Sequence[Planned]) -> Applied:
    """Carry out every line. Raises: the refusals of each room, when something changed at this very moment."""
    opening = [one for one in planned if one.opens]
    wanted = [NewTenant(one.line.name, one.line.account_id or None) for one in opening]
    opened = dict(zip((one.account for one in opening), tenants.create_many(actor, wanted), strict=True))
    ids = {account: tenant.id for account, tenant in opened.items()}
    account_ids = {account: tenant.account_id for account, tenant in opened.items()}
    _conclude(actor, [one for one in planned if one.concludes], ids)
    _extend(actor, [one for one in planned if one.extends is not None])
    _sign(actor, [one for one in planned if one.signs_under is not None])
    owners = [
        FirstOwner(_tenant_id(one, ids), one.account.name, one.invites, one.line.language)
        for one in planned
        if one.invites
    ]
    accounts.invite_owners(actor, owners)
    return Applied(planned, account_ids)


def _tenant_id(one: Planned, opened: dict[Account, uuid.UUID]) -> uuid.UUID:
    return one.account.known.id if one.account.known is not None else opened[one.account]


def _conclude(actor: Actor, planned: Sequence[Planned], opened: dict[Account, uuid.UUID]) -> None:
    wanted = [
        NewContract(_tenant_id(one, opened), one.line.edition, one.line.starts_at, one.line.ends_at, one.signs)
        for one in planned
        if one.line.edition is not None
    ]
    entitlements.conclude_many(actor, wanted)


def _extend(actor: Actor, planned: Sequence[Planned]) -> None:
    found = lock_many([one.extends.key for one in planned if one.extends is not None])
    ends = {found[one.extends.id]: one.line.ends_at for one in planned if one.extends is not None}
    entitlements.extend_many(actor, ends)


def _sign(actor: Actor, planned: Sequence[Planned]) -> None:
    found = lock_many([one.signs_under.key for one in planned if one.signs_under is not None])
    for one in planned:
        if one.signs_under is not None:
            contract = found[one.signs_under.id]
            there = replace(actor, tenant_id=contract.tenant_id)
            contracts.record_signer(there, contract, account_store.get_membership(there, one.signs))
