"""What came of a run: the rates, and how their ratios compare with the targets; as text and as Markdown."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.gateway_peers import BETTER, DRF, NAMES, OAUTH

TRIVIAL, FLASK, RAW = "trivial WSGI app", "trivial Flask route", "raw verify through `cryptography`"
DOOR_SEEN, DOOR_NEW = "gateway, token seen", "gateway, token new"
LIBRARY_SEEN, LIBRARY_NEW = "library in process, token seen", "library in process, token new"
ORDER = [TRIVIAL, FLASK, DOOR_SEEN, DOOR_NEW, RAW, LIBRARY_SEEN, LIBRARY_NEW, *NAMES]
PEERS = (DRF, OAUTH, BETTER)
ANY = 0  # the number of keys of what has none

Row = tuple[str, int]


@dataclass(frozen=True)
class Check:
    """One ratio or figure and its target."""

    what: str
    value: float
    aim: float
    unit: str = ""
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        return self.value <= self.aim if self.at_most else self.value >= self.aim

    @property
    def words(self) -> tuple[str, str, str]:
        """The value, the target and how they compare."""
        sign = "≤" if self.at_most else "≥"
        return self._said(self.value), f"{sign} {self._said(self.aim)}", "met" if self.is_met else "MISSED"

    def _said(self, figure: float) -> str:
        if self.unit == "%":
            return f"{figure * 100:.0f} %"
        return f"{figure:,.1f}{self.unit}" if figure < 100 else f"{figure:,.0f}{self.unit}"


@dataclass
class Results:
    """Calls in a second of each row in each round, and what the doors' processes say of themselves by their keys."""

    sizes: Sequence[int]
    rates: dict[Row, list[float]] = field(default_factory=dict)
    facts: dict[int, dict[str, float]] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)  # milliseconds, by row's name

    def add(self, row: Row, rate: float) -> None:
        self.rates.setdefault(row, []).append(rate)

    def rate(self, name: str, keys: int = ANY) -> float:
        """The median of the rounds."""
        return statistics.median(self.rates[name, keys])

    def checks(self) -> Iterator[Check]:
        """All targets that this run can say something about."""
        for keys in self.sizes:
            yield from self._of_size(keys)
        yield from self._of_peers()
        yield from self._of_growth()

    def _of_size(self, keys: int) -> Iterator[Check]:
        trivial, raw, at = self.rate(TRIVIAL), self.rate(RAW), f", {keys:,} keys"
        bound = 1 / (1 / trivial + 1 / raw)
        yield Check(f"{DOOR_SEEN}{at}: of the trivial app", self.rate(DOOR_SEEN, keys) / trivial, 0.85, "%")
        yield Check(f"{DOOR_NEW}{at}: of the bound", self.rate(DOOR_NEW, keys) / bound, 0.55, "%")
        new = self.rate(LIBRARY_NEW, keys)
        yield Check(f"{LIBRARY_NEW}{at}: of raw verify", new / raw, 0.75, "%")
        yield Check(f"{LIBRARY_SEEN}{at}: of a new one", self.rate(LIBRARY_SEEN, keys) / new, 20, " ×")

    def _of_peers(self) -> Iterator[Check]:
        seen, new = (self.rate(name, self.sizes[0]) for name in (DOOR_SEEN, DOOR_NEW))
        there = {name: self.rate(name) for name in PEERS if (name, ANY) in self.rates}
        if len(there) == len(PEERS):
            fastest = max(there, key=lambda name: there[name])
            yield Check(f"{DOOR_SEEN}: of the fastest package ({fastest})", seen / there[fastest], 30, " ×")
            yield Check(f"{DOOR_NEW}: of the fastest package ({fastest})", new / there[fastest], 12, " ×")
        if DRF in there:
            yield Check(f"{DOOR_SEEN}: of {DRF}", seen / there[DRF], 80, " ×")
            yield Check(f"{DOOR_NEW}: of {DRF}", new / there[DRF], 20, " ×")

    def _of_growth(self) -> Iterator[Check]:
        few, many = self.sizes[0], self.sizes[-1]
        for name in (DOOR_SEEN, DOOR_NEW) if many > few else ():
            kept = self.rate(name, many) / self.rate(name, few)
            yield Check(f"{name}: kept from {few:,} to {many:,} keys", kept, 0.85, "%")
        if many in self.facts:
            yield Check(f"memory of a key at {many:,} keys", self.facts[many]["bytes_a_key"], 1000, " B", True)
        if DOOR_SEEN in self.longest:
            facts = self.facts.get(many, {})
            inside = (facts.get("longest_collection", 0.0), facts.get("longest_change", 0.0))
            longest = max(self.longest[DOOR_SEEN], *inside)
            yield Check(f"longest pause of the door at {many:,} keys", longest, 20, " ms", True)

    def in_words(self) -> str:
        """For a terminal."""
        return "\n".join(["", *self._rate_table(), "", *self._check_table(), "", *self._remarks()])

    def in_markdown(self, machine: str, day: str) -> str:
        """For a page of the documentation."""
        head = f"Measured on {day}: {machine}."
        return "\n".join([head, "", *self._rate_table(), "", *self._check_table(), "", *self._remarks(), ""])

    def _rate_table(self) -> list[str]:
        lines = [_line("calls in a second", *(f"{keys:,} keys" for keys in self.sizes), "of the trivial app")]
        lines.append(_line("---", *("---:" for _ in self.sizes), "---:"))
        return lines + [self._rate_line(name) for name in ORDER if any(name == row for row, _keys in self.rates)]

    def _rate_line(self, name: str) -> str:
        if (name, ANY) in self.rates:
            rates = [self.rate(name), *(None for _ in self.sizes[1:])]
        else:
            rates = [self.rate(name, keys) for keys in self.sizes]
        told = ["" if rate is None else f"{rate:,.0f}" for rate in rates]
        return _line(name, *told, f"{(rates[0] or 0) / self.rate(TRIVIAL) * 100:.1f} %")

    def _check_table(self) -> list[str]:
        lines = [_line("target", "measured", "aim", ""), _line("---", "---:", "---:", "---")]
        return lines + [_line(check.what, *check.words) for check in self.checks()]

    def _remarks(self) -> list[str]:
        waited = [f"- Longest answer of the {name}: {longest:.1f} ms." for name, longest in self.longest.items()]
        return [_facts_in_words(keys, facts) for keys, facts in sorted(self.facts.items())] + waited


def _facts_in_words(keys: int, facts: dict[str, float]) -> str:
    return (
        f"- {keys:,} keys: {facts['bytes_a_key']:,.0f} B a key, and {facts['bytes_around_a_key']:,.0f} B for the "
        "accounts, contracts, grants, delegations and data spaces around it; the longest garbage collection took "
        f"{facts['longest_collection']:.1f} ms, the longest change of a hundred keys {facts['longest_change']:.1f} ms."
    )


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
