"""Bands that hold what they promise: conformal, and corrected by how often they failed.

The errors of forecasts whose outcome is known by now are put on one scale: what a step ahead, and a
place in the season, usually errs by. A band spans quantiles of all of them together, for those of
one step alone are few, and those of windows that overlap are alike. One share of misses is steered
for all steps: where bands failed more often than promised it falls, where less often it rises. So
over n windows the share that failed comes within about 1 / n of its gain of the promise, whatever
the series does; what that costs in width shows in the interval score.

This module refuses errors that were not known yet at the origin of a forecast.

Sources: Gibbs and Candès, Adaptive conformal inference under distribution shift, NeurIPS 2021; Xu
and Xie, Conformal prediction interval for dynamic time series, ICML 2021 (EnbPI: the sliding pool
of errors); Lei et al., Distribution-free predictive inference for regression, JASA 113, 2018
(5.2: errors on a local scale).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.ports import Series

__all__ = ["LEVEL", "bands", "scales"]

LEVEL: Final = 0.9
"""The share of outcomes that a band promises to hold."""

_POOL: Final = 250  # the last known errors of a step ahead that count
_STEPS: Final = 32  # steps ahead, at most, whose errors are ranked
_GAIN: Final = 0.05  # what a window that failed at every step moves the share of misses by
_DELAYED: Final = 0.5  # the gain, at most, times the windows until an outcome is known
_FEWEST: Final = 5
_MISS: Final = (-0.1, 0.6)
_MISS_LEAST: Final = 0.002  # below it, a band is wider than all errors in the pool
_WIDER: Final = 2.0
_PLACES: Final = 48  # places in a season that are told apart
_SHRUNK: Final = 3.0  # windows' worth of doubt that a place in the season is a place of its own
_TOUCH: Final = 1e-3  # usual errors that a band is wider by at each end: trees miss zeros by less
_TINY: Final = 1e-300


def scales(series: Series, origins: Ints) -> Floats:
    """Tell how much the series moved lately: the mean absolute seasonal move before each origin.

    Over the last three seasons, 48 values at least, a quarter, and the long-run mean, the rest; of
    this the square root, for errors follow it half-way.
    """
    gap = max(series.season, 1)
    moves = np.abs(series.values[gap:] - series.values[:-gap])
    moves = moves / (float(moves.max(initial=0.0)) or 1.0)
    sums = np.concatenate([np.zeros(gap + 1), np.cumsum(moves)])
    width = max(3 * series.season, 48)
    lower = np.maximum(origins - width, gap)
    lately = (sums[origins] - sums[lower]) / np.maximum(origins - lower, 1)
    always = sums[origins] / np.maximum(origins - gap, 1)
    return np.asarray(np.sqrt(np.maximum(0.25 * lately + 0.75 * always, 1e-12)))


def bands(
    told: Floats, actual: Floats, origins: Ints, scale: Floats, season: int = 1
) -> tuple[Floats, Floats]:
    """Put a band around each forecast, by the forecasts before it whose outcome was known.

    told, actual: (k, horizon), by rising origins; an actual that is not a number is not known.
    origins, scale: (k,). season: steps, 1 for none.
    Returns (low, high), each (k, horizon); infinite where nothing is known.
    """
    count, horizon = told.shape
    low, high = np.full(told.shape, -np.inf), np.full(told.shape, np.inf)
    errors = (actual - told) / scale[:, None]
    places = _places(origins, horizon, season)
    known = _known(origins, horizon)
    steered = _Steered(float((count - 1 - known[-1]).mean()))
    for at in range(count):
        if at:
            steered.learn(actual, low, high, known[at - 1], known[at])
        if known[at].max() < _FEWEST:
            continue
        spans = _span(errors, known[at], places, places[at], steered.miss)
        if spans is not None:
            low[at], high[at] = (told[at] + span * scale[at] for span in spans)
    return low, high


class _Steered:
    """The share of misses that bands are made for; it moves against how often they failed."""

    def __init__(self, delay: float) -> None:
        """Begin with the promise. delay: windows until an outcome is known, on the mean."""
        self.miss = 1 - LEVEL
        self._gain = min(_GAIN, _DELAYED / max(delay, 1.0))

    def learn(self, actual: Floats, low: Floats, high: Floats, before: Ints, now: Ints) -> None:
        """Learn from outcomes that came to be known. before, now: (horizon,) how many were, are."""
        horizon = actual.shape[1]
        steps = np.arange(horizon)
        for more in range(int((now - before).max())):
            rows = np.minimum(before + more, len(actual) - 1)
            under, over = low[rows, steps], high[rows, steps]
            counts = (before + more < now) & np.isfinite(under + actual[rows, steps])
            failed = counts & ((actual[rows, steps] < under) | (actual[rows, steps] > over))
            self.miss += self._gain * ((1 - LEVEL) * counts.sum() - failed.sum()) / horizon
        self.miss = float(np.clip(self.miss, *_MISS))


def _span(
    errors: Floats, known: Ints, places: Ints, here: Ints, miss: float
) -> tuple[Floats, Floats] | None:
    """Give what a band reaches down and up by at each step, on the scale of `errors`.

    None where too little is known. Where only steps near are known, those behind them are taken to
    err as a random walk does.
    """
    steps = np.arange(errors.shape[1])
    rows = known[None, :] - 1 - np.arange(min(_POOL, int(known.max())))[:, None]
    there = (rows >= 0) & np.isfinite(errors[np.maximum(rows, 0), steps])
    rows = np.maximum(rows, 0)
    found = np.where(there, errors[rows, steps], 0.0)
    counts = there.sum(axis=0)
    enough = np.flatnonzero(counts >= _FEWEST)
    if not len(enough):
        return None
    near = enough[np.maximum(np.searchsorted(enough, steps, side="right") - 1, 0)]
    usual = (np.abs(found).sum(axis=0) / np.maximum(counts, 1))[near]
    usual = np.maximum(usual * np.sqrt(np.maximum((steps + 1) / (near + 1), 1)), _TINY)
    there[:, counts < _FEWEST] = False
    found /= usual
    where = places[rows, steps]
    local = _local(np.abs(found), where, there, int(places.max()) + 1)
    found /= local[where]
    some = enough[np.unique(np.linspace(0, len(enough) - 1, _STEPS).astype(int))]
    ranked = np.sort(found[:, some][there[:, some]])
    down, up = _quantiles(ranked, len(ranked) / len(some), max(miss, _MISS_LEAST))
    wider = 1 + _WIDER * max(_MISS_LEAST - miss, 0.0)
    reach = usual * local[here] * wider
    return (down - _TOUCH) * reach, (up + _TOUCH) * reach


def _local(sizes: Floats, where: Ints, there: NDArray[np.bool_], places: int) -> Floats:
    """Tell how large errors are at each place of the season, in those of all; shrunk to 1."""
    doubt = _SHRUNK * sizes.shape[1]
    sums = np.bincount(where[there], sizes[there], places)
    return np.asarray((sums + doubt) / (np.bincount(where[there], minlength=places) + doubt))


def _quantiles(ranked: Floats, windows: float, miss: float) -> tuple[float, float]:
    """Give the quantiles between which all but `miss` lie, with one more window to come."""
    outside = max(miss / 2 * (windows + 1) - 0.5, 0.0) / windows * len(ranked)
    place = min(int(outside), (len(ranked) - 1) // 2)
    return float(ranked[place]), float(ranked[len(ranked) - 1 - place])


def _known(origins: Ints, horizon: int) -> Ints:
    """Count the earlier windows whose outcome is known: (k, horizon), at each origin and step."""
    ends = origins[:, None] - 1 - np.arange(horizon)
    found = np.searchsorted(origins, ends, side="right")
    return np.asarray(np.minimum(found, np.arange(len(origins))[:, None]))


def _places(origins: Ints, horizon: int, season: int) -> Ints:
    """Tell the place in the season of each target: (k, horizon), from 0."""
    phase = (origins[:, None] + np.arange(horizon)) % max(season, 1)
    return np.asarray(phase * min(season, _PLACES) // max(season, 1))
