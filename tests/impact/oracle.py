"""Who may call, said once more and slowly: from the rows of the database, in the words of the design.

It asks nothing of `portal.verifier`, nor of what pages ask: each sentence below is one of design.md.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.access.rows import Reader
from portal.contracts.models import Contract, Service
from portal.delegations.models import Delegation, DelegationProject
from portal.entitlements.models import Entitlement
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace
from portal.tenants.models import Tenant

Row = dict[str, Any]
REMEMBERED = timedelta(days=400)


@dataclass(frozen=True)
class Asked:
    """A call, and what is known of its token: whose private key signed it, and when it ends (None: it is no token)."""

    api_key: str
    signed_by: str | None
    ends_at: datetime | None
    data_space: str | None
    service: str | None


class Oracle:
    """What the database says now. `policy` is the deployment's: report or matched."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        with db.engine.connect() as connection:
            read = {model: _rows(connection, model) for model in (Tenant, Contract, Delegation, KeyPair, DataSpace)}
            self.entitlements = _rows(connection, Entitlement)
            self.shared = _rows(connection, DelegationProject)
            self.services = {row["code"] for row in _rows(connection, Service)}
        self.tenants, self.contracts, self.delegations = (
            by_id(read[model]) for model in (Tenant, Contract, Delegation)
        )
        self.keys = {row["api_key"]: row for row in read[KeyPair]}
        self.spaces = {row["public_id"]: row for row in read[DataSpace]}

    def refusals(self, asked: Asked, now: datetime) -> set[str]:
        """All reasons for which this call may not pass; none of them when it may."""
        key = self.keys.get(asked.api_key)
        if key is None or asked.signed_by != asked.api_key or asked.ends_at is None:
            return {"not_proven"}
        forgotten = {"not_proven"} if _is_forgotten(key, now) else set()
        in_time = timedelta(minutes=-1) < asked.ends_at - now <= timedelta(minutes=6)
        if not in_time:
            return forgotten | {"token_expired" if asked.ends_at < now else "token_too_far_ahead"}
        found = {*self._of_key(key, now), *self._of_space(key, asked), *self._of_service(key, asked, now)}
        return found | forgotten

    def live(self, now: datetime) -> list[str]:
        """The API keys of all pairs that live."""
        return [api_key for api_key, key in self.keys.items() if not any(self._of_key(key, now))]

    def _of_key(self, key: Row, now: datetime) -> Iterator[str]:
        """2.2: live is active or retiring, and not expired, and its delegation, contract and tenants live."""
        dead = {"pending": "key_pending", "lapsed": "key_pending", "retired": "key_retired"}
        dead |= {"revoked": "key_revoked", "compromised": "key_compromised"}
        if reason := dead.get(key["state"]):
            yield reason
        # docs/decisions/0008: a date of rotation stops a pair only where somebody chose so.
        if key["state"] == "retiring" and key["ending"] != "held" and key["retiring_until"] <= now:
            yield "key_compromised" if key["ending"] == "leak" else "key_retired"
        if key["expires_at"] is not None and key["expires_at"] <= now:
            yield "key_expired"
        for tenant_id, reason in ((key["tenant_id"], "owner_suspended"), (key["holder_id"], "holder_suspended")):
            if self.tenants[tenant_id]["standing"] == "suspended":
                yield reason
        contract = self.contracts[key["contract_id"]]
        if _is_over(contract, now):
            yield "contract_ended"
        if now < contract["starts_at"]:
            yield "contract_not_begun"
        yield from self._of_delegation(key, now)

    def _of_delegation(self, key: Row, now: datetime) -> Iterator[str]:
        """Rule 14: a delegated key never reaches beyond the delegation; checked whenever it is used."""
        if key["delegation_id"] is None:
            return
        delegation = self.delegations[key["delegation_id"]]
        if delegation["ends_at"] <= now or delegation["state"] == "ended":
            yield "delegation_ended"
        if delegation["state"] == "paused":
            yield "delegation_paused"
        if "keys" not in delegation["rights"] or key["environment"] not in delegation["environments"]:
            yield "delegation_narrowed"

    def _of_space(self, key: Row, asked: Asked) -> Iterator[str]:
        """Rule 20: another tenant's, or outside of the delegation: it does not exist. Section 4: sides and policy."""
        if asked.data_space is None:
            return
        space = self.spaces.get(asked.data_space)
        if space is None or space["tenant_id"] != key["tenant_id"] or not self._covers(key, space):
            yield "data_space_unknown"
        elif self.policy == "matched" and not space["serves_both_sides"] and space["environment"] != key["environment"]:
            yield "environment_mismatch"

    def _covers(self, key: Row, space: Row) -> bool:
        if key["delegation_id"] is None:
            return True
        delegation = self.delegations[key["delegation_id"]]
        shared = {row["project_id"] for row in self.shared if row["delegation_id"] == delegation["id"]}
        of_side = space["serves_both_sides"] or space["environment"] in delegation["environments"]
        return of_side and (delegation["all_projects"] or space["project_id"] in shared)

    def _of_service(self, key: Row, asked: Asked, now: datetime) -> Iterator[str]:
        """Section 2: an entitlement is from, until, because of a contract; one that is active is enough."""
        if asked.service is None:
            return
        if asked.service not in self.services:
            yield "service_unknown"
            return
        of_owner = [row for row in self.entitlements if row["tenant_id"] == key["tenant_id"]]
        states = {self._state_of(row, now) for row in of_owner if row["service_code"] == asked.service}
        if "active" not in states:
            yield from states or {"service_not_entitled"}

    def _state_of(self, row: Row, now: datetime) -> str:
        contract = self.contracts[row["contract_id"]]
        if _is_over(row, now) or _is_over(contract, now):
            return "service_ended"
        if now < row["starts_at"] or now < contract["starts_at"]:
            return "service_not_begun"
        return "service_suspended" if row["suspended_at"] is not None else "active"


def by_id(rows: list[Row]) -> dict[uuid.UUID, Row]:
    return {row["id"]: row for row in rows}


def _rows(connection: Any, model: Any) -> list[Row]:
    rows = select(model.__table__).execution_options(scope=Reader.UPKEEP)
    return [dict(row._mapping) for row in connection.execute(rows)]


def _is_over(row: Row, now: datetime) -> bool:
    return row["ends_at"] <= now or (row["ended_at"] is not None and row["ended_at"] <= now)


def _is_forgotten(key: Row, now: datetime) -> bool:
    """Doors may take a key for unknown that lapsed, or that ended long ago."""
    ended_at = key["retired_at"] or key["revoked_at"] or key["expires_at"]
    return key["state"] == "lapsed" or (ended_at is not None and ended_at < now - REMEMBERED)
