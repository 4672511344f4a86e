"""What it is worth to wait for a cheaper block: optimal stopping under a deadline, as a table.

The fee, on the scale of its own slow level and time of day, is taken for a Markov chain whose
states are ranks of the past and whose moves were counted there. Backwards from the deadline that
gives, for each state and time that is left, the price at which to stop waiting: at the deadline
any, before it what going on is expected to cost.

This module refuses to look at a fee that comes after those it was given, and to know a clock: time
is counted in steps.

Source: Shiryaev, Optimal Stopping Rules, 1978, ch. 2; Puterman, Markov Decision Processes, 1994,
ch. 4 (finite horizon, backward induction).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, inf, log, sqrt
from operator import mul
from typing import Final

__all__ = ["FeeTable", "Shape", "levels", "logs"]

_STAGES: Final = 32  # decisions between now and the deadline that are told apart
_STATES: Final = 20
_PHASES: Final = 24  # times of the season that are told apart
_SHRINK: Final = 5.0  # a time of the season counts fully once it was seen much oftener than this
_EXPONENT_MAX: Final = 50.0
_SAME: Final = 1 + 1e-9


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table assumes.

    level_steps: memory of the slow level, steps, >= 1. season: steps after which fees tend to
    repeat; 0 for never. rate: what a step without an anchor is worth, in mean fees by the longest
    wait: 0 where one anchor is to be cheap, 1 where each wait delays the next one, too.
    """

    level_steps: float
    season: int = 0
    rate: float = 0.0


def logs(fees: Sequence[float]) -> list[float]:
    """Give the logarithm of each fee; what is not above 0 counts as the smallest before it.

    >>> logs([1.0, 0.0])
    [0.0, 0.0]
    """
    least, found = inf, []
    for fee in fees:
        least = min(least, fee) if fee > 0 else least
        found.append(log(fee if fee > 0 else least) if least < inf else 0.0)
    return found


def levels(values: Sequence[float], steps: float) -> list[float]:
    """Give the level at each place: an exponential mean of the values up to there."""
    gain, weight, mean, found = 1 / max(steps, 1.0), 0.0, 0.0, []
    for value in values:
        weight += gain * (1 - weight)
        mean += gain / weight * (value - mean)
        found.append(mean)
    return found


class FeeTable:
    """Prices at which to stop waiting, learned from fees of the past.

    fees: one a step, oldest first, any unit, at least 2. first: number of the first one's step,
    by which the season is counted. horizon: longest wait, steps, >= 1. idle: steps after an
    anchor before something waits again.
    """

    def __init__(
        self, fees: Sequence[float], first: int, horizon: int, shape: Shape, idle: float = 0.0
    ) -> None:
        self.shape, self._horizon = shape, horizon
        self._stride = ceil(horizon / _STAGES)
        values = logs(fees)
        self._profile = _profile(values, first, shape.season)
        flat = [one - self.season_at(first + at) for at, one in enumerate(values)]
        rest = [one - low for one, low in zip(flat, levels(flat, shape.level_steps), strict=True)]
        rest = rest[min(len(rest) // 5, ceil(shape.level_steps)) :]
        states = int(min(_STATES, max(3, sqrt(len(rest)) / 3)))
        ranked = sorted(rest)
        self._edges = [ranked[len(ranked) * at // states] for at in range(1, states)]
        seen = [bisect_left(self._edges, one) for one in rest]
        costs = _costs(rest, seen, states)
        mean = sum(costs[one] for one in seen) / len(seen)
        saved = shape.rate * mean / (horizon + idle) * self._stride
        moves = _moves(seen, states, self._stride)
        phases = len(self._profile)
        self._tables = [self._solve(costs, moves, saved, at) for at in range(phases)]

    def season_at(self, step: int) -> float:
        """Tell by how much the logarithm of a fee is above its level at a time of the season."""
        return self._profile[self._phase(step)]

    def price_to_take(self, flat: float, level: float, step: int, left: int) -> float:
        """Tell the highest fee at which to stop waiting now, in the unit of the fees.

        flat: logarithm of the fee of this step, less `season_at`. level: of such ones, up to this
        step. left: steps until the deadline; with none, any fee is taken.
        """
        if left <= 0:
            return inf
        table = self._tables[self._phase(step + left)]
        state = bisect_left(self._edges, flat - level)
        place = min(left / self._stride, len(table))
        low = max(int(place), 1)
        high = min(low + 1, len(table))
        share = min(max(place - low, 0.0), 1.0)
        worth = (1 - share) * table[low - 1][state] + share * table[high - 1][state]
        return exp(min(max(level, -600.0), 600.0)) * worth * _SAME

    def _phase(self, step: int) -> int:
        season = self.shape.season
        return step % season * len(self._profile) // season if season else 0

    def _solve(
        self, costs: list[float], moves: list[list[float]], saved: float, phase: int
    ) -> list[list[float]]:
        """Go backwards from a deadline at a time of the season; gives the worth of going on.

        Row k - 1 is k strides before the deadline, and holds a value for each state.
        """
        season, phases = self.shape.season, len(self._profile)
        end = (2 * phase + 1) * season // (2 * phases)
        factor = exp(self._profile[phase])
        worth, table = [cost * factor for cost in costs], []
        for k in range(1, ceil(self._horizon / self._stride) + 1):
            going_on = [sum(map(mul, row, worth)) - saved for row in moves]
            factor = exp(self.season_at(end - k * self._stride))
            worth = [min(cost * factor, on) for cost, on in zip(costs, going_on, strict=True)]
            table.append(going_on)
        return table


def _profile(values: list[float], first: int, season: int) -> list[float]:
    """Give the usual distance from the level at each time of the season, drawn towards none."""
    if season < 2:
        return [0.0]
    phases = min(_PHASES, season)
    sums, counts = [0.0] * phases, [0] * phases
    slow = levels(values, 2 * season)
    for at in range(min(season, len(values) // 3), len(values)):
        phase = (first + at) % season * phases // season
        sums[phase] += values[at] - slow[at]
        counts[phase] += 1
    each = max(season / phases, 1.0)  # values of one bin in one season are no independent ones
    found = [
        total / count * (count / each) / (count / each + _SHRINK) if count else 0.0
        for total, count in zip(sums, counts, strict=True)
    ]
    middle = sum(found) / phases
    return [one - middle for one in found]


def _costs(rest: list[float], seen: list[int], states: int) -> list[float]:
    """Give the mean fee in each state, in units of the level."""
    sums, counts = [0.0] * states, [0] * states
    for value, state in zip(rest, seen, strict=True):
        sums[state] += exp(max(min(value, _EXPONENT_MAX), -_EXPONENT_MAX))
        counts[state] += 1
    mean = sum(sums) / len(rest)
    return [total / count if count else mean for total, count in zip(sums, counts, strict=True)]


def _moves(seen: list[int], states: int, stride: int) -> list[list[float]]:
    """Give the chance of each state a stride after each, counted, and a little of staying."""
    shares = [seen.count(state) / len(seen) for state in range(states)]
    counts = [[0.5 * share for share in shares] for _ in range(states)]
    for state in range(states):
        counts[state][state] += 0.5
    for old, new in zip(seen, seen[stride:], strict=False):
        counts[old][new] += 1
    return [[count / sum(row) for count in row] for row in counts]
