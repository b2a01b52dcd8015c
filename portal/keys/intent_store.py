"""Every query on intents: what was begun to be made."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by
from portal.foundation.database import db
from portal.keys.models import KeyIntent, KeyPair, KeyState


def get(actor: Actor, public_id: str) -> KeyIntent:
    """The intent that this very person began, with its pair. Raises: NotFound."""
    rows = owned_by(actor, KeyIntent).where(
        KeyIntent.public_id == public_id,
        KeyIntent.person_id == actor.person_id,
        KeyIntent.holder_id == actor.home_id,
    )
    to_pairs = (joinedload(KeyIntent.key_pair), joinedload(KeyIntent.replaces))
    intent: KeyIntent = one_or_not_found(rows.options(*to_pairs))
    return intent


def hold_begun_by(holder_id: uuid.UUID, person_id: uuid.UUID, at: datetime) -> Sequence[KeyIntent]:
    """What this person began for this holder, in whatever tenant, and did not finish; kept from changing."""
    rows = across_tenants(KeyIntent, reason=Reader.HAND_OFF).where(
        KeyIntent.holder_id == holder_id,
        KeyIntent.person_id == person_id,
        KeyIntent.key_pair_id.is_(None),
        KeyIntent.discarded_at.is_(None),
        KeyIntent.expires_at > at,
    )
    held = rows.order_by(KeyIntent.id).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(held).all()


def find_by_code(code_hash: bytes, *, hold: bool = False) -> KeyIntent | None:
    """The intent of whatever tenant and state that was given the code with this hash, with its pairs; or None.

    hold: keep others from changing the intent until the transaction ends. Of who held it before, the pair may be
    missing.
    """
    rows = across_tenants(KeyIntent, reason=Reader.CODE_LOOK_UP).where(KeyIntent.code_hash == code_hash)
    if hold:
        rows = rows.with_for_update(of=KeyIntent).execution_options(populate_existing=True)
    to_pairs = (joinedload(KeyIntent.key_pair), joinedload(KeyIntent.replaces))
    return db.session.scalars(rows.options(*to_pairs)).one_or_none()


def find_open(like: KeyIntent, at: datetime) -> KeyIntent | None:
    """An unfinished intent of the same person for the same thing, or None: a repeated request meets it again."""
    rows = _open_like(like, at).where(KeyIntent.name == like.name)
    return db.session.scalars(rows.order_by(KeyIntent.id).limit(1)).first()


def hold_open(like: KeyIntent, names: Collection[str], at: datetime) -> dict[str, KeyIntent]:
    """The same for several names, by name, read anew and kept from changing until the transaction ends."""
    rows = _open_like(like, at).where(KeyIntent.name.in_(names)).order_by(KeyIntent.id.desc()).with_for_update()
    return {row.name: row for row in db.session.scalars(rows.execution_options(populate_existing=True))}


def _open_like(like: KeyIntent, at: datetime) -> Select[KeyIntent]:
    return _begun_like(like).where(
        KeyIntent.spki.is_(None) if like.spki is None else KeyIntent.spki == like.spki,
        KeyIntent.replaces_id.is_not_distinct_from(like.replaces_id),
        KeyIntent.overlap_seconds.is_not_distinct_from(like.overlap_seconds),
        KeyIntent.ending.is_not_distinct_from(like.ending),
        KeyIntent.key_pair_id.is_(None),
        KeyIntent.discarded_at.is_(None),
        KeyIntent.expires_at > at,
    )


def _begun_like(like: KeyIntent) -> Select[KeyIntent]:
    """Intents of whatever state by which the same person began to make pairs of the same kind."""
    return (
        select(KeyIntent)
        .where(
            KeyIntent.tenant_id == like.tenant_id,
            KeyIntent.holder_id == like.holder_id,
            KeyIntent.person_id == like.person_id,
            KeyIntent.contract_id == like.contract_id,
            KeyIntent.delegation_id.is_not_distinct_from(like.delegation_id),
            KeyIntent.environment == like.environment,
            KeyIntent.origin == like.origin,
        )
        .execution_options(scope=like.tenant_id)
    )


def made_by_command(like: KeyIntent, names: Collection[str]) -> set[str]:
    """Those of the names under which the same person made such a pair, which is in service and still bears the name."""
    rows = (
        _begun_like(like)
        .join(KeyIntent.key_pair)
        .where(KeyIntent.name.in_(names), KeyPair.name == KeyIntent.name, KeyPair.state == KeyState.ACTIVE)
    )
    return set(db.session.scalars(rows.with_only_columns(KeyIntent.name)))
