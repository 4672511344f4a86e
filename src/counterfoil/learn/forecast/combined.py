"""The forecaster that is used unless another is named: what did best lately, mixed.

Simple rules and boosted trees, the strong library model among them, are tried on the last fifth of
what is known, from many origins, as they would have forecast then. Their shares are chosen there,
with a part for every kind of trees, for what was best for a while need not stay it. Then all learn
from all that is known; where a forecast is made later, shares have moved by the outcomes since.

This module refuses to choose by anything that came after what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np

from counterfoil.learn.forecast.boosted import Boosted
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.learn.forecast.mixing import MEMORY, moved, parts, shares
from counterfoil.learn.forecast.simple import SIMPLE, Simple, intermittent
from counterfoil.learn.forecast.strong import RecursiveBoosted
from counterfoil.ports import Forecaster, Series

__all__ = ["Combined"]

_ORIGINS: Final = 200
_ZEROS: Final = 0.2  # a larger share of zeros is intermittent demand
_CHOSEN: Final = 0.7  # of the mix, by trials; the rest is the same for each kind of trees
_SPARE: Final = 0.02  # what all members have together whatever the trials say, to grow from
_LEAST: Final = 0.01  # a smaller share says nothing yet


class Combined:
    """A mix of forecasters. weights: name -> share, after `fit`; they sum to 1."""

    def __init__(self) -> None:
        self.weights: dict[str, float] = {}
        self._members: list[Forecaster] = []
        self._first: Floats = np.zeros((0, 1))
        self._units: list[float] = []
        self._end, self._horizon = 0, 1

    def fit(self, series: Series, end: int, horizon: int) -> None:
        """Choose the mix on the last fifth of what is known; see `Forecaster`."""
        self._end, self._horizon = end, horizon
        made = _candidates(series, end)
        earlier = max(end - max(end // 5, 2 * horizon), end // 2)
        origins = np.unique(np.linspace(earlier, end - horizon, _ORIGINS).astype(np.int64))
        actual = series.values[origins[:, None] + np.arange(horizon)]
        told = np.empty((len(made), *actual.shape))
        self._members = []
        for place, make in enumerate(made.values()):
            member = make()
            member.fit(series, earlier, horizon)
            told[place] = member.forecast(series, origins)
            if isinstance(member, RecursiveBoosted):
                member = RecursiveBoosted(gap=member.gap)  # chosen already
            member.fit(series, end, horizon)
            self._members.append(member)
        trees = np.array([not isinstance(member, Simple) for member in self._members])
        chosen = _CHOSEN * shares(told, actual) + (1 - _CHOSEN) * (trees / trees.sum())[:, None]
        self._first = (1 - _SPARE) * chosen + _SPARE / len(made)
        errors = np.abs(told - actual).mean(axis=1)
        self._units = [float(errors[:, part].mean(axis=1).min()) or 1.0 for part in parts(horizon)]
        self.weights = dict(zip(made, self._first.mean(axis=1).tolist(), strict=True))

    def forecast(self, series: Series, origins: Ints) -> Floats:
        """Mix what the members forecast; see `Forecaster`."""
        made, actual = self._checked(series, origins)
        both = np.concatenate([made, origins])
        told = np.stack([member.forecast(series, both) for member in self._members])
        before, now = told[:, : len(made)], told[:, len(made) :]
        found = np.empty(now.shape[1:])
        for at, origin in enumerate(origins):
            mix = moved(self._first, before, actual, made, int(origin), self._units)
            mix = np.where(mix < _LEAST, 0.0, mix)
            mix /= mix.sum(axis=0)
            for place, part in enumerate(parts(self._horizon)):
                found[at, part] = np.tensordot(mix[:, place], now[:, at, part], 1)
        return found

    def _checked(self, series: Series, origins: Ints) -> tuple[Ints, Floats]:
        """Choose from where members forecast to be held against what came: even places since `fit`.

        Gives them and their outcomes; those behind the last origin are not known, and zero.
        """
        gap = max(1, self._horizon // 2)
        last = (int(origins.max()) - 1 - self._end) // gap
        first = max((int(origins.min()) - 1 - self._end) // gap - MEMORY, 0)
        made = self._end + gap * np.arange(first, max(last + 1, first), dtype=np.int64)
        places = made[:, None] + np.arange(self._horizon)
        known = places < int(origins.max())
        return made, np.where(known, series.values[np.where(known, places, 0)], 0.0)


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
