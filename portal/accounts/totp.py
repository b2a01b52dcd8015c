"""Codes of authenticator apps (RFC 6238): six digits, another six every 30 seconds. Seeds are kept sealed."""

import hmac
import re
from datetime import datetime

import pyotp

from portal.accounts.models import SecondFactor
from portal.foundation.sealing import Sealer

STEP_SECONDS = 30
# security.md section 1: one step each way, for clocks that differ and people who type slowly.
SKEW_STEPS = 1
CODE = re.compile(r"[0-9]{6}")  # other digits of Unicode are none
ISSUER = "Partner portal"

_sealer: Sealer | None = None


def configure(sealer: Sealer) -> None:
    """Seal and open seeds with this sealer from now on."""
    global _sealer
    _sealer = sealer


def new_seed() -> str:
    """160 random bits as 32 letters of base32: as many as HMAC-SHA-1 has (RFC 4226, section 4)."""
    return pyotp.random_base32()


def address(seed: str, email: str, host: str) -> str:
    """The `otpauth:` address that an authenticator app reads from the QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=f"{ISSUER} ({host})")


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """The step, counted from 1970, whose code this is, at most one step from `now`; the later of two; or None.

    Spaces in the code do not count, as apps show it in two groups.
    """
    typed = code.replace(" ", "")
    if not CODE.fullmatch(typed):
        return None
    current, codes = int(now.timestamp()) // STEP_SECONDS, pyotp.TOTP(seed)
    steps = range(current - SKEW_STEPS, current + SKEW_STEPS + 1)
    return max((step for step in steps if hmac.compare_digest(codes.generate_otp(step), typed)), default=None)


def seal(factor: SecondFactor, seed: str) -> str:
    """The seed as it is stored, bound to its row."""
    return _get_sealer().seal(seed.encode(), factor.place)


def seed_of(factor: SecondFactor) -> str:
    """The stored seed, opened. Raises: CannotUnseal."""
    return _get_sealer().unseal(factor.sealed or "", factor.place).decode()


def _get_sealer() -> Sealer:
    if _sealer is None:
        raise RuntimeError("totp.configure() was not called")
    return _sealer
