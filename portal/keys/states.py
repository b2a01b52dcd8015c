"""The moves of a stored key pair (design 2.2). `status.py` says what the clock and what it hangs on make of it."""

from portal.foundation.states import Machine, Move
from portal.keys.models import KeyState

PENDING, ACTIVE, RETIRING = KeyState.PENDING, KeyState.ACTIVE, KeyState.RETIRING
LAPSED, RETIRED = KeyState.LAPSED, KeyState.RETIRED
REVOKED, COMPROMISED = KeyState.REVOKED, KeyState.COMPROMISED

REVOKE = "revoked: by its owner, its holder, or with the private key itself"

KEY_PAIR = Machine(
    name="Key pair",
    states=KeyState,
    begins={
        PENDING: "made by the portal, its private key shown once",
        ACTIVE: "made by its holder, possession proved",
    },
    moves=(
        Move(PENDING, ACTIVE, "confirmed: the private key was saved"),
        Move(PENDING, LAPSED, "discarded, revoked, or not confirmed within 30 minutes"),
        Move(ACTIVE, RETIRING, "its successor goes into service"),
        Move(ACTIVE, REVOKED, REVOKE),
        Move(ACTIVE, COMPROMISED, "declared leaked, and stopped at once"),
        Move(RETIRING, ACTIVE, "rolled back, while it lives and unless it leaked"),
        Move(RETIRING, RETIRED, "its overlap is over, or was ended early"),
        Move(RETIRING, REVOKED, REVOKE),
        Move(RETIRING, COMPROMISED, "declared leaked: stopped at once, ended early, or at its date"),
    ),
)
