"""The states of endpoints and deliveries (design 2.2), as tables."""

from enum import StrEnum

from portal.foundation.states import Machine, Move


class EndpointState(StrEnum):
    """Whether anything is sent to an endpoint."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class Pause(StrEnum):
    """Why an endpoint is paused."""

    BY_PERSON = "by_person"
    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


ENDPOINT: Machine[EndpointState] = Machine(
    "Webhook endpoint",
    EndpointState,
    begins={EndpointState.ACTIVE: "an owner adds it"},
    moves=(
        Move(EndpointState.ACTIVE, EndpointState.PAUSED, "an owner, its answer 410, or 3 days without a delivery"),
        Move(EndpointState.PAUSED, EndpointState.ACTIVE, "an owner resumes it"),
        Move(EndpointState.ACTIVE, EndpointState.REMOVED, "an owner removes it"),
        Move(EndpointState.PAUSED, EndpointState.REMOVED, "an owner removes it"),
    ),
)

DELIVERY: Machine[DeliveryState] = Machine(
    "Webhook delivery",
    DeliveryState,
    begins={DeliveryState.WAITING: "an event, a test, or a re-send"},
    moves=(
        Move(DeliveryState.WAITING, DeliveryState.DELIVERED, "an answer of the 2xx class"),
        Move(DeliveryState.WAITING, DeliveryState.DEAD, "the last attempt failed: a dead letter"),
        Move(DeliveryState.WAITING, DeliveryState.DROPPED, "its endpoint was removed, or it waited 30 days in a pause"),
    ),
)
