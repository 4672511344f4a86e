"""Choose what tables of fees shall assume, by what would have been paid in the past.

Each assumption learns from the first part of the past and is tried on the rest; the cheapest ones
then learn from all, and the price to take is their mean. This module refuses to be tuned to any
chain, and to look ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from typing import Final

from counterfoil.pace.fee_table import FeeTable, Shape, levels, logs

__all__ = ["LEAST", "FeeRule", "PriceAt", "kept", "seasons_of", "stop"]

LEAST: Final = 24
"""With fewer fees than this nothing is learned, and nobody waits for a better one."""

_KEPT: Final = (8_192, 40_000)
_KEPT_WAITS: Final = 24
_MEMORIES: Final = (1.0, 3.0, 8.0)  # of the slow level, in longest waits
_MIXED: Final = 3
_CLOSE: Final = 1.01  # what cost hardly more than the cheapest is as good
_RATES: Final = (0.5, 1.0, 2.0)
_OFFSETS: Final = 6
_WAITS_TRIED: Final = 4  # with fewer longest waits to try on, nothing is chosen
_LEARNED: Final = 0.6
_STARTS: Final = 240
_DAY_S: Final = 86_400.0
_SEASONS_SEEN: Final = 3  # a season must have been seen this often to be believed

PriceAt = Callable[[int, int], float]
"""(place, steps to go) -> the highest fee to take there."""


def kept(horizon: int) -> int:
    """Tell how many fees of the past are learned from, at most: 24 longest waits, within bounds."""
    return min(max(_KEPT_WAITS * horizon, _KEPT[0]), _KEPT[1])


def seasons_of(step_s: float) -> tuple[int, ...]:
    """Give the seasons that are worth a try, steps: a day and a week, where they have steps.

    step_s: seconds between two fees; 0 where that is not known.

    >>> seasons_of(86_400.0), seasons_of(12.0)
    ((7,), (7200, 50400))
    """
    if step_s <= 0:
        return (7, 24)
    found = (round(_DAY_S / step_s), round(7 * _DAY_S / step_s))
    return tuple(season for season in found if season >= 4)


def stop(fees: Sequence[float], price: PriceAt, begin: int, horizon: int) -> int:
    """Tell the place at which what waits from place `begin` on is anchored."""
    for at in range(begin, min(begin + horizon, len(fees))):
        if fees[at] <= price(at, begin + horizon - at):
            return at
    return begin + horizon


class FeeRule:
    """When to anchor, by fees of the past. horizon: longest wait, steps, >= 0.

    lasting: something waits again soon after each anchor, so that a late one saves another;
    else each anchor is to be cheap by itself. idle: steps after an anchor before something
    waits again. step_s: seconds between two fees; 0 where that is not known.
    """

    def __init__(
        self, horizon: int, *, lasting: bool = False, idle: float = 0.0, step_s: float = 0.0
    ) -> None:
        self.horizon, self._lasting, self._idle = horizon, lasting, idle
        self._seasons = seasons_of(step_s)
        self._tables: list[FeeTable] = []

    @property
    def shapes(self) -> list[Shape]:
        """What the tables assume; empty before enough was seen."""
        return [table.shape for table in self._tables]

    def learn(self, fees: Sequence[float], first: int = 0) -> None:
        """Learn from fees, one a step, oldest first; first: number of the first one's step."""
        most = kept(self.horizon)
        first += max(len(fees) - most, 0)
        fees = fees[-most:]
        if len(fees) < LEAST or self.horizon < 1:
            return
        self._tables = self._made(fees, first, self._choose(fees, first))

    def prices(self, fees: Sequence[float], first: int = 0) -> PriceAt:
        """Give what tells the highest fee to take at a place of `fees` with so many steps to go.

        The answer for a place is made from `fees` up to that place, and from what was learned.
        Where nothing is known, any fee is taken.
        """
        return _prices(self._tables, fees, first)

    def _made(self, fees: Sequence[float], first: int, shapes: Sequence[Shape]) -> list[FeeTable]:
        return [FeeTable(fees, first, self.horizon, shape, self._idle) for shape in shapes]

    def _choose(self, fees: Sequence[float], first: int) -> list[Shape]:
        known = int(len(fees) * _LEARNED)
        shapes = [Shape(max(memory * self.horizon, 2.0)) for memory in _MEMORIES]
        if known < LEAST or len(fees) - known < _WAITS_TRIED * max(self.horizon, 1):
            return [replace(shape, rate=float(self._lasting)) for shape in shapes]
        shapes += [
            replace(shape, season=season)
            for shape in shapes[:2]
            for season in self._seasons
            if _SEASONS_SEEN * season <= known
        ]
        tried = {shape: self._tried(fees, first, known, [shape]) for shape in shapes}
        least = min(tried.values())
        best = [shape for shape in shapes if tried[shape] <= _CLOSE * least][:_MIXED]
        if not self._lasting:
            return best
        rated = [[replace(shape, rate=rate) for shape in best] for rate in _RATES]
        return min(rated, key=lambda some: self._tried_row(fees, first, known, some))

    def _tried(
        self, fees: Sequence[float], first: int, known: int, shapes: Sequence[Shape]
    ) -> float:
        """Tell what an anchor would have cost after the first `known` fees.

        In mean fees of its longest wait, so that dear days count no more than cheap ones.
        """
        price = _prices(self._made(fees[:known], first, shapes), fees, first)
        last = len(fees) - 1 - self.horizon
        begins = range(known, last + 1, max((last - known) // _STARTS, 1))
        total = 0.0
        for at in begins:
            mean = sum(fees[at : at + self.horizon + 1]) / (self.horizon + 1)
            total += fees[stop(fees, price, at, self.horizon)] / mean if mean > 0 else 1.0
        return total / len(begins)

    def _tried_row(
        self, fees: Sequence[float], first: int, known: int, shapes: Sequence[Shape]
    ) -> float:
        """Tell what a step would have cost, where something waits again after each anchor."""
        price = _prices(self._made(fees[:known], first, shapes), fees, first)
        last = len(fees) - 1 - self.horizon
        paid, steps = 0.0, 0
        for offset in range(_OFFSETS):
            begin = at = known + offset * self.horizon // _OFFSETS
            while at <= last:
                place = stop(fees, price, at, self.horizon)
                paid += fees[place]
                at = place + 1 + round(self._idle)
            steps += at - begin
        return paid / max(steps, 1)


def _prices(tables: Sequence[FeeTable], fees: Sequence[float], first: int) -> PriceAt:
    if not tables:
        return lambda at, left: inf  # noqa: ARG005
    known = logs(fees)
    tracks = []
    for table in tables:
        flat = [one - table.season_at(first + at) for at, one in enumerate(known)]
        tracks.append((table, flat, levels(flat, table.shape.level_steps)))

    def price(at: int, left: int) -> float:
        total = 0.0
        for table, flat, level in tracks:
            total += table.price_to_take(flat[at], level[at], first + at, left)
        return total / len(tracks)

    return price
