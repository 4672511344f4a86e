"""Windows over the stream of payments: how many, how much, how many others, and since when.

For each field and filter that some rule asks for, the payments of every key are kept in order of
time as long as some rule looks back. A window ends at its payment's own time: one that comes late
sees its own past, and one from the future makes nobody forget. This module refuses to convert
currencies: a sum is of one currency.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

__all__ = ["SUM_MAX", "Aggregates", "Series"]

SUM_MAX: Final = 1 << 62
"""Largest sum that a window tells, minor units; a larger one is told as this."""

_TRIM_AT: Final = 256


@dataclass(frozen=True, slots=True)
class Aggregates:
    """What a window holds.

    count: payments. sum: of their amounts, minor units. parties: different accounts at their
    other ends. age_ms: since the oldest; 0 where there is none.
    """

    count: int
    sum: int
    parties: int
    age_ms: int

    def facts(self) -> dict[str, int]:
        """Give them as plain JSON."""
        return {
            "count": self.count,
            "sum": self.sum,
            "parties": self.parties,
            "age_ms": self.age_ms,
        }


@dataclass(slots=True)
class _Counted:
    """Accounts in a part of a series, which follows the series' end."""

    low: int = 0
    high: int = 0
    seen: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Series:
    """The payments of one key, oldest first. keep_ms: how long some window looks back."""

    keep_ms: int
    times: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    _sums: list[int] = field(default_factory=lambda: [0])
    _counted: dict[int, _Counted] = field(default_factory=dict)

    def add(self, at_ms: int, amount: int, other: str) -> None:
        """Put a payment in its place in time; after those of the same moment."""
        at = bisect_right(self.times, at_ms)
        if at == len(self.times):
            self.times.append(at_ms)
            self.amounts.append(amount)
            self.others.append(other)
            self._sums.append(self._sums[-1] + amount)
        else:
            self.times.insert(at, at_ms)
            self.amounts.insert(at, amount)
            self.others.insert(at, other)
            self._sums.insert(at + 1, 0)
            for place in range(at, len(self.times)):
                self._sums[place + 1] = self._sums[place] + self.amounts[place]
            self._counted.clear()
        self._trim(at_ms)

    def look(self, after_ms: int, until_ms: int, span: int) -> Aggregates:
        """Tell of the payments after `after_ms`, up to and including `until_ms`.

        span: names the window, so that what was counted before is used again.
        """
        low = bisect_right(self.times, after_ms)
        high = bisect_right(self.times, until_ms)
        if low >= high:
            return Aggregates(0, 0, 0, 0)
        return Aggregates(
            high - low,
            min(self._sums[high] - self._sums[low], SUM_MAX),
            self._parties(low, high, span),
            until_ms - self.times[low],
        )

    def _parties(self, low: int, high: int, span: int) -> int:
        counted = self._counted.get(span)
        if counted is None or low < counted.low or high < counted.high or low > counted.high:
            counted = self._counted[span] = _Counted(low, low)
        for place in range(counted.high, high):
            counted.seen[self.others[place]] += 1
        for place in range(counted.low, low):
            other = self.others[place]
            counted.seen[other] -= 1
            if not counted.seen[other]:
                del counted.seen[other]
        counted.low, counted.high = low, high
        return len(counted.seen)

    def _trim(self, now_ms: int) -> None:
        """Forget what no window reaches any more, many at a time.

        Only as far as the payment at hand and its predecessor agree: one alone, dated ahead of its
        time, makes a key forget nothing.
        """
        if len(self.times) < _TRIM_AT:
            return
        cut = bisect_left(self.times, min(now_ms, self.times[-2]) - self.keep_ms)
        if cut < len(self.times) // 2:
            return
        base = self._sums[cut]
        del self.times[:cut], self.amounts[:cut], self.others[:cut]
        self._sums = [one - base for one in self._sums[cut:]]
        self._counted.clear()
