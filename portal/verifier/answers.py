"""A decision in words, as services and logs take it: what `POST /gateway/decisions` and the library answer."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from portal.verifier.decision import ALLOWED_STATUS, Decision
from portal.verifier.reasons import REASONS, Reason

UNAVAILABLE_STATUS = 503


class Answer(NamedTuple):
    """Whether a call may pass; where not, `reason` is a code, with a sentence and who can mend it.

    Account, tenant and holder are there once the call has proved its key, the data space when the key reaches it.
    """

    allowed: bool
    status: int
    reason: str | None = None
    sentence: str | None = None
    mend: str | None = None
    account: str | None = None
    tenant: str | None = None
    environment: str | None = None
    data_space: str | None = None
    holder: str | None = None
    delegation: str | None = None
    flags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return self._asdict() | {"flags": list(self.flags)}

    @property
    def problem(self) -> bytes:
        """A refusal as the body of an HTTP answer, JSON."""
        said = {"status": self.status, "code": self.reason, "message": self.sentence, "mend": self.mend}
        return json.dumps(said).encode()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of the HTTP answer that refuses."""
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(self.problem))),
            ("Cache-Control", "no-store"),
            ("X-Portal-Reason", self.reason or ""),
        ]
        return [*headers, ("Retry-After", "5")] if self.status == UNAVAILABLE_STATUS else headers


_Told = tuple[bool, int, str | None, str | None, str | None]
_REFUSALS: dict[Reason, _Told] = {
    # Who proves nothing hears nothing, not even who could mend it.
    reason: (
        False,
        told.status,
        reason.value,
        str(told.sentence),
        None if reason is Reason.NOT_PROVEN else str(told.mend),
    )
    for reason, told in REASONS.items()
}
_PASSED: _Told = (True, ALLOWED_STATUS, None, None, None)


def answer_of(decision: Decision) -> Answer:
    """The decision in words. It takes all that it tells from the records at once."""
    key, space = decision.key, decision.space
    told: _Told = _PASSED if decision.reason is None else _REFUSALS[decision.reason]
    if key is None:
        return Answer(*told)
    return Answer(
        *told,
        key.owner.account_id,
        key.owner.name,
        key.environment,
        None if space is None else space.public_id,
        key.holder.account_id,
        None if key.delegation is None else key.delegation.public_id,
        decision.flags,
    )


_OPERATOR = "whoever runs this service: its log says why no bundle came"
UNAVAILABLE: Mapping[str, Answer] = MappingProxyType(
    {
        code: Answer(False, UNAVAILABLE_STATUS, code, sentence, mend)
        for code, sentence, mend in (
            ("not_ready", "Nothing is known yet: no bundle has come from the portal so far.", _OPERATOR),
            ("cut_off", "What is known is too old: no bundle has come from the portal for too long.", _OPERATOR),
            ("clock_set_back", "The clock of this machine was set back.", "whoever runs this service: set its clock"),
        )
    }
)
