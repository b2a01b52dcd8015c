"""Writing counts: one transaction adds what this process saw to what all others saw."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from portal.access.roles import Environment
from portal.usage import recording_store
from portal.usage.buffer import Batch, Count, Use
from portal.usage.clients import Client
from portal.usage.models import KeyUse, UseClient

# Names of version 5 (RFC 9562, 5.5): two processes that see the same thing make the same id, so that one statement
# inserts it or adds to it.
NAMES = uuid.UUID("5b0cf1f6-4a53-4d0a-9c5e-3d1e6a0b7c11")


class Key(NamedTuple):
    """What the rows of a use take over from its key pair."""

    id: uuid.UUID
    holder_id: uuid.UUID
    environment: Environment


class Seen(NamedTuple):
    """A client that used a key in a data space, some time between two moments."""

    tenant_id: uuid.UUID
    key: Key
    data_space_id: uuid.UUID
    client: Client
    first_at: datetime
    last_at: datetime


def named(*parts: object) -> uuid.UUID:
    """The id of what these parts describe, always the same."""
    return uuid.uuid5(NAMES, "\x1f".join("" if part is None else str(part) for part in parts))


def record(batch: Batch) -> Sequence[Seen]:
    """Add the batch to the counts; what of it names a data space comes back, for `discovery`.

    A use of a key pair that is not there is left out; one of a data space that is not there counts without it.
    """
    pairs = recording_store.keys_of(batch)
    keys = {(row.tenant_id, row.id): Key(row.id, row.holder_id, row.environment) for row in pairs}
    spaces = {(row.tenant_id, row.public_id): row.id for row in recording_store.spaces_of(batch)}
    clients: dict[uuid.UUID, dict[str, Any]] = {}
    uses: dict[uuid.UUID, dict[str, Any]] = {}
    found = []
    for use, counted in batch.items():
        key = keys.get((use.tenant_id, use.key_pair_id))
        if key is None:
            continue
        space_id = None if use.data_space is None else spaces.get((use.tenant_id, use.data_space))
        client = _client_row(use, key)
        clients[client["id"]] = client
        row = _use_row(use, key, space_id, client["id"], counted)
        uses[row["id"]] = _together(uses.get(row["id"]), row)
        if space_id is not None:
            found.append(Seen(use.tenant_id, key, space_id, use.client, counted.first_at, counted.last_at))
    recording_store.insert_clients(_in_order(clients))
    recording_store.add_uses(_in_order(uses))
    return found


def _in_order(rows: dict[uuid.UUID, dict[str, Any]]) -> list[dict[str, Any]]:
    # Two processes that write the same rows take their locks in the same order.
    return sorted(rows.values(), key=lambda row: (row["tenant_id"], row["id"]))


def _held(use: Use, key: Key) -> dict[str, Any]:
    return {"tenant_id": use.tenant_id, "holder_id": key.holder_id, "environment": key.environment}


def _client_row(use: Use, key: Key) -> dict[str, Any]:
    client_id = named(UseClient.__tablename__, use.tenant_id, key.holder_id, key.environment, *use.client)
    return _held(use, key) | {"id": client_id, "identity": use.client.identity} | use.client._asdict()


def _use_row(use: Use, key: Key, space_id: uuid.UUID | None, client_id: uuid.UUID, counted: Count) -> dict[str, Any]:
    what = {
        "id": named(KeyUse.__tablename__, use.tenant_id, key.id, space_id, client_id, use.day, use.listed),
        "key_pair_id": key.id,
        "data_space_id": space_id,
        "client_id": client_id,
        "day": use.day,
        "listed": use.listed,
    }
    return _held(use, key) | what | _columns(counted)


def _columns(counted: Count) -> dict[str, Any]:
    return {"first_at": counted.first_at, "last_at": counted.last_at, "count": counted.calls}


def _together(present: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any]:
    # One statement cannot meet the same row twice.
    if present is None:
        return row
    both = Count(present["first_at"], present["last_at"], present["count"]).plus(
        Count(row["first_at"], row["last_at"], row["count"])
    )
    return present | _columns(both)
