"""May this call pass? One pure function over what is known, for the gateway, the connector and the library."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from portal.verifier import liveness
from portal.verifier.reasons import REASONS, Reason
from portal.verifier.records import Grant, Key, Moment, Space

ENVIRONMENT_MISMATCH = "environment_mismatch"  # the flag
ALLOWED_STATUS = 204


class Policy(StrEnum):
    """`ENVIRONMENT_POLICY`: what becomes of a key that is used in a data space of the other side (design 4)."""

    REPORT = "report"
    MATCHED = "matched"


class Call(NamedTuple):
    """One call as it came. `service` and `data_space` are None where it names none."""

    api_key: str
    token: str
    service: str | None = None
    data_space: str | None = None


class Known(Protocol):
    """What a decision is made from; `tables.Tables` is one."""

    @property
    def keys(self) -> Mapping[str, Key]: ...
    @property
    def spaces(self) -> Mapping[str, Space]: ...
    @property
    def services(self) -> frozenset[str]: ...
    @property
    def policy(self) -> Policy: ...


class Decision(NamedTuple):
    """The answer. `key` is there once the call has proved it, `space` when the key reaches it."""

    reason: Reason | None
    key: Key | None = None
    space: Space | None = None
    flags: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        return self.reason is None

    @property
    def status(self) -> int:
        """As an HTTP status: 204, 401 or 403."""
        return ALLOWED_STATUS if self.reason is None else REASONS[self.reason].status


# Of several refusing grants of one service, in whatever order they are: what can still be mended comes first.
_SAYS_MOST = (Reason.SERVICE_SUSPENDED, Reason.SERVICE_NOT_BEGUN, Reason.SERVICE_ENDED)

# Whether a token was signed with the private half of a key, and whether its time has come: None when both are so.
Prove = Callable[[str, Key, Moment], Reason | None]
STRANGER = Decision(Reason.NOT_PROVEN)


def decide(known: Known, call: Call, now: Moment, prove: Prove) -> Decision:
    """Whether this call may pass at this moment.

    A stranger, who proves nothing, hears nothing. Who proves a key is told what stops it: first of all the token's own
    time, then the key and what it hangs on, then where and for what it is used.
    """
    key = known.keys.get(call.api_key)
    if key is None:
        return STRANGER
    reason = prove(call.token, key, now)
    if reason is not None:
        return STRANGER if reason is Reason.NOT_PROVEN else Decision(reason)
    reason = liveness.what_stops(key, now)
    return _use(known, call, key, now) if reason is None else Decision(reason, key)


def _use(known: Known, call: Call, key: Key, now: Moment) -> Decision:
    """The decision on the use of a live key."""
    space = None
    flags: tuple[str, ...] = ()
    if call.data_space is not None:
        space = known.spaces.get(call.data_space)
        if space is None or not reaches(key, space):
            return Decision(Reason.DATA_SPACE_UNKNOWN, key)
        if space.environment != key.environment and not space.serves_both_sides:
            if known.policy is Policy.MATCHED:
                return Decision(Reason.ENVIRONMENT_MISMATCH, key, space)
            flags = (ENVIRONMENT_MISMATCH,)
    reason = None if call.service is None else _refused_service(known, call.service, key, now)
    return Decision(reason, key, space, flags if reason is None else ())


def reaches(key: Key, space: Space) -> bool:
    """Whether the data space is the owner's and, for a delegated key, within the delegation.

    What lies outside of it does not exist for the integrator, like another account's (rule 20).
    """
    if space.owner is not key.owner:
        return False
    delegation = key.delegation
    if delegation is None:
        return True
    if not space.serves_both_sides and space.environment not in delegation.environments:
        return False
    return delegation.project_ids is None or space.project_id in delegation.project_ids


def _refused_service(known: Known, service: str, key: Key, now: Moment) -> Reason | None:
    grants = key.owner.grants.get(service)
    if grants is None:
        return Reason.SERVICE_NOT_ENTITLED if service in known.services else Reason.SERVICE_UNKNOWN
    for grant in grants:
        if grant.ended_at is None and not grant.is_suspended and grant.starts_at <= now < grant.ends_at:
            contract = grant.contract
            if contract.ended_at is None and contract.starts_at <= now < contract.ends_at:
                return None  # as nearly always, and without a call
    found = [_refused_by(grant, now) for grant in grants]
    return None if None in found else next(reason for reason in _SAYS_MOST if reason in found)


def _refused_by(grant: Grant, now: Moment) -> Reason | None:
    ended = grant.ended_at is not None and now >= grant.ended_at
    if ended or now >= grant.ends_at or grant.contract.is_over(now):
        return Reason.SERVICE_ENDED
    if now < grant.starts_at or now < grant.contract.starts_at:
        return Reason.SERVICE_NOT_BEGUN
    return Reason.SERVICE_SUSPENDED if grant.is_suspended else None
