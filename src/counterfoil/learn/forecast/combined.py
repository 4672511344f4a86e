"""The forecaster that is used unless another is named: what did best lately, mixed.

Simple rules and boosted trees are tried on the last fifth of what is known, from many origins, as
they would have forecast then. Members are chosen one by one, with replacement, each time the one
that makes the mean better most; the seasonal naive is among them, and stands alone where nothing
is better. Then the trees learn from all.

This module refuses to choose by anything that came after what is known.

Source: Caruana, Niculescu-Mizil, Crew and Ksikes, Ensemble selection from libraries of models,
ICML 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np

from counterfoil.learn.forecast.boosted import Boosted
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.learn.forecast.simple import SIMPLE, Simple, intermittent
from counterfoil.learn.forecast.strong import RecursiveBoosted
from counterfoil.ports import Forecaster, Series

__all__ = ["Combined"]

_ORIGINS: Final = 200
_PICKS: Final = 20
_ZEROS: Final = 0.2  # a larger share of zeros is intermittent demand


class Combined:
    """A mix of forecasters. weights: name -> share, after `fit`; they sum to 1."""

    def __init__(self) -> None:
        self.weights: dict[str, float] = {}
        self._members: dict[str, Forecaster] = {}

    def fit(self, series: Series, end: int, horizon: int) -> None:
        """Choose the mix on the last fifth of what is known; see `Forecaster`."""
        made = _candidates(series, end)
        earlier = max(end - max(end // 5, 2 * horizon), end // 2)
        origins = np.unique(np.linspace(earlier, end - horizon, _ORIGINS).astype(np.int64))
        actual = series.values[origins[:, None] + np.arange(horizon)]
        told: dict[str, Floats] = {}
        for name, make in made.items():
            member = make()
            member.fit(series, earlier, horizon)
            told[name] = member.forecast(series, origins)
        self.weights = _mix(told, actual)
        self._members = {}
        for name in self.weights:
            self._members[name] = made[name]()
            self._members[name].fit(series, end, horizon)

    def forecast(self, series: Series, origins: Ints) -> Floats:
        """Mix what the members forecast; see `Forecaster`."""
        parts = [
            share * self._members[name].forecast(series, origins)
            for name, share in self.weights.items()
        ]
        return np.asarray(np.sum(parts, axis=0))


def _candidates(series: Series, end: int) -> Mapping[str, Callable[[], Forecaster]]:
    known = series.values[:end]
    made: dict[str, Callable[[], Forecaster]] = {
        name: partial(Simple, rule) for name, rule in SIMPLE.items()
    }
    if (known == 0).mean() > _ZEROS:
        made["intermittent"] = partial(Simple, intermittent)
    made["trees step by step"] = RecursiveBoosted
    made["trees from the last"] = partial(Boosted, "last")
    if series.season > 1:
        made["trees from a season ago"] = partial(Boosted, "season")
    if (known >= 0).all() and known.std() > 0.5 * abs(known.mean()):
        made["trees of logarithms"] = partial(Boosted, "season", logs=True)
    return made


def _mix(told: Mapping[str, Floats], actual: Floats) -> dict[str, float]:
    """Choose members one by one; gives name -> share of the best mix on the way."""
    picks: list[str] = []
    total = np.zeros_like(actual)
    best, kept = float("inf"), picks
    for _ in range(_PICKS):
        errors = {
            name: float(np.abs((total + one) / (len(picks) + 1) - actual).mean())
            for name, one in told.items()
        }
        name = min(errors, key=lambda one: errors[one])
        picks.append(name)
        total = total + told[name]
        if errors[name] < best:
            best, kept = errors[name], list(picks)
    return {name: kept.count(name) / len(kept) for name in dict.fromkeys(kept)}
