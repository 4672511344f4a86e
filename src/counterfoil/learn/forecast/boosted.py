"""Boosted trees on seasonal lags: one model for all steps ahead, which learns the step, too.

The target is the distance from an anchor (the value a season ago, or the last one), so that trees,
which cannot extrapolate, follow a trend; on request of logarithms. The loss is absolute, as MASE
is. This module refuses to be random: the same series gives the same trees.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np

from counterfoil.learn.anomaly.extra import need
from counterfoil.learn.forecast.features import Floats, Ints, anchors, binary_unit, features
from counterfoil.ports import Series

__all__ = ["PARAMETERS", "Boosted"]

_PAIRS: Final = 30_000
_BATCH: Final = 200_000
_TREES: Final = 160

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "l1",
    "learning_rate": 0.07,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "verbose": -1,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


class Boosted:
    """A direct forecaster. anchor: what the target is told from. logs: learn logarithms."""

    def __init__(self, anchor: Literal["season", "last"], *, logs: bool = False) -> None:
        self._anchor, self._logs = anchor, logs
        self._horizon = 1
        self._unit = 1.0
        self._model: Any = None

    def fit(self, series: Series, end: int, horizon: int) -> None:
        """Learn from pairs of an origin and a step ahead, spread evenly; see `Forecaster`."""
        lightgbm = need("lightgbm")
        self._horizon = horizon
        self._unit = binary_unit(series.values[:end])
        if self._logs:
            self._unit = float(np.median(np.abs(series.values[:end]))) or 1.0
        values = self._learned(series.values[:end])
        first = min(max(2 * series.season, 24), end // 3)
        origins = np.arange(first, end - horizon + 1)
        each = max(1, min(horizon, _PAIRS // max(len(origins), 1)))
        if len(origins) > _PAIRS:
            origins = origins[np.linspace(0, len(origins) - 1, _PAIRS).astype(int)]
        ahead = np.random.default_rng(1).integers(1, horizon + 1, (len(origins), each)).ravel()
        origins = np.repeat(origins, each)
        base = self._base(values, series, origins, ahead)
        table = features(values, series, origins, ahead, base)
        target = values[origins - 1 + ahead] - base
        data = lightgbm.Dataset(table, target, params={"verbose": -1})
        self._model = lightgbm.train(PARAMETERS, data, num_boost_round=_TREES)

    def forecast(self, series: Series, origins: Ints) -> Floats:
        """Forecast every step from every origin; see `Forecaster`."""
        values = self._learned(series.values)
        some = max(1, _BATCH // self._horizon)
        parts = [
            self._batch(values, series, origins[low : low + some])
            for low in range(0, len(origins), some)
        ]
        return np.concatenate(parts)

    def _batch(self, values: Floats, series: Series, origins: Ints) -> Floats:
        ahead = np.tile(np.arange(1, self._horizon + 1), len(origins))
        each = np.repeat(origins, self._horizon)
        base = self._base(values, series, each, ahead)
        told = self._model.predict(features(values, series, each, ahead, base), num_threads=1)
        found = base + told
        if self._logs:
            found = np.sinh(np.clip(found, -300, 300))
        return np.asarray(found * self._unit).reshape(len(origins), self._horizon)

    def _base(self, values: Floats, series: Series, origins: Ints, ahead: Ints) -> Floats:
        season = series.season if self._anchor == "season" else 1
        return anchors(values, season, origins, ahead) if season > 1 else values[origins - 1]

    def _learned(self, values: Floats) -> Floats:
        told = values / self._unit
        return np.arcsinh(told) if self._logs else told
