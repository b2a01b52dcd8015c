"""What the clock does to hand-offs, and to the copies of those whose delegation is over."""

from datetime import timedelta

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.delegations.models import Delegation
from portal.foundation import clock
from portal.foundation.database import db
from portal.handoffs import notices, store
from portal.handoffs.acting import record
from portal.handoffs.models import HandOff
from portal.handoffs.states import MOVES, Act

BATCH = 100
CODES_KEPT = timedelta(days=1)


def lapse_due(actor: Actor) -> int:
    """Close hand-offs whose time has come, and destroy their ciphertext; how many there were, at most 100."""
    due = store.due(clock.now(), BATCH)
    for hand_off in due:
        settle(actor, hand_off)
    return len(due)


def settle(actor: Actor, hand_off: HandOff) -> bool:
    """Store that its time has come, and destroy the ciphertext; False when it has not. Loaded as `store.get` does."""
    if hand_off.lapses_at > clock.now():
        return False
    # By the state that is stored: by the clock it has lapsed already.
    hand_off.state = MOVES[hand_off.state, Act.LAPSE]
    hand_off.envelope, hand_off.closed_at = None, hand_off.lapses_at
    record(actor, Event.HAND_OFF_LAPSED, hand_off)
    notices.lapsed(hand_off)
    db.session.flush()  # another one may be offered in this very transaction
    return True


def start_rotations(actor: Actor, delegation: Delegation | None = None) -> int:
    """Note that pairs have to be rotated whose copy is with a tenant that has no running delegation any more.

    Of all tenants, or where `delegation` has just ended; how many there were, at most 100. Each time the owner's people
    are told which pair, and who has the copy (rule 15). The pairs themselves go on: nothing stops by itself.
    """
    left = store.copies_left_behind(clock.now(), BATCH, delegation)
    for copy in left:
        copy.rotation_due_at = clock.now()
        audit.record(
            actor,
            Event.KEY_ROTATION_DUE,
            copy.key_pair,
            tenant_id=copy.tenant_id,
            also_seen_by=copy.holder_id,
            environment=copy.key_pair.environment.value,
            holder=copy.holder.name,
        )
        notices.rotation_due(copy)
    return len(left)


def tidy_up() -> int:
    """Remove codes for the command line that ended a day ago; how many."""
    return store.forget_codes(clock.now() - CODES_KEPT)
