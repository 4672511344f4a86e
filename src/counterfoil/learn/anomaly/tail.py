"""How rare a number is among those that came before it: conformal ranks, and a tail beyond them.

Among `n` earlier numbers the conformal p-value of a new one is (1 + how many are at least as
large) / (n + 1), which is right for any distribution as long as the order does not matter. It
cannot go below 1 / (n + 1), and jumps from rank to rank, so for comparing numbers an exponential
tail is fitted to the excesses beyond the 95 % quantile, as in peaks over threshold. For a rate of
alarms ranks count, and the tail only for the three largest numbers of all.

This module refuses to look at the number itself before it judged it.

Source: Vovk, Gammerman and Shafer, Algorithmic learning in a random world, 2005, 2.2; Siffer et
al., Anomaly detection in streams with extreme value theory, KDD 2017 (here with shape 0).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import log10
from typing import Final

import msgspec

__all__ = ["DECADES_MAX", "Tail", "TailState"]

DECADES_MAX: Final = 8.0
"""No number is called rarer than one in 10 to the power of this."""

_KEPT: Final = 5000  # the last ones count; a season of a week in steps of two minutes
_BEYOND: Final = 0.95
_PER_NAT: Final = 0.4342944819032518  # log10(e)
_PEAKS: Final = 64  # as many excesses are averaged at most
_NOTABLE: Final = 3  # the largest ones seen are ranked, and everything beyond them measured


class TailState(msgspec.Struct):
    """What a tail remembers: numbers, oldest first."""

    kept: list[float] = msgspec.field(default_factory=list)


class Tail:
    """The earlier numbers, and how rare a further one is among them."""

    def __init__(self, state: TailState | None = None) -> None:
        self._kept = deque(state.kept if state else (), maxlen=_KEPT)
        self._ranked = sorted(self._kept)

    def __len__(self) -> int:
        return len(self._ranked)

    def conformal(self, number: float) -> float:
        """Give the conformal p-value of a number, in (0, 1]; 1 before there is any."""
        seen = len(self._ranked)
        return (1 + seen - bisect_left(self._ranked, number)) / (seen + 1)

    def decades(self, number: float) -> float:
        """Tell how rare a number is: -log10 of its p-value, 0 to `DECADES_MAX`."""
        ranked = self._ranked
        by_rank = -log10(self.conformal(number))
        seen = len(ranked)
        edge = int(_BEYOND * seen)
        if edge >= seen - _NOTABLE or number <= ranked[edge]:
            return min(by_rank, DECADES_MAX)
        base = ranked[edge]
        some = ranked[edge :: max(1, (seen - edge) // _PEAKS)]
        excess = sum(some) / len(some) - base + 1e-9 * abs(base) + 1e-12
        by_tail = -log10(1 - _BEYOND) + (number - base) / excess * _PER_NAT
        return min(by_tail, DECADES_MAX)

    def p(self, number: float) -> float:
        """Give the p-value by which a rate of alarms is kept, in (0, 1]."""
        by_rank = self.conformal(number)
        if by_rank * (len(self._ranked) + 1) > _NOTABLE:
            return by_rank
        return float(min(by_rank, 10 ** -self.decades(number)))

    def add(self, number: float) -> None:
        """Learn a number; the oldest one goes when 5000 are kept."""
        if len(self._kept) == _KEPT:
            del self._ranked[bisect_left(self._ranked, self._kept[0])]
        self._kept.append(number)
        insort(self._ranked, number)

    def state(self) -> TailState:
        """Give what has to be saved."""
        return TailState(list(self._kept))
