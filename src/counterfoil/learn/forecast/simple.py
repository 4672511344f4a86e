"""Forecasters without training: repeat, average, smooth. One of them is hard to beat each time.

This module refuses to fit more than a smoothing weight.

Sources: Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd edition, 5.2, 8.1;
Assimakopoulos and Nikolopoulos, The theta model, IJF 16(4), 2000; Syntetos and Boylan, IJF 21(2),
2005 (intermittent demand).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counterfoil.learn.anomaly.extra import need
from counterfoil.ports import Series

__all__ = ["SIMPLE", "SeasonalNaive", "Simple"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rule = Callable[[Series, Ints, int], Floats]

_KEPT: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)


class Simple:
    """A forecaster that is one rule; fitting it learns the horizon."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._horizon = 1

    def fit(self, series: Series, end: int, horizon: int) -> None:  # noqa: ARG002
        """Take note of the horizon; see `Forecaster`."""
        self._horizon = horizon

    def forecast(self, series: Series, origins: Ints) -> Floats:
        """Apply the rule at each origin; see `Forecaster`."""
        return self._rule(series, origins, self._horizon)


def seasonal_naive(series: Series, origins: Ints, horizon: int) -> Floats:
    """Repeat the value of a season before, or the last one where there is no season."""
    return series.values[_back(origins, horizon, series.season, 1)]


def naive(series: Series, origins: Ints, horizon: int) -> Floats:
    """Repeat the last value."""
    return _flat(series.values[origins - 1], horizon)


def seasonal_median(series: Series, origins: Ints, horizon: int) -> Floats:
    """Take the median of the same place in the last five seasons."""
    seasons = [series.values[_back(origins, horizon, series.season, k)] for k in range(1, 6)]
    return np.asarray(np.median(seasons, axis=0))


def fading(series: Series, origins: Ints, horizon: int) -> Floats:
    """Follow the season, and let the last departure from its median fade by half each 1/8 of it."""
    season = series.season
    away = series.values[origins - 1] - seasonal_median(series, origins - 1, 1)[:, 0]
    fade = 0.5 ** (np.arange(1, horizon + 1) / max(season / 8, 1))
    return seasonal_median(series, origins, horizon) + away[:, None] * fade


def shifted(series: Series, origins: Ints, horizon: int) -> Floats:
    """Follow the last season, moved by half of how it differs from the one before."""
    season = max(series.season, 2)
    sums = np.concatenate([[0.0], np.cumsum(series.values)])
    last = (sums[origins] - sums[origins - season]) / season
    before = (sums[origins - season] - sums[np.maximum(origins - 2 * season, 0)]) / season
    moved = 0.5 * (last - before)
    return np.asarray(seasonal_naive(series, origins, horizon) + moved[:, None])


def level(series: Series, origins: Ints, horizon: int) -> Floats:
    """Smooth exponentially on what is left of the season, by the weight that was best so far."""
    season = series.season
    values = series.values
    base = np.zeros_like(values)
    if season > 1:
        base[season:] = values[:-season]
        base[:season] = values[:season]
    rest = values - base
    first = int(origins.min())
    levels = {kept: _smoothed(rest, kept) for kept in _KEPT}
    errors = {
        k: np.abs(rest[season + 1 : first] - v[season : first - 1]) for k, v in levels.items()
    }
    best = min(_KEPT, key=lambda kept: float(errors[kept].mean()) if errors[kept].size else kept)
    return (
        seasonal_naive(series, origins, horizon) + levels[best][origins - 1][:, None]
        if (season > 1)
        else _flat(levels[best][origins - 1], horizon)
    )


def recent_median(width: int) -> Rule:
    """Take the median of the last `width` values: it is not moved by a few that are far out."""

    def rule(series: Series, origins: Ints, horizon: int) -> Floats:
        places = np.maximum(origins[:, None] - 1 - np.arange(width), 0)
        return _flat(np.median(series.values[places], axis=1), horizon)

    return rule


def theta(series: Series, origins: Ints, horizon: int) -> Floats:
    """Add half of the trend of the last seasons to the level; the theta method's drift."""
    width = max(4 * series.season, 24)
    past = np.maximum(origins - 1 - width, 0)
    slope = (series.values[origins - 1] - series.values[past]) / np.maximum(origins - 1 - past, 1)
    drift = 0.5 * slope[:, None] * np.arange(1, horizon + 1)
    return level(series, origins, horizon) + drift


def intermittent(series: Series, origins: Ints, horizon: int) -> Floats:
    """Divide the usual demand by the usual interval between demands (Croston, debiased)."""
    values, kept = series.values, 0.1
    found = np.zeros(len(values))
    size = every = 0.0
    since = 1
    for at, value in enumerate(values):
        if value != 0:
            size = value if not size else size + kept * (value - size)
            every = since if not every else every + kept * (since - every)
            since = 1
        else:
            since += 1
        found[at] = (1 - kept / 2) * size / every if every else 0.0
    return _flat(found[origins - 1], horizon)


class SeasonalNaive(Simple):
    """The forecaster to be beaten: as a season ago."""

    def __init__(self) -> None:
        super().__init__(seasonal_naive)


SIMPLE: Final[Mapping[str, Rule]] = {
    "seasonal naive": seasonal_naive,
    "naive": naive,
    "seasonal median": seasonal_median,
    "fading": fading,
    "shifted": shifted,
    "level": level,
    "theta": theta,
    "median of 12": recent_median(12),
    "median of 96": recent_median(96),
}
"""What is tried on every series."""


def _back(origins: Ints, horizon: int, season: int, seasons: int) -> Ints:
    """Find the same place some seasons earlier than each target: (k, horizon) indices, >= 0."""
    ahead = np.arange(horizon)
    whole = (ahead // season + seasons) * season
    return np.asarray(np.maximum(origins[:, None] + ahead - whole, 0))


def _flat(values: Floats, horizon: int) -> Floats:
    return np.repeat(values[:, None], horizon, axis=1)


def _smoothed(values: Floats, kept: float) -> Floats:
    lfilter = need("scipy.signal").lfilter
    start = values[:1].mean() if values.size else 0.0
    found, _ = lfilter([kept], [1, kept - 1], values, zi=[start * (1 - kept)])
    return np.asarray(found)
