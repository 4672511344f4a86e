"""Forecasts of numeric series, with bands that hold what they promise.

Models know plain arrays. This room refuses to see a file, a clock or the future.
"""

from __future__ import annotations

from counterfoil.extras import brings

with brings("watch"):
    from counterfoil.learn.forecast.bands import LEVEL
    from counterfoil.learn.forecast.combined import Combined
    from counterfoil.learn.forecast.judged import Judged, judge, naive_error
    from counterfoil.learn.forecast.rolling import Ahead, Plan, Rolled, look_ahead, plan, roll
    from counterfoil.learn.forecast.seasons import find_season
    from counterfoil.learn.forecast.simple import SeasonalNaive
    from counterfoil.learn.forecast.strong import RecursiveBoosted
    from counterfoil.ports import Forecaster

__all__ = [
    "LEVEL",
    "Ahead",
    "Combined",
    "Judged",
    "Plan",
    "Rolled",
    "auto",
    "find_season",
    "judge",
    "look_ahead",
    "naive_error",
    "plan",
    "roll",
    "seasonal_naive",
    "strong",
]


def auto() -> Forecaster:
    """Make the forecaster that is used unless another is named."""
    return Combined()


def seasonal_naive() -> Forecaster:
    """Make the forecaster to be beaten: as a season ago."""
    return SeasonalNaive()


def strong() -> Forecaster:
    """Make the strong library model to compare with: recursive LightGBM on lags."""
    return RecursiveBoosted()
