"""What the portal says under its own name is signed with its own keys (Ed25519), one at a time for each purpose.

These are the portal's keys and nobody else's: no tenant has one, and no key pair of a tenant is ever among them. The
private half is sealed under the key-encryption key; whoever has the public half verifies without the portal.
`create_app` calls `configure(Sealer(kek))` once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Index, LargeBinary, String, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation import clock
from portal.foundation.database import Base, db, enum_type, insert_if_absent
from portal.foundation.sealed import Sealed
from portal.foundation.sealing import Place, Sealer

PUBLIC_BYTES = 32  # RFC 8032, 5.1.5
ID_DIGITS = 24


class Purpose(StrEnum):
    """What a key signs. A signature for one purpose is none for another, nor one for one environment for the other."""

    EVIDENCE = "evidence"
    BUNDLE_PRODUCTION = "bundle_production"
    BUNDLE_SANDBOX = "bundle_sandbox"


class SigningKey(Base):
    """A key of the portal. The one of its purpose that is not retired signs; all of them verify."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index(
            "uq_signing_keys_current",
            "purpose",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(enum_type(Purpose))
    public: Mapped[bytes] = mapped_column(LargeBinary(PUBLIC_BYTES))
    sealed: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "signing_key", self.key_id, self.purpose.value


@dataclass(frozen=True)
class Signed:
    """A signature of 64 bytes, and the id of the key that made it."""

    key_id: str
    signature: bytes


_sealer: Sealer | None = None


def configure(sealer: Sealer) -> None:
    """Seal and open private halves with this sealer from now on."""
    global _sealer
    _sealer = sealer


def sign(purpose: Purpose, octets: bytes) -> Signed:
    """The portal's signature over `octets`, inside the caller's transaction; the first one makes the key.

    Raises: CannotUnseal when the key-encryption key is another one than the key was sealed under.
    """
    key = current(purpose)
    return Signed(key.key_id, signer(key)(octets))


def signer(key: SigningKey) -> Callable[[bytes], bytes]:
    """What makes signatures of 64 bytes with this key. Raises: CannotUnseal."""
    return Ed25519PrivateKey.from_private_bytes(_get_sealer().unseal(key.sealed, _place(key.key_id))).sign


def verify(purpose: Purpose, key_id: str, octets: bytes, signature: bytes) -> bool:
    """Whether the portal signed `octets` for `purpose` with the key `key_id`, retired or not."""
    public = find_public(purpose, key_id)
    return public is not None and fits(public, octets, signature)


def fits(public: bytes, octets: bytes, signature: bytes) -> bool:
    """Whether `signature` over `octets` was made with the private half of `public`. It asks no database."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, octets)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id_of(public: bytes) -> str:
    """The id of the key with this public half: it follows from it, so that nobody has to be asked."""
    return f"sig_{hashlib.sha256(public).hexdigest()[:ID_DIGITS]}"


def find_public(purpose: Purpose, key_id: str) -> bytes | None:
    """The public half of a key for `purpose`, 32 bytes, or None."""
    rows = select(SigningKey.public).where(SigningKey.key_id == key_id, SigningKey.purpose == purpose)
    return db.session.scalar(rows)


def find_current(purpose: Purpose) -> SigningKey | None:
    """The key that signs now, or None when nothing was signed for this purpose yet."""
    rows = select(SigningKey).where(SigningKey.purpose == purpose, SigningKey.retired_at.is_(None))
    return db.session.scalar(rows)


def current(purpose: Purpose) -> SigningKey:
    """The key that signs now; made, in the caller's transaction, when there is none. Made twice at once, one stays."""
    key = find_current(purpose)
    if key is None:
        insert_if_absent(SigningKey.__table__, _new_values(purpose))  # type: ignore[arg-type]
        key = find_current(purpose)
        assert key is not None  # noqa: S101 - inserted just now, here or by another
    return key


def rotate(purpose: Purpose) -> SigningKey:
    """A new key in the place of the present one, which goes on verifying what it signed."""
    now = SigningKey.purpose == purpose, SigningKey.retired_at.is_(None)
    db.session.execute(update(SigningKey).where(*now).values(retired_at=clock.now()))
    db.session.expire_all()
    return current(purpose)


def published(purpose: Purpose, retired_since: datetime) -> list[SigningKey]:
    """The key that signs now and those that did until after that moment, the newest first."""
    known = SigningKey.purpose == purpose, or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > retired_since)
    return list(db.session.scalars(select(SigningKey).where(*known).order_by(SigningKey.created_at.desc())))


def every_key() -> list[SigningKey]:
    """All keys, by purpose, the newest first."""
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.purpose, SigningKey.created_at.desc())))


def _new_values(purpose: Purpose) -> dict[str, Any]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    key_id = key_id_of(public)
    sealed = _get_sealer().seal(private.private_bytes_raw(), _place(key_id))
    return {"key_id": key_id, "purpose": purpose, "public": public, "sealed": sealed, "created_at": clock.now()}


def _place(key_id: str) -> Place:
    return Place("signing_keys", "sealed", key_id)


def _get_sealer() -> Sealer:
    if _sealer is None:
        raise RuntimeError("foundation.signing.configure() was not called")
    return _sealer
