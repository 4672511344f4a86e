"""The clocks of a thing: what each part of its history, and each gap, costs it.

A thing has a clock above freezing and one below, and `rates` says how fast each goes. This module
refuses to say what is left: `shelf_life` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Final

from counterfoil.apps.supply.predict.spoilage.correction import Correction
from counterfoil.apps.supply.predict.spoilage.history import Reading, Span
from counterfoil.apps.supply.predict.spoilage.products import FREEZES_C, Product
from counterfoil.apps.supply.predict.spoilage.rates import Law, coordinate
from counterfoil.apps.supply.predict.spoilage.stretches import Piece, Stretch

__all__ = [
    "Clock",
    "Clocks",
    "Rates",
    "Unseen",
    "by_table",
    "gap_stretch",
    "pieces_of",
    "spread_of",
    "stored_at",
    "unseen_costs",
]

_HOUR_MS: Final = 3_600_000
_FREEZES_IN_H: Final = 1.0  # packed food neither freezes nor thaws in less
_WEIGHTS: Final = (0.185, 0.63, 0.185)
"""Of 5 %, the middle and 95 % (extended Pearson-Tukey; Keefer, Bodily, Manage. Sci. 29, 1983)."""
_SIMPSON_C: Final = 4.0  # of warming, for which three points are enough
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Clock:
    """One of a thing's two clocks.

    used: share of its life. low, high: the same with all gaps at best and at worst.
    spread: standard deviation of ln life. rate: share that an hour at `ahead_c` uses; 0 where that
    is for the other clock.
    """

    used: float
    low: float
    high: float
    spread: float
    rate: float

    def past(self, hours: float) -> float:
        """Tell the probability that it is past its life in `hours`, 0 to 1.

        Gaps at best, as usual and at worst count for 0.185, 0.63 and 0.185.
        """
        more = self.rate * max(0.0, hours)
        ways = zip((self.low, self.used, self.high), _WEIGHTS, strict=True)
        return sum(weight * self._past(used + more) for used, weight in ways)

    def _past(self, used: float) -> float:
        return _NORMAL.cdf(math.log(used) / max(self.spread, 1e-9)) if used > 0 else 0.0


class Rates:
    """Rates at temperatures, as corrected. A history has few that differ: each is computed once."""

    def __init__(self, law: Law, learned: Correction) -> None:
        self._law, self._learned = law, learned
        self._known: dict[float, tuple[float, bool, bool, float]] = {}

    def of(self, celsius: float) -> tuple[float, bool, bool]:
        """Tell the rate, 1/h, whether it is the frozen clock's, and whether the table tells it."""
        return self._at(celsius)[:3]

    def tilt(self, celsius: float) -> float:
        """Tell how far a temperature is from where the line is known best."""
        return self._at(celsius)[3]

    def _at(self, celsius: float) -> tuple[float, bool, bool, float]:
        known = self._known.get(celsius)
        if known is None:
            line, frozen, told = self._law.line(celsius)
            x = coordinate(celsius)
            value, tilt = line.ln_rate(x), x - line.pivot
            if not frozen:
                value -= self._learned.level + self._learned.tilt * tilt
            known = self._known[celsius] = (math.exp(value), frozen, told, tilt)
        return known


class Clocks:
    """The two clocks of a thing, and what is told of its times. used: chilled, and frozen."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self.used = {False: 0.0, True: 0.0}
        self.hours = 0.0
        self._weighted = 0.0
        self._untold = {"above": 0.0, "below": 0.0}
        self._cold_h = 0.0
        self._thawed = False

    def add(self, piece: Piece) -> None:
        """Add a piece of the history, in time."""
        cold = piece.celsius < FREEZES_C
        _, frozen, told = self._rates.of(piece.celsius)
        hours = (piece.until_ms - piece.from_ms) / _HOUR_MS
        if not told:
            self._untold["below" if cold else "above"] += hours
        self._thawed = self._thawed or (self._cold_h > _FREEZES_IN_H and not cold)
        self._cold_h += hours if cold else 0.0
        self.used[frozen] += piece.share
        self.hours += hours
        if not frozen:
            self._weighted += piece.share * self._rates.tilt(piece.celsius)

    def tilt(self) -> float:
        """Tell how warm it was kept: the mean of the coordinate, by what it cost."""
        return self._weighted / self.used[False] if self.used[False] > 0 else 0.0

    def notes(self) -> list[str]:
        """Say what the table does not tell of this history."""
        words = [
            f"its table does not tell how it keeps {one} freezing"
            for one, hours in self._untold.items()
            if hours > _FREEZES_IN_H
        ]
        if self._thawed:
            words.append("it was frozen and thawed, after which its table may not hold")
        return sorted(words)


def pieces_of(
    readings: Sequence[Reading], spans: Sequence[Span], at_ms: int, rates: Rates
) -> list[Piece]:
    """Integrate from reading to reading, by Simpson's rule, where it is no gap."""
    found: list[Piece] = []
    for (begin, first), (until, last) in pairwise(readings):
        if any(a < until and begin < b for a, b in spans):
            continue
        if (first < FREEZES_C) != (last < FREEZES_C):
            share = (FREEZES_C - first) / (last - first)
            middle = round(begin + share * (until - begin))
            cold, warm = FREEZES_C - 1e-6, FREEZES_C
            ends = (cold, warm) if first < FREEZES_C else (warm, cold)
            found.append(_piece(begin, middle, first, ends[0], rates))
            found.append(_piece(middle, until, ends[1], last, rates))
        else:
            found.append(_piece(begin, until, first, last, rates))
    if readings and not any(b == at_ms for _, b in spans) and readings[-1][0] < at_ms:
        at, celsius = readings[-1]
        found.append(_piece(at, at_ms, celsius, celsius, rates))
    return [one for one in found if one.until_ms > one.from_ms]


def _piece(begin: int, until: int, first: float, last: float, rates: Rates) -> Piece:
    parts = 1 + int(abs(last - first) / _SIMPSON_C)
    step = (last - first) / (2 * parts)
    at = [rates.of(first + step * place)[0] for place in range(2 * parts + 1)]
    total = at[0] + at[-1] + 4 * sum(at[1::2]) + 2 * sum(at[2:-1:2])
    hours = (until - begin) / _HOUR_MS
    return Piece(begin, until, (first + last) / 2, hours * total / (6 * parts))


@dataclass(frozen=True, slots=True)
class Unseen:
    """What an hour that nobody measured costs one clock, usually, at best and at worst."""

    usual: float
    best: float
    worst: float


def unseen_costs(
    clocks: Clocks, seen: Sequence[Piece], rates: Rates, stored: float, worst_c: float
) -> dict[bool, Unseen]:
    """Tell what an hour in a gap costs each clock."""
    known = [piece.celsius for piece in seen] or [stored]
    found = {}
    for cold in (False, True):
        own = [one for one in (*known, worst_c) if rates.of(one)[1] == cold]
        if clocks.hours > 0:
            usual = clocks.used[cold] / clocks.hours
        else:
            usual = rates.of(stored)[0] if rates.of(stored)[1] == cold else 0.0
        always = all(rates.of(one)[1] == cold for one in known)
        best = rates.of(min(known))[0] if always else 0.0
        worst = rates.of(max(own))[0] if own else 0.0
        found[cold] = Unseen(usual, min(best, usual), max(worst, usual))
    return found


def gap_stretch(begin: int, until: int, unseen: dict[bool, Unseen], proper: float) -> Stretch:
    """Tell what a gap usually costs. proper: the rate of proper storage, 1/h."""
    hours = (until - begin) / _HOUR_MS
    share = hours * (unseen[False].usual + unseen[True].usual)
    return Stretch(begin, until, None, share, share - hours * proper)


def spread_of(law: Law, learned: Correction, clocks: Clocks, cold: bool, ahead_c: float) -> float:
    """Tell the standard deviation of ln life, over what was and what is to come."""
    line = law.frozen if cold else law.chilled
    if line is None:
        return 0.0
    used = clocks.used[cold]
    ahead = coordinate(ahead_c) - line.pivot if law.line(ahead_c)[0] is line else None
    if cold:
        sd = line.sd(line.pivot)
        return sd if ahead is None else math.hypot(sd, line.slope_sd * ahead)
    past = clocks.tilt()
    left = max(0.0, 1 - used) if ahead is not None else 0.0
    weight = used / (used + left) if used + left > 0 else 1.0
    z = weight * past + (1 - weight) * (ahead or 0.0)
    sd = line.sd(line.pivot + z)
    return math.sqrt(learned.spread * sd * sd + learned.variance(z))


def by_table(law: Law) -> Correction:
    """Say what is known of a product by its table alone."""
    slope = law.chilled.slope_sd if law.chilled is not None else 0.0
    return Correction(variances=(0.0, 0.0, slope * slope))


def stored_at(product: Product) -> float:
    """Tell where a product belongs: the coldest place above freezing that it keeps in."""
    chilled = [one.celsius for one in product.lives if one.celsius >= FREEZES_C]
    return min(chilled) if chilled else product.lives[-1].celsius
