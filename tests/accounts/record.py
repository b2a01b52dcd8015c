"""What the tests of people read from the record."""

import uuid

from portal.audit import store
from portal.audit.models import AuditEvent


def events_in(chain_id: uuid.UUID) -> list[str]:
    """The names of the events in one chain, in order."""
    return [event.event for event in store.events_of(chain_id)]


def last_event(chain_id: uuid.UUID) -> AuditEvent:
    """The last event in one chain."""
    return list(store.events_of(chain_id))[-1]
