"""Whether a key pair is live at a moment, and what stops it where it is not (design 2.2).

`keys/status.py` says the same of rows, for pages; `tests/verifier/test_liveness.py` holds both together.
"""

from portal.verifier import records
from portal.verifier.reasons import Reason
from portal.verifier.records import ACTIVE, SUSPENDED, Contract, Delegation, Key, Moment

_STATES = {
    records.PENDING: Reason.KEY_PENDING,
    records.LAPSED: Reason.KEY_PENDING,
    records.RETIRED: Reason.KEY_RETIRED,
    records.REVOKED: Reason.KEY_REVOKED,
    records.COMPROMISED: Reason.KEY_COMPROMISED,
}


def what_stops(key: Key, at: Moment) -> Reason | None:
    """Why the pair does not verify at this moment, or None when it is live: itself first, then what it hangs on."""
    # What nearly always is so is seen without a call.
    if key.state != ACTIVE or key.expires_at is not None:
        reason = _of_itself(key, at)
        if reason is not None:
            return reason
    if key.owner.standing == SUSPENDED:
        return Reason.OWNER_SUSPENDED
    if key.holder.standing == SUSPENDED:
        return Reason.HOLDER_SUSPENDED
    contract = key.contract
    if contract.ended_at is not None or not contract.starts_at <= at < contract.ends_at:
        reason = _of_contract(contract, at)
        if reason is not None:
            return reason
    return None if key.delegation is None else _of_delegation(key.delegation, key, at)


def _of_itself(key: Key, at: Moment) -> Reason | None:
    if key.state == records.RETIRING:
        # Held open, a rotation's date stops nothing (docs/decisions/0008).
        if key.ending != records.HELD and key.retiring_until is not None and at >= key.retiring_until:
            return Reason.KEY_COMPROMISED if key.ending == records.LEAK else Reason.KEY_RETIRED
    elif key.state != ACTIVE:
        return _STATES[key.state]
    return Reason.KEY_EXPIRED if key.expires_at is not None and at >= key.expires_at else None


def _of_contract(contract: Contract, at: Moment) -> Reason | None:
    if contract.is_over(at):
        return Reason.CONTRACT_ENDED
    return Reason.CONTRACT_NOT_BEGUN if at < contract.starts_at else None


def _of_delegation(delegation: Delegation, key: Key, at: Moment) -> Reason | None:
    if at >= delegation.ends_at or delegation.state not in (records.DELEGATION_ACTIVE, records.DELEGATION_PAUSED):
        return Reason.DELEGATION_ENDED
    if delegation.state == records.DELEGATION_PAUSED:
        return Reason.DELEGATION_PAUSED
    if records.KEYS_RIGHT not in delegation.rights or key.environment not in delegation.environments:
        return Reason.DELEGATION_NARROWED
    return None
