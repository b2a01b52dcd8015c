"""Hand-offs whose receiver leaves, or whose delegation ends: they are over in the same transaction, not only lapsed."""

import uuid
from collections.abc import Sequence

from portal.access.actor import Actor
from portal.audit.events import Event
from portal.delegations.models import Delegation
from portal.foundation import clock
from portal.handoffs import notices, store
from portal.handoffs.acting import record
from portal.handoffs.models import HandOff
from portal.handoffs.states import Act, move


def close_of_person(actor: Actor, tenant_id: uuid.UUID, person_id: uuid.UUID) -> int:
    """Destroy what is sealed to a person in a tenant that it leaves; how many there were. Both sides are told.

    What the person gave goes on: it is the account's.
    """
    return _close(actor, store.hold_waiting_for(tenant_id, person_id, clock.now()))


def withdraw_envelope_key(tenant_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether the person had an envelope key in this tenant: it is out of use from now on."""
    key = store.hold_key_of(tenant_id, person_id)
    if key is not None:
        key.replaced_at = clock.now()
    return key is not None


def close_under(actor: Actor, delegation: Delegation) -> int:
    """The same for what was handed over under a delegation that ends."""
    return _close(actor, store.hold_waiting_under(delegation, clock.now()))


def _close(actor: Actor, hand_offs: Sequence[HandOff]) -> int:
    now = clock.now()
    for hand_off in hand_offs:
        hand_off.state = move(hand_off, Act.CLOSE, now)
        hand_off.envelope, hand_off.closed_at = None, now
        record(actor, Event.HAND_OFF_CLOSED, hand_off)
        notices.closed(hand_off)
    return len(hand_offs)
