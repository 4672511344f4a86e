"""How far sales were from what was forecast: its size, its shape, and how days hang together.

All is learned from trials: forecasts of days that the model had not learned from. The size grows
with the mean, as counts and as shares do, and is each series' own as far as there are days to tell;
the levels of the distribution are then put right by how often they were exceeded, near and far days
ahead by themselves. This module refuses to trust a few days: what they say is held to what all say.

Sources: as `distribution`; Vovk, Gammerman and Shafer, Algorithmic learning in a random world, 2005
(ranks among n + 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.distribution import Dependence, Marks, levels_of
from counterfoil.extras import need
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.learn.forecast.mixing import parts

__all__ = ["Spread", "learn_marks", "learn_spread"]

_HELD: Final = 30.0  # days' worth of trust in what all series say together
_RANKS_HELD: Final = 40.0  # days' worth of trust in the gamma as it is
_USUAL: Final = 0.98  # of the squared errors: the rest is held to
_FAR: Final = 30.0  # times the mean of these
_GRID: Final = np.linspace(-3.0, 3.0, 61)
_KEPT: Final = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
_COMMON: Final = np.linspace(0, 0.9, 19)


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of a day: by_mean * mean + by_square * mean^2, times what is its own.

    series: (series,). ahead: (horizon,), not falling. weekday: (7,), Monday first.
    """

    by_mean: float
    by_square: float
    series: Floats
    ahead: Floats
    weekday: Floats

    def variance(self, mean: Floats, rows: Ints, first_days: Ints) -> Floats:
        """Give variances. mean: (k, horizon). rows: (k,) of series.

        first_days: (k,) days since 1970 of the first day forecast.
        """
        known = self.by_mean * mean + self.by_square * mean**2
        days = _weekdays(first_days, mean.shape[1])
        own = self.series[rows, None] * self.ahead[None, :] * self.weekday[days]
        return np.asarray(known * own)


def learn_spread(
    mean: Floats, sales: Floats, rows: Ints, first_days: Ints, count: int, *, seen: float
) -> Spread:
    """Learn sizes from trials. mean, sales: (k, horizon), sales not a number where not known.

    rows: (k,) of series. first_days: as in `Spread.variance`. count: series there
    are. seen: from how many origins a day was seen.
    """
    there = np.isfinite(sales) & (mean > 0)
    some, sold = mean[there], sales[there]
    ratio = (sold - some) ** 2 / some
    ratio = _clipped(ratio)
    by_mean, by_square = _line(some, ratio)
    known = np.maximum(by_mean * mean + by_square * mean**2, 1e-9)
    share = np.where(there, (np.nan_to_num(sales) - mean) ** 2 / known, np.nan)
    share[there] = _clipped(share[there])
    series = np.ones(count)
    for row in range(count):
        own = share[rows == row]
        days = np.isfinite(own).sum() / seen
        if days:
            series[row] = (np.nanmean(own) * days + _HELD) / (days + _HELD)
    share = share / series[rows, None]
    ahead = np.ones(mean.shape[1])
    for part in _weeks(mean.shape[1]):
        inner = share[:, part]
        days = np.isfinite(inner).sum() / seen
        ahead[part] = ((np.nanmean(inner) if days else 1.0) * days + _HELD) / (days + _HELD)
    ahead = np.maximum.accumulate(ahead)
    share = share / ahead
    weekday = np.ones(7)
    days_of = _weekdays(first_days, mean.shape[1])
    for day in range(7):
        inner = share[days_of == day]
        days = np.isfinite(inner).sum() / seen
        weekday[day] = ((np.nanmean(inner) if days else 1.0) * days + _HELD) / (days + _HELD)
    return Spread(by_mean, by_square, series, ahead, weekday)


def learn_marks(
    mean: Floats, variance: Floats, sales: Floats, *, whole: bool, seen: float
) -> tuple[Marks, Dependence]:
    """Put levels right, and tell how days depend on each other. All are (k, horizon).

    seen: as in `learn_spread`.
    """
    horizon = mean.shape[1]
    there = np.isfinite(sales) & (mean > 0)
    scores = np.full(mean.shape, np.nan)
    scores[there] = levels_of(
        sales[there], mean[there], variance[there], np.random.default_rng(1), whole=whole
    )
    ndtr = need("scipy.special", "supply").ndtr
    cut = parts(horizon)
    part_of = np.zeros(horizon, dtype=np.int64)
    whole_pool = scores[there]
    found = []
    for place, part in enumerate(cut):
        part_of[part] = place
        near = scores[:, part][there[:, part]]
        one = _marks(near, there[:, part].sum() / seen, ndtr)
        every = _marks(whole_pool, there.sum() / seen, ndtr)
        found.append(0.5 * one + 0.5 * every)
    marks = Marks(_GRID, np.stack(found), part_of)
    right = marks.back(scores, np.arange(horizon))
    return marks, _dependence(right)


def _marks(scores: Floats, days: float, ndtr: Any) -> Floats:
    """Map normal scores to those that were exceeded as often as promised: rising, (g,)."""
    if len(scores) < 2:
        return _GRID
    level = ndtr(_GRID)
    effective = max(days, 2.0)
    outer = 0.5 + (level - 0.5) * (1 + 1 / effective)
    fit = (outer > 1 / (effective + 1)) & (outer < effective / (effective + 1))
    if not fit.any():
        return _GRID
    found = np.quantile(scores, np.clip(outer, 0, 1))
    first, last = np.flatnonzero(fit)[[0, -1]]
    found[:first] = _GRID[:first] + found[first] - _GRID[first]
    found[last + 1 :] = _GRID[last + 1 :] + found[last] - _GRID[last]
    share = effective / (effective + _RANKS_HELD)
    mixed = share * found + (1 - share) * _GRID
    return np.maximum.accumulate(mixed + 1e-6 * np.arange(len(mixed)))


def _dependence(scores: Floats) -> Dependence:
    """Fit a common and a fading part to the correlation of days by their distance."""
    horizon = scores.shape[1]
    there = np.isfinite(scores)
    clean = np.where(there, np.clip(scores, -3, 3), 0.0)
    power = float((clean**2).sum() / max(there.sum(), 1)) or 1.0
    lags = np.arange(1, horizon)
    counts = np.array([(there[:, lag:] & there[:, :-lag]).sum() for lag in lags], dtype=float)
    sums = np.array([(clean[:, lag:] * clean[:, :-lag]).sum() for lag in lags])
    if not counts.sum():
        return Dependence(0.0, 0.0, 0.5)
    found = sums / np.maximum(counts, 1) / power
    best, chosen = np.inf, Dependence(0.0, 0.0, 0.5)
    for kept in _KEPT:
        shape = kept**lags
        for common in _COMMON:
            rest = found - common
            weight = float((counts * shape * shape).sum())
            fading = float((counts * shape * rest).sum()) / max(weight, 1e-12)
            fading = float(np.clip(fading, 0.0, 1 - common))
            error = float((counts * (rest - fading * shape) ** 2).sum())
            if error < best - 1e-12:
                best, chosen = error, Dependence(float(common), fading, kept)
    return chosen


def _clipped(squares: Floats) -> Floats:
    """Hold squared errors that are far from all others: an error of the books is no spread."""
    if not len(squares):
        return squares
    usual = squares[squares <= np.quantile(squares, _USUAL)]
    level = float(usual.mean())
    return np.minimum(squares, _FAR * level) if level > 0 else squares


def _line(mean: Floats, ratio: Floats) -> tuple[float, float]:
    """Fit ratio = a + b * mean, neither below 0."""
    if not len(mean):
        return 1.0, 0.0
    level = float(ratio.mean()) or 1e-3
    away = mean - mean.mean()
    power = float((away**2).sum())
    slope = float((away * ratio).sum()) / power if power > 1e-12 else 0.0
    base = level - slope * float(mean.mean())
    if slope < 0:
        return level, 0.0
    if base < 0:
        return 0.0, float((mean * ratio).sum() / (mean**2).sum())
    return base, slope


def _weekdays(first_days: Ints, horizon: int) -> Ints:
    """Tell the weekday of each day ahead, from 0 for Monday: (k, horizon)."""
    return np.asarray((first_days[:, None] + np.arange(horizon) + 3) % 7)


def _weeks(horizon: int) -> list[Ints]:
    return np.array_split(np.arange(horizon), max(1, horizon // 7))
