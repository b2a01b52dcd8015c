"""Figures over times: how long it took half, all but one in a hundred, and the longest."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple


class Figures(NamedTuple):
    """Milliseconds, rounded up, of so many `times`. None where there was none."""

    times: int
    p50_ms: int | None = None
    p99_ms: int | None = None
    max_ms: int | None = None


def figures_of(seconds: Sequence[float]) -> Figures:
    """The figures of these times. A percentile is the smallest time that as many are not above (nearest rank)."""
    if not seconds:
        return Figures(0)
    ordered = sorted(in_ms(each) for each in seconds)
    p50, p99 = (ordered[ceil(len(ordered) * part) - 1] for part in (0.5, 0.99))
    return Figures(len(ordered), p50, p99, ordered[-1])


def in_ms(seconds: float) -> int:
    """Whole milliseconds, rounded up. Clocks of two machines may say that an effect came first: then none."""
    return max(0, ceil(round(seconds * 1000, 3)))
