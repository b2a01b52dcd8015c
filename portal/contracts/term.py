"""Where a contract stands in its term."""

from datetime import datetime
from enum import StrEnum

from portal.contracts.models import Contract


class ContractState(StrEnum):
    """Where a contract stands in its term, in words that the state macro draws."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    OVER = "over"


def contract_state(contract: Contract, at: datetime) -> ContractState:
    """Where the contract stands at this moment."""
    if contract.is_running(at):
        return ContractState.RUNNING
    return ContractState.UPCOMING if at < contract.starts_at and contract.ended_at is None else ContractState.OVER
