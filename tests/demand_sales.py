"""Simulate daily sales whose truth is known: level, weekdays, the year, growth, and chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterfoil.apps.supply.predict.demand.history import History, history_of

__all__ = ["FIRST_DAY", "WEEK", "means", "simulated"]

FIRST_DAY = "2028-01-03"
"""A Monday."""

WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.3, 1.5, 0.8])


def means(series: int, days: int, *, growth: float = 0.0, year: float = 0.0) -> Any:
    """Give the mean sales: (series, days). growth: a year, as a share; year: its swing."""
    at = np.arange(days)
    level = 12.0 * (1 + np.arange(series))[:, None] * (1 + growth) ** (at / 365)
    return level * WEEK[at % 7] * np.exp(year * np.sin(2 * np.pi * at / 365.25))


def simulated(
    series: int, days: int, *, seed: int = 1, shock: float = 0.0, **more: float
) -> History:
    """Draw sales about `means`, as counts. shock: of a week, the same for all its days."""
    chance = np.random.default_rng(seed)
    mean = means(series, days, **more)
    weeks = chance.normal(0, shock, (series, days // 28 + 1)) if shock else np.zeros((series, 1))
    at = np.arange(days) // 28 if shock else np.zeros(days, dtype=int)
    sales = chance.poisson(mean * np.exp(weeks[:, at]))
    return history_of({f"item {k + 1}": sales[k].tolist() for k in range(series)}, FIRST_DAY)
