"""One part of a scan, one scanner as one caller: what it did, what it found, and whether it saw anything at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.scanners.findings import EXPLAINED, Explained, Finding, stale, unexplained

# Of the routes that a scanner asked for and that let the caller in, so many have to have let it in at least once.
SEEN = 0.9
NAMED = 6  # of what there was no time for


@dataclass(frozen=True)
class Part:
    """`answers` are how many by the first digit of the status.

    Of the routes that let the caller in: `meant` were to be asked for, `asked` were, `reached` did let it in.
    """

    scanner: str
    caller: str
    seconds: float
    answers: dict[int, int]
    meant: int
    asked: int
    reached: int
    missed: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    cut_off: Sequence[str] = ()

    @property
    def requests(self) -> int:
        return sum(self.answers.values())

    @property
    def is_blind(self) -> bool:
        """Whether it looked at refusals, or at nothing."""
        return self.meant > 0 and (not self.asked or self.reached < SEEN * self.asked)

    def __str__(self) -> str:
        classes = " ".join(f"{digit}xx {self.answers.get(digit, 0)}" for digit in (2, 3, 4, 5))
        open_ones = len(unexplained(self.findings))
        said = [
            f"{self.scanner:<13}{self.caller:<15}{self.requests:>6} requests ({classes}) in {self.seconds:.0f} s",
            f"{self.reached} of {self.asked} routes let it in, {self.meant} were meant",
            f"{open_ones} unexplained, {len(set(self.findings)) - open_ones} explained",
        ]
        if self.cut_off:
            more = ", ..." if len(self.cut_off) > NAMED else ""
            said.append(f"no time for {len(self.cut_off)}: {', '.join(self.cut_off[:NAMED])}{more}")
        return "; ".join([*said, *(["BLIND"] if self.is_blind else [])])


def summed_up(parts: Sequence[Part], *, whole: bool, explained: Sequence[Explained] = EXPLAINED) -> tuple[str, int]:
    """The summary, and the exit code: 1 when something is unexplained, or a part was blind.

    whole: every scanner ran as every caller, so that an explanation of what was not found is out of date.
    """
    findings = [finding for part in parts for finding in part.findings]
    lines = [str(part) for part in parts]
    for part in parts:
        if part.missed:
            lines.append(f"{part.scanner} as {part.caller} was not let in at: {', '.join(part.missed[:20])}")
    open_ones = unexplained(findings, explained)
    lines += [f"UNEXPLAINED {finding}" for finding in open_ones]
    lines += [f"explained: {known}" for known in explained if any(known.covers(finding) for finding in findings)]
    if whole:
        lines += [f"STALE, no longer found: {known}" for known in stale(findings, explained)]
    total = sum(part.requests for part in parts)
    lines.append(f"total: {total} requests, {len(open_ones)} unexplained findings")
    is_bad = not parts or bool(open_ones) or any(part.is_blind for part in parts)
    return "\n".join(lines), int(is_bad)
