"""Where a contract stands: no column holds it, dates do. `Contract.is_running` is what everything else asks."""

from datetime import datetime
from enum import StrEnum

from portal.contracts.models import Contract
from portal.foundation.states import Machine, Move


class ContractState(StrEnum):
    """Where a contract stands at a moment."""

    COMING = "coming"
    RUNNING = "running"
    OVER = "over"
    ENDED = "ended"


COMING, RUNNING, OVER, ENDED = ContractState

CONTRACT = Machine(
    name="Contract",
    states=ContractState,
    begins={COMING: "made for a term to come", RUNNING: "made for a term that has begun", OVER: "made for a past term"},
    moves=(
        Move(COMING, RUNNING, "the clock: its first day"),
        Move(COMING, COMING, "extended"),
        Move(COMING, ENDED, "ended early by the vendor"),
        Move(RUNNING, RUNNING, "extended"),
        Move(RUNNING, OVER, "the clock: its last day is past"),
        Move(RUNNING, ENDED, "ended early by the vendor"),
        Move(OVER, RUNNING, "extended: what hangs on it works again"),
    ),
    derived="its dates: first and last day, and the moment in which it was ended early",
)


def state_of(contract: Contract, at: datetime) -> ContractState:
    """Where the contract stands at this moment."""
    if contract.ended_at is not None and contract.ended_at <= at:
        return ENDED
    if contract.ends_at <= at:
        return OVER
    return RUNNING if contract.starts_at <= at else COMING
