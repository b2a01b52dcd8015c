"""Why a call passes or not: every check in its order, with what was compared. For operators, never for shops.

The decision is `decide`'s own; what is said about it cannot differ. Of a token only header and claims are shown.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from portal.verifier import compared, tokens
from portal.verifier.compared import Look, moment
from portal.verifier.decision import Call, Decision, Known, decide
from portal.verifier.proving import Prover
from portal.verifier.reasons import REASONS, Reason
from portal.verifier.records import Moment

LONGEST_SHOWN = 2000


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "FAILED"
    NOTHING = "nothing to look at"
    NOT_LOOKED_AT = "not looked at"


class Check(NamedTuple):
    """One check: what it asks, what came of it, and what was compared."""

    asks: str
    outcome: Outcome
    compared: str = ""


@dataclass(frozen=True)
class Explanation:
    """What was decided about the call at this moment, and every check that led there."""

    call: Call
    now: Moment
    decision: Decision
    checks: tuple[Check, ...]

    def lines(self) -> Iterator[str]:
        """As text, for a terminal: what the call brought is quoted, so that it cannot write to it."""
        yield f"Looked at as of {moment(self.now)}."
        yield f"API key     {_quoted(self.call.api_key)}"
        yield f"service     {_quoted(self.call.service)}"
        yield f"data space  {_quoted(self.call.data_space)}"
        for number, part in enumerate(("header", "claims")):
            yield f"{part:<12}{_part(self.call.token, number)}"
        yield ""
        for check in self.checks:
            yield f"{check.outcome:<20}{check.asks}{': ' if check.compared else ''}{check.compared}"
        yield ""
        yield self.verdict

    @property
    def verdict(self) -> str:
        """The decision as a sentence."""
        reason = self.decision.reason
        if reason is None:
            flags = f" It is reported as {', '.join(self.decision.flags)}." if self.decision.flags else ""
            return f"Allowed.{flags}"
        told = REASONS[reason]
        return f"Refused: {told.status} {reason.value}. {told.sentence} Who can mend it: {told.mend}."


class _Step(NamedTuple):
    """A check, and the reasons that it gives. `holds` tells those steps apart that give the same.

    `compared` returns None where the call has nothing of the kind.
    """

    asks: str
    reasons: frozenset[Reason]
    compared: Callable[[Look], str | None]
    holds: Callable[[Look], bool] = lambda _look: False


def explain(known: Known, call: Call, now: Moment) -> Explanation:
    """Why this call would pass at this moment, or why not, by what is known."""
    decision, look, checks = decide(known, call, now, Prover()), Look(known, call, now), []
    has_failed = False
    for step in STEPS:
        if has_failed:
            checks.append(Check(step.asks, Outcome.NOT_LOOKED_AT))
            continue
        has_failed = decision.reason in step.reasons and not step.holds(look)
        said = step.compared(look)
        passed = Outcome.NOTHING if said is None else Outcome.PASSED
        checks.append(Check(step.asks, Outcome.FAILED if has_failed else passed, said or ""))
    return Explanation(call, now, decision, tuple(checks))


# What is shown of the call


def _quoted(text: str | None) -> str:
    return "none" if text is None else json.dumps(text[:LONGEST_SHOWN])


def _part(token: str, number: int) -> str:
    """A part of the token as it reads, where it is a token at all."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > tokens.LONGEST_TOKEN or not token.isascii():
        return "none"
    try:
        return json.dumps(tokens.object_in(parts[number]))[:LONGEST_SHOWN]
    except tokens.Malformed:
        return "not a JSON object in base64url"


_STRANGER = frozenset({Reason.NOT_PROVEN})


# In the order of `decide` and `liveness.what_stops`; a test finds every reason in one of them.
STEPS = (
    _Step("Is the API key known?", _STRANGER, compared.key_is_known, lambda look: look.is_known),
    _Step("Is the token one?", _STRANGER, compared.token_is_one, lambda look: look.opened is not None),
    _Step("Does it name the key's algorithm?", _STRANGER, compared.algorithm, compared.signed_by_us),
    _Step("Does its signature fit the key?", _STRANGER, compared.signature),
    _Step("Is it in time?", frozenset({Reason.TOKEN_EXPIRED, Reason.TOKEN_TOO_FAR_AHEAD}), compared.the_time),
    _Step(
        "Does the key pair work by itself?",
        frozenset(
            {Reason.KEY_PENDING, Reason.KEY_RETIRED, Reason.KEY_REVOKED, Reason.KEY_COMPROMISED, Reason.KEY_EXPIRED}
        ),
        compared.the_key,
    ),
    _Step("Is its owner in standing?", frozenset({Reason.OWNER_SUSPENDED}), compared.owner),
    _Step("Is its holder in standing?", frozenset({Reason.HOLDER_SUSPENDED}), compared.holder),
    _Step("Does its contract run?", frozenset({Reason.CONTRACT_ENDED, Reason.CONTRACT_NOT_BEGUN}), compared.contract),
    _Step(
        "Does its delegation run?",
        frozenset({Reason.DELEGATION_ENDED, Reason.DELEGATION_PAUSED}),
        compared.of_delegation(compared.running),
    ),
    _Step(
        "Does the delegation cover the key?",
        frozenset({Reason.DELEGATION_NARROWED}),
        compared.of_delegation(compared.covering),
    ),
    _Step("Does the key reach the data space?", frozenset({Reason.DATA_SPACE_UNKNOWN}), compared.reach),
    _Step("Do key and data space go together?", frozenset({Reason.ENVIRONMENT_MISMATCH}), compared.sides),
    _Step("Is there such a service?", frozenset({Reason.SERVICE_UNKNOWN}), compared.service),
    _Step(
        "Is the owner entitled to it?",
        frozenset(
            {
                Reason.SERVICE_NOT_ENTITLED,
                Reason.SERVICE_ENDED,
                Reason.SERVICE_NOT_BEGUN,
                Reason.SERVICE_SUSPENDED,
            }
        ),
        compared.entitled,
    ),
)
