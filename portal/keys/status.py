"""What a key pair is at a moment: its stored state, corrected by the clock and by what it hangs on.

`verifier/liveness.py` decides the same for doors and says why; `tests/verifier/test_liveness.py` holds both together.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from portal.access.roles import Right
from portal.delegations.models import Delegation, DelegationState
from portal.foundation.marking import N_
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.tenants.models import Standing

# Rule 2: an unconfirmed pair lapses after 30 minutes, and so does its intent.
MAKING_TIME = timedelta(minutes=30)

LIVE_STATES = (KeyState.ACTIVE, KeyState.RETIRING)


class KeyStatus(StrEnum):
    """The states of a key pair and what stops a pair whose own state would let it live."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    HELD_OPEN = "held_open"
    LAPSED = "lapsed"
    RETIRED = "retired"
    REVOKED = "revoked"
    COMPROMISED = "compromised"
    EXPIRED = "expired"
    DELEGATION_PAUSED = "delegation_paused"
    DELEGATION_ENDED = "delegation_ended"
    DELEGATION_NARROWED = "delegation_narrowed"
    CONTRACT_ENDED = "contract_ended"
    SUSPENDED = "suspended"


STATUS_NAMES: dict[KeyStatus, str] = {
    KeyStatus.PENDING: N_("Waiting to be confirmed"),
    KeyStatus.ACTIVE: N_("Active"),
    KeyStatus.RETIRING: N_("Retiring"),
    KeyStatus.HELD_OPEN: N_("Retiring: held open past its date"),
    KeyStatus.LAPSED: N_("Lapsed"),
    KeyStatus.RETIRED: N_("Retired"),
    KeyStatus.REVOKED: N_("Revoked"),
    KeyStatus.COMPROMISED: N_("Compromised"),
    KeyStatus.EXPIRED: N_("Expired"),
    KeyStatus.DELEGATION_PAUSED: N_("Stopped: delegation paused"),
    KeyStatus.DELEGATION_ENDED: N_("Stopped: delegation ended"),
    KeyStatus.DELEGATION_NARROWED: N_("Stopped: delegation narrowed"),
    KeyStatus.CONTRACT_ENDED: N_("Stopped: contract ended"),
    KeyStatus.SUSPENDED: N_("Stopped: account suspended"),
}
LIVE = frozenset({KeyStatus.ACTIVE, KeyStatus.RETIRING, KeyStatus.HELD_OPEN})


def status_of(pair: KeyPair, at: datetime) -> KeyStatus:
    """The pair's status at this moment. `pair` comes with its contract, owner, holder and delegation loaded.

    It is live when it is active or retiring, not expired, and its delegation, contract and tenants are live. The date
    of its rotation stops a retiring pair only where the end is hard: no rotation causes an outage by itself.
    """
    own = _own_status(pair, at)
    if own not in LIVE:
        return own
    if Standing.SUSPENDED in (pair.owner.standing, pair.holder.standing):
        return KeyStatus.SUSPENDED
    if not pair.contract.is_running(at):
        return KeyStatus.CONTRACT_ENDED
    return _under_delegation(pair, at) or own


def _own_status(pair: KeyPair, at: datetime) -> KeyStatus:
    if pair.state is KeyState.PENDING and at >= pair.created_at + MAKING_TIME:
        return KeyStatus.LAPSED
    past_date = pair.state is KeyState.RETIRING and pair.retiring_until is not None and at >= pair.retiring_until
    if past_date and pair.ending is not KeyEnding.HELD:
        return KeyStatus.COMPROMISED if pair.ending is KeyEnding.LEAK else KeyStatus.RETIRED
    if pair.state in LIVE_STATES and pair.expires_at is not None and at >= pair.expires_at:
        return KeyStatus.EXPIRED
    return KeyStatus.HELD_OPEN if past_date else KeyStatus(pair.state.value)


def _under_delegation(pair: KeyPair, at: datetime) -> KeyStatus | None:
    delegation = pair.delegation
    if delegation is None:
        return None
    if delegation.state is DelegationState.PAUSED and at < delegation.ends_at:
        return KeyStatus.DELEGATION_PAUSED
    if delegation.state is not DelegationState.ACTIVE or at >= delegation.ends_at:
        return KeyStatus.DELEGATION_ENDED
    return None if _covers(delegation, pair) else KeyStatus.DELEGATION_NARROWED


def _covers(delegation: Delegation, pair: KeyPair) -> bool:
    return Right.KEYS in delegation.rights and pair.environment in delegation.environments
