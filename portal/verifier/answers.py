"""A decision in words, as services and logs take it: what `POST /gateway/decisions` and the library answer."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from portal.verifier.decision import Decision
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


def answer_of(decision: Decision) -> Answer:
    """The decision in words. It takes all that it tells from the records at once."""
    key, space = decision.key, decision.space
    told = Answer(decision.is_allowed, decision.status, flags=decision.flags)
    if decision.reason is not None:
        why = REASONS[decision.reason]
        told = told._replace(reason=decision.reason.value, sentence=str(why.sentence))
        if decision.reason is not Reason.NOT_PROVEN:  # who proves nothing hears nothing
            told = told._replace(mend=str(why.mend))
    if key is None:
        return told
    return told._replace(
        account=key.owner.account_id,
        tenant=key.owner.name,
        environment=key.environment,
        data_space=None if space is None else space.public_id,
        holder=key.holder.account_id,
        delegation=None if key.delegation is None else key.delegation.public_id,
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
