"""What every act on a hand-off records."""

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.handoffs.models import HandOff


def record(actor: Actor, event: Event, hand_off: HandOff, **facts: str) -> None:
    """One event in the owner's chain, with a copy for the receiver."""
    audit.record(
        actor,
        event,
        hand_off,
        tenant_id=hand_off.tenant_id,
        also_seen_by=hand_off.receiver_id,
        pair=hand_off.key_pair.name,
        environment=hand_off.environment.value,
        giver=hand_off.owner.name,
        receiver=hand_off.receiver.name,
        person=hand_off.to_person.name,
        **facts,
    )
