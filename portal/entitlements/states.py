"""The moves of a request to the vendor. One that is closed stays as it was decided: asking again makes another one."""

from portal.entitlements.models import RequestState
from portal.foundation.states import Machine, Move

WAITING, WITHDRAWN, APPROVED, REFUSED = RequestState

REQUEST = Machine(
    name="Request",
    states=RequestState,
    begins={WAITING: "asked, or asked again: by a tenant, or an integrator acting for it"},
    moves=(
        Move(WAITING, WITHDRAWN, "taken back by the side that asked"),
        Move(WAITING, APPROVED, "approved by a partner admin, in full or in part; it takes effect at once"),
        Move(WAITING, REFUSED, "refused by a partner admin, with the reason"),
    ),
)
