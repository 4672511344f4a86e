"""Judge forecasts in the figures of the field, against a promise of 90 %.

This module refuses to average what has no outcome.

Sources: Hyndman and Koehler, Another look at measures of forecast accuracy, IJF 22(4), 2006;
Gneiting and Raftery, Strictly proper scoring rules, JASA 102, 2007 (interval score, 6.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterfoil.learn.forecast.bands import LEVEL
from counterfoil.learn.forecast.features import Floats

__all__ = ["Judged", "judge", "naive_error"]


@dataclass(frozen=True, slots=True)
class Judged:
    """Figures over all windows and steps.

    mase: mean absolute error, in those of the seasonal naive one step ahead before the first
    window. mae: in the unit of the series. pinball: mean loss at 0.05, 0.5 and 0.95, in that unit.
    coverage: share of outcomes in the 90 % band. interval_score: mean width, and 20 times what an
    outcome is outside by; smaller is better. width: mean, of the band.
    """

    mase: float
    mae: float
    pinball: float
    coverage: float
    interval_score: float
    width: float


def naive_error(values: Floats, season: int) -> float:
    """Give the mean absolute seasonal move of what is known; 1 where there is none."""
    moves = np.abs(values[season:] - values[:-season])
    return float(moves.mean()) or 1.0 if len(moves) else 1.0


def judge(actual: Floats, told: Floats, low: Floats, high: Floats, unit: float) -> Judged:
    """Judge forecasts. All are (k, horizon) float64; unit: see `naive_error`.

    An actual that is not a number has no outcome, and does not count; at least one has to.
    """
    there = np.isfinite(actual)
    actual, told, low, high = actual[there], told[there], low[there], high[there]
    error = np.abs(actual - told)
    miss = 1 - LEVEL
    under, over = np.maximum(low - actual, 0), np.maximum(actual - high, 0)
    losses = [
        _pinball(actual, one, level)
        for one, level in ((low, miss / 2), (told, 0.5), (high, 1 - miss / 2))
    ]
    return Judged(
        mase=float(error.mean()) / unit,
        mae=float(error.mean()),
        pinball=float(np.mean(losses)),
        coverage=float(((actual >= low) & (actual <= high)).mean()),
        interval_score=float((high - low + 2 / miss * (under + over)).mean()),
        width=float((high - low).mean()),
    )


def _pinball(actual: Floats, told: Floats, level: float) -> float:
    away = actual - told
    return float(np.maximum(level * away, (level - 1) * away).mean())
