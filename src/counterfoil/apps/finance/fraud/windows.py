"""Count what happened in the last hour, day, week and month: in constant memory, without drift.

A window is a ring of 24 buckets, so that a busy shop costs no more than a quiet one; it is exact to
a bucket's width, 1/24 of its length. Buckets begin at multiples of their width since 1970, so the
same payments give the same counts wherever reading began. This module refuses a clock that goes
back: who calls gives times that never fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

__all__ = ["DAY_MS", "HOUR_MS", "Window", "Windows", "new_windows"]

HOUR_MS: Final = 3_600_000
"""An hour, ms."""

DAY_MS: Final = 24 * HOUR_MS
"""A day, ms."""

_BUCKETS: Final = 24


class Window(msgspec.Struct, array_like=True):
    """One window over one series.

    width: of a bucket, ms. starts: numbers of the buckets that hold something, oldest first.
    counts, totals: of each. count, total: of all of them.
    """

    width: int
    starts: list[int] = msgspec.field(default_factory=list)
    counts: list[int] = msgspec.field(default_factory=list)
    totals: list[float] = msgspec.field(default_factory=list)
    count: int = 0
    total: float = 0.0

    def add(self, at_ms: int, value: float) -> None:
        """Count something; at_ms: not before the latest, Unix ms."""
        bucket = at_ms // self.width
        if self.starts and self.starts[-1] == bucket:
            self.counts[-1] += 1
            self.totals[-1] += value
        else:
            self.starts.append(bucket)
            self.counts.append(1)
            self.totals.append(value)
        self.count += 1
        self.total += value

    def slide(self, at_ms: int) -> None:
        """Forget what is older than the window, as of a moment."""
        starts, limit = self.starts, at_ms // self.width - _BUCKETS
        if not starts or starts[0] > limit:
            return
        gone = 1
        while gone < len(starts) and starts[gone] <= limit:
            gone += 1
        del starts[:gone], self.counts[:gone], self.totals[:gone]
        self.count = sum(self.counts)
        self.total = sum(self.totals)  # anew: what is taken away bit by bit would drift


Windows = list[Window]
"""Windows over one series, the shortest first."""


def new_windows(lengths_ms: Sequence[int]) -> Windows:
    """Make empty windows. lengths_ms: of each, at least 24 ms."""
    return [Window(length // _BUCKETS) for length in lengths_ms]
