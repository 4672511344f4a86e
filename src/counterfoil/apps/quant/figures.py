"""How good forecasts were, with what chance alone allows: intervals, and a deflated Sharpe ratio.

Forecasts of one moment share their luck, so that intervals come from drawing whole periods, in
blocks (the stationary bootstrap). A Sharpe ratio is judged against the best that as many strategies
without skill would show. This module refuses an interval from fewer than eight periods.

Sources: Politis and Romano, The stationary bootstrap, JASA 89, 1994; Bailey and Lopez de Prado, The
Sharpe ratio efficient frontier, J. of Risk 15(2), 2012 (probabilistic Sharpe ratio), and The
deflated Sharpe ratio, J. of Portfolio Management 40(5), 2014; Grinold and Kahn, Active Portfolio
Management, 2000 (information coefficient); Brier, Monthly Weather Review 78, 1950.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PERIODS_MIN",
    "Figure",
    "Floats",
    "chance_of_skill",
    "deflated",
    "figure",
    "rank_correlation",
    "sharpe",
]

Floats = NDArray[np.float64]

PERIODS_MIN: Final = 8
"""Fewest periods from which an interval is told."""

_DRAWS: Final = 2000
_EULER: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure. low, high: of its 95 % interval; None from too few periods. periods: it is from."""

    value: float
    low: float | None
    high: float | None
    periods: int


def figure(table: Floats, of: Callable[[Floats], Floats]) -> Figure | None:
    """Compute a figure and its interval; None where nothing is there.

    table: (periods, k) float64, in the order of time. of: (draws, periods, k) -> (draws,), which is
    asked for the table itself, too. A figure that is not finite is none.
    """
    count = len(table)
    if count == 0:
        return None
    value = float(of(table[None])[0])
    if not math.isfinite(value):
        return None
    if count < PERIODS_MIN:
        return Figure(value, None, None, count)
    drawn = of(table[_draws(count)])
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(edge) for edge in np.quantile(drawn, [0.025, 0.975]))
    return Figure(value, low, high, count)


def sharpe(returns: Floats, per_year: float) -> Floats:
    """Compute annual Sharpe ratios. returns: (..., periods), in excess of nothing.

    per_year: periods a year. Not a number where returns do not move, or are fewer than two.
    """
    if returns.shape[-1] < 2:
        return np.full(returns.shape[:-1], np.nan)
    spread = returns.std(axis=-1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(
            spread > 0, returns.mean(axis=-1) / spread * math.sqrt(per_year), np.nan
        )
    return found


def chance_of_skill(returns: Floats, benchmark: float = 0.0) -> float | None:
    """Compute the probabilistic Sharpe ratio: how sure it is that the true one is above another.

    returns: (periods,) float64, at least 3. benchmark: a Sharpe ratio for one period. None where
    returns do not move.
    """
    count = len(returns)
    spread = float(returns.std(ddof=1)) if count > 2 else 0.0
    if spread == 0:
        return None
    ratio = float(returns.mean()) / spread
    z = (returns - returns.mean()) / returns.std()
    skew, kurtosis = float((z**3).mean()), float((z**4).mean())
    error = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    if error <= 0:
        return None
    return _NORMAL.cdf((ratio - benchmark) * math.sqrt(count - 1) / math.sqrt(error))


def deflated(returns: Floats, ratios: Sequence[float], tried: int) -> float | None:
    """Compute the deflated Sharpe ratio: how sure it is that the best of several has any skill.

    returns: (periods,) of the strategy in question. ratios: Sharpe ratios for one period of all
    that are known. tried: how many were, at least so many. The spread of ratios is that of those
    known, but no less than chance alone gives. None where returns do not move.
    """
    if tried < 2:
        return chance_of_skill(returns)
    known = [one for one in ratios if math.isfinite(one)]
    spread = max(float(np.var(known, ddof=1)) if len(known) > 1 else 0.0, 1 / (len(returns) - 1))
    best = (1 - _EULER) * _NORMAL.inv_cdf(1 - 1 / tried)
    best += _EULER * _NORMAL.inv_cdf(1 - 1 / (tried * math.e))
    return chance_of_skill(returns, math.sqrt(spread) * best)


def rank_correlation(told: Floats, came: Floats) -> float:
    """Compute Spearman's rank correlation; not a number where one side does not move.

    told, came: (n,) float64.
    """
    a, b = _ranks(told), _ranks(came)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 0 else math.nan


def _ranks(values: Floats) -> Floats:
    """Rank values from 0; equal ones share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    found: Floats = (last - (counts + 1) / 2)[inverse]
    return found


def _draws(count: int) -> NDArray[np.int64]:
    """Draw periods in blocks of geometric length, around the ring: (draws, count)."""
    random = np.random.default_rng(1)
    jump = 1 / max(1.0, count ** (1 / 3))
    starts = random.integers(0, count, (_DRAWS, count))
    anew = random.random((_DRAWS, count)) < jump
    anew[:, 0] = True
    place = np.arange(count)
    began = np.maximum.accumulate(np.where(anew, place, 0), axis=1)
    first = np.take_along_axis(starts, began, axis=1)
    found: NDArray[np.int64] = (first + place - began) % count
    return found
