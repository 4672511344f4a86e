"""How many days late a delivery may be: from the days of deliveries like it, late ones and others.

A hurdle: with the model's probability a delivery is late, and then as many days as late ones were;
else it is on time, as early as such ones were. A delivery of the same vendor, country or mode
counts more for each of these that is the same, and one of a year ago half as much as one of
today. This module refuses to say anything of days before a delivery was seen: then the band is
empty.
Source: Mullahy, Specification and testing of some modified count data models, Journal of
Econometrics 33, 1986 (hurdle models).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from counterfoil.apps.supply.predict.delay.memory import HALF_LIVES_D, Memory, Sample

__all__ = ["BAND", "days_of", "quantiles_of"]

BAND: Final = (0.1, 0.9)
"""Between these quantiles the days lie in four of five cases."""

_ALIKE: Final = 2.0  # times the weight, for each category that is the same


def days_of(memory: Memory, group: Sequence[str], probability: float) -> tuple[float, float, float]:
    """Give the low, the expected and the high number of days after the schedule.

    group: the order's main categories. probability: of being late, 0 to 1. Negative is early. The
    expected number is the mean, so it can lie outside of the band where few are very late.
    """
    days, weights = _mixture(memory, group, probability)
    if not days:
        return 0.0, 0.0, 0.0
    low, high = quantiles_of(days, weights, BAND)
    expected = sum(day * weight for day, weight in zip(days, weights, strict=True)) / sum(weights)
    return low, expected, high


def quantiles_of(
    values: Sequence[int], weights: Sequence[float], shares: Sequence[float]
) -> list[float]:
    """Give quantiles of weighted values: the first value with at least that share up to it."""
    ordered = sorted(zip(values, weights, strict=True))
    sums = list(accumulate(weight for _, weight in ordered))
    last = len(ordered) - 1
    return [float(ordered[min(last, bisect_left(sums, share * sums[-1]))][0]) for share in shares]


def _mixture(
    memory: Memory, group: Sequence[str], probability: float
) -> tuple[list[int], list[float]]:
    days: list[int] = []
    weights: list[float] = []
    for samples, share in ((memory.late, probability), (memory.kept, 1 - probability)):
        own = [_weight(one, group, memory.day) for one in samples]
        total = sum(own)
        if total > 0:
            days += [one.late_days for one in samples]
            weights += [share * one / total for one in own]
    return days, weights


def _weight(sample: Sample, group: Sequence[str], day: int) -> float:
    same = sum(one == other for one, other in zip(sample.group, group, strict=False))
    weight: float = _ALIKE**same * 0.5 ** (max(0, day - sample.known) / HALF_LIVES_D[1])
    return weight
