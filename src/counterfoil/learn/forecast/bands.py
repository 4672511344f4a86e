"""Bands that hold what they promise: conformal, and corrected by how often they failed.

For each step ahead, the errors of the forecasts whose outcome is known by now are ranked, on the
scale of what the series moved lately; a band spans their quantiles. Where it failed more often
than promised the quantiles move out, where it held too often they move in.

This module refuses errors that were not known yet at the origin of a forecast.

Source: Gibbs and Candès, Adaptive conformal inference under distribution shift, NeurIPS 2021; Xu
and Xie, Conformal prediction interval for dynamic time series, ICML 2021 (EnbPI: the sliding pool
of errors).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.ports import Series

__all__ = ["LEVEL", "bands", "scales"]

LEVEL: Final = 0.9
"""The share of outcomes that a band promises to hold."""

_POOL: Final = 100  # the last errors of a step ahead that count
_GAIN: Final = 0.02
_FEWEST: Final = 5


def scales(series: Series, origins: Ints) -> Floats:
    """Tell how much the series moved lately: the mean absolute seasonal move before each origin.

    Over the last three seasons, 48 values at least, a quarter, and the long-run mean, the rest.
    """
    gap = max(series.season, 1)
    moves = np.abs(series.values[gap:] - series.values[:-gap])
    sums = np.concatenate([np.zeros(gap + 1), np.cumsum(moves)])
    width = max(3 * series.season, 48)
    lower = np.maximum(origins - width, gap)
    lately = (sums[origins] - sums[lower]) / np.maximum(origins - lower, 1)
    always = sums[origins] / np.maximum(origins - gap, 1)
    return np.asarray(np.maximum(0.25 * lately + 0.75 * always, 1e-12))


def bands(told: Floats, actual: Floats, origins: Ints, scale: Floats) -> tuple[Floats, Floats]:
    """Put a band around each forecast, by the forecasts before it whose outcome was known.

    told, actual: (k, horizon), by rising origins; an actual that is not a number is not known.
    origins, scale: (k,). Returns (low, high), each (k, horizon); infinite where nothing is known.
    """
    horizon = told.shape[1]
    low, high = np.full(told.shape, -np.inf), np.full(told.shape, np.inf)
    errors = (actual - told) / scale[:, None]
    for step in range(horizon):
        miss = 1 - LEVEL
        learned = 0
        for at in range(len(origins)):
            known = int(np.searchsorted(origins, origins[at] - step - 1, side="right"))
            known = min(known, at)
            for old in range(learned, known):
                if np.isfinite(low[old, step]):
                    out = not low[old, step] <= actual[old, step] <= high[old, step]
                    miss += _GAIN * ((1 - LEVEL) - out)
            learned = known
            pool = errors[max(0, known - _POOL) : known, step]
            if len(pool) < _FEWEST:
                continue
            down, up = _quantiles(pool, float(np.clip(miss, 0.002, 0.6)))
            low[at, step] = told[at, step] + down * scale[at]
            high[at, step] = told[at, step] + up * scale[at]
    return low, high


def _quantiles(errors: Floats, miss: float) -> tuple[float, float]:
    """Give the quantiles between which all but `miss` of the errors lie, with one more to come."""
    count = len(errors)
    ranked = np.sort(errors)
    outside = (count + 1) * miss / 2 - 1
    below, above = np.floor(outside), np.ceil(count - 1 - outside)
    return float(ranked[int(max(below, 0))]), float(ranked[int(min(above, count - 1))])
