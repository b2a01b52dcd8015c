"""Where a contract stands: no column holds it, dates do. `Contract.is_running` is what everything else asks."""

from datetime import datetime
from enum import StrEnum

from portal.contracts.models import Contract, SignerChange, SignerChangeState
from portal.foundation.marking import N_
from portal.foundation.states import Machine, Move, keep


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
        Move(COMING, COMING, "amended: another edition of the same kind"),
        Move(COMING, ENDED, "ended early by the vendor"),
        Move(RUNNING, RUNNING, "extended"),
        Move(RUNNING, RUNNING, "amended: another edition of the same kind"),
        Move(RUNNING, OVER, "the clock: its last day is past"),
        Move(RUNNING, ENDED, "ended early by the vendor, or handed over to the contract that renews it"),
        Move(OVER, RUNNING, "extended: what hangs on it works again"),
    ),
    derived="its dates: first and last day, and the moment in which it was ended early",
)


WAITING, DONE = SignerChangeState.WAITING, SignerChangeState.DONE
STOPPED, WITHDRAWN, LAPSED = SignerChangeState.STOPPED, SignerChangeState.WITHDRAWN, SignerChangeState.LAPSED

SIGNER_CHANGE = Machine(
    name="Change of the signer",
    states=SignerChangeState,
    begins={WAITING: "proposed by an owner who does not sign, or by the vendor"},
    moves=(
        Move(WAITING, DONE, "the worker, once the waiting time of 82 hours is over"),
        Move(WAITING, STOPPED, "stopped by the present signer or the vendor"),
        Move(WAITING, WITHDRAWN, "withdrawn by its proposer"),
        Move(WAITING, LAPSED, "the proposed member left, or the contract is over"),
    ),
)
keep(SignerChange.state, SIGNER_CHANGE)

CHANGE_NAMES: dict[SignerChangeState, str] = {
    WAITING: N_("Waiting"),
    DONE: N_("Done"),
    STOPPED: N_("Stopped"),
    WITHDRAWN: N_("Withdrawn"),
    LAPSED: N_("Lapsed"),
}


def state_of(contract: Contract, at: datetime) -> ContractState:
    """Where the contract stands at this moment."""
    if contract.ended_at is not None and contract.ended_at <= at:
        return ENDED
    if contract.ends_at <= at:
        return OVER
    return RUNNING if contract.starts_at <= at else COMING
