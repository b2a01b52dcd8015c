"""Rows as JSON, as bundles carry them, and the digest of a set of rows."""

import hashlib
import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from portal.verifier.records import (
    ContractRow,
    DelegationRow,
    GrantRow,
    GrantsRow,
    KeyRow,
    SpaceRow,
    TenantRow,
)
from portal.verifier.tables import Delta

Row = TenantRow | ContractRow | GrantsRow | DelegationRow | KeyRow | SpaceRow
KINDS = ("tenants", "contracts", "grants", "delegations", "keys", "spaces")
DIGEST_BITS = 256


def canonical(value: Any) -> bytes:
    """JSON with sorted names, no spaces, in UTF-8. Raises: ValueError, TypeError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def name_of(row: Row) -> str:
    """What the row is called among those of its kind: its first member."""
    first = row[0]
    return first.hex if isinstance(first, UUID) else first


def as_json(row: Row) -> list[Any]:
    """The row as a list: UUIDs as 32 hexadecimal digits, octets as base64, moments as Unix seconds."""
    return [_plain(member) for member in row]


def _plain(member: Any) -> Any:
    if isinstance(member, UUID):
        return member.hex
    if isinstance(member, bytes):
        return b2a_base64(member, newline=False).decode()
    return [_plain(part) for part in member] if isinstance(member, tuple) else member


def row_of(kind: str, value: Any) -> Row:
    """The row of this kind that `as_json` made so. Raises: ValueError when it is none."""
    try:
        return _READERS[kind](*value)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"no row of {kind}") from error


def _id(value: Any) -> UUID:
    if len(value) != 32:
        raise ValueError("no id")
    return UUID(hex=value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _moment(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no moment")
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _maybe(read: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else read(value)


def _list(read: Callable[[Any], Any], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return tuple(read(part) for part in value)


def _tenant(id: Any, account_id: Any, name: Any, standing: Any) -> TenantRow:
    return TenantRow(_id(id), _text(account_id), _text(name), _text(standing))


def _contract(id: Any, starts_at: Any, ends_at: Any, ended_at: Any) -> ContractRow:
    return ContractRow(_id(id), _moment(starts_at), _moment(ends_at), _maybe(_moment, ended_at))


def _grant(service: Any, contract: Any, starts_at: Any, ends_at: Any, ended_at: Any, is_suspended: Any) -> GrantRow:
    term = (_moment(starts_at), _moment(ends_at), _maybe(_moment, ended_at))
    return GrantRow(_text(service), _id(contract), *term, _yes_or_no(is_suspended))


def _grants(tenant: Any, grants: Any) -> GrantsRow:
    return GrantsRow(_id(tenant), _list(lambda one: _grant(*one), grants))


def _delegation(
    id: Any, public_id: Any, state: Any, ends_at: Any, sides: Any, rights: Any, projects: Any
) -> DelegationRow:
    reach = (_list(_text, sides), _list(_text, rights), _maybe(lambda some: _list(_id, some), projects))
    return DelegationRow(_id(id), _text(public_id), _text(state), _moment(ends_at), *reach)


def _key(
    api_key: Any,
    id: Any,
    tenant: Any,
    holder: Any,
    contract: Any,
    delegation: Any,
    environment: Any,
    state: Any,
    expires_at: Any,
    retiring_until: Any,
    ending: Any,
    spki: Any,
) -> KeyRow:
    return KeyRow(
        _text(api_key),
        _id(id),
        _id(tenant),
        _id(holder),
        _id(contract),
        _maybe(_id, delegation),
        _text(environment),
        _text(state),
        _maybe(_moment, expires_at),
        _maybe(_moment, retiring_until),
        _maybe(_text, ending),
        a2b_base64(_text(spki)),
    )


def _space(public_id: Any, tenant: Any, project: Any, environment: Any, serves_both_sides: Any) -> SpaceRow:
    return SpaceRow(_text(public_id), _id(tenant), _id(project), _text(environment), _yes_or_no(serves_both_sides))


_READERS: dict[str, Callable[..., Row]] = {
    "tenants": _tenant,
    "contracts": _contract,
    "grants": _grants,
    "delegations": _delegation,
    "keys": _key,
    "spaces": _space,
}


def rows_in(delta: Delta) -> Iterator[tuple[str, Row]]:
    """Each row of the delta, with its kind."""
    for kind in KINDS:
        for row in getattr(delta, kind):
            yield kind, row


# What becomes of the rows of these kinds and names: their new weights, None where they are gone.
Changes = dict[tuple[str, str], int | None]


def changes_by(delta: Delta, gone: Mapping[str, Iterable[str]]) -> Changes:
    """What the rows of a delta, and those that are gone by kind, do to the digest."""
    changes: Changes = {(kind, name_of(row)): weight_of(kind, row) for kind, row in rows_in(delta)}
    return changes | {(kind, name): None for kind, names in gone.items() for name in names}


def weight_of(kind: str, row: Row) -> int:
    """What a row adds to the digest."""
    return int.from_bytes(hashlib.sha256(canonical([kind, as_json(row)])).digest(), "big")


class Digest:
    """The digest of a set of rows, which a change moves without a look at all the others.

    It is the sum, modulo 2^256, of the SHA-256 of each row's kind and canonical JSON: whoever has the same rows has the
    same digest, in whatever order they came (docs/decisions/0012).
    """

    def __init__(self) -> None:
        self._weights: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self._total = 0

    def after(self, changes: Changes) -> str:
        """What the digest will be after these changes: 64 hexadecimal digits."""
        return _hex(self._total + sum(self._difference(*change) for change in changes.items()))

    def apply(self, changes: Changes) -> None:
        """Carry them out."""
        for (kind, name), weight in changes.items():
            self._total += self._difference((kind, name), weight)
            if weight is None:
                self._weights[kind].pop(name, None)
            else:
                self._weights[kind][name] = weight

    def _difference(self, what: tuple[str, str], weight: int | None) -> int:
        kind, name = what
        return (weight or 0) - self._weights[kind].get(name, 0)

    @property
    def hex(self) -> str:
        """64 hexadecimal digits."""
        return _hex(self._total)


def _hex(total: int) -> str:
    return f"{total % (1 << DIGEST_BITS):064x}"
