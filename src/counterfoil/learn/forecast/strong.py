"""The strong library model to compare with: LightGBM, one step at a time, on lags.

The recipe of the libraries (mlforecast, skforecast): lags 1 to a season and a few seasons, rolling
means, calendar; forecasts are fed back. It is made strong: absolute loss, 300 trees, and the
better of the raw series and the seasonal difference, by the last fifth of what is known.
It is there to be compared with; our mix may use it as one of its members. This module refuses to
use the anchors and pairs of `boosted`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from counterfoil.learn.anomaly.extra import need
from counterfoil.learn.forecast.features import Floats, Ints, binary_unit, calendar
from counterfoil.ports import Series

__all__ = ["RecursiveBoosted"]

_LAGS_MAX: Final = 48
_ROWS: Final = 16_000
_TRIED: Final = 40  # origins on which raw and differenced are compared
_TREES: Final = 300
_PARAMETERS: Final = {
    "objective": "l1",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "verbose": -1,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


class RecursiveBoosted:
    """LightGBM on lags, recursive. gap: difference it learns, 0 for none; None to choose it."""

    def __init__(self, gap: int | None = None) -> None:
        self._horizon = 1
        self._given = gap
        self._gap = gap or 0
        self._unit = 1.0
        self._model: Any = None

    @property
    def gap(self) -> int:
        """The difference that it learns, in steps; 0 for the raw series."""
        return self._gap

    def fit(self, series: Series, end: int, horizon: int) -> None:
        """Choose raw or differenced on the last fifth, then learn from all; see `Forecaster`."""
        self._horizon = horizon
        self._unit = binary_unit(series.values[:end])
        if self._given is not None:
            self._learn(series, end, self._given)
            return
        earlier = max(end - max(end // 5, 2 * horizon), end // 2)
        last = end - horizon
        origins = np.unique(np.linspace(earlier, last, _TRIED).astype(np.int64))
        actual = series.values[origins[:, None] + np.arange(horizon)]
        errors = {}
        for gap in (0, series.season):
            self._learn(series, earlier, gap)
            errors[gap] = float(np.abs(self.forecast(series, origins) - actual).mean())
        self._learn(series, end, min(errors, key=lambda gap: errors[gap]))

    def forecast(self, series: Series, origins: Ints) -> Floats:
        """Forecast step by step from every origin; see `Forecaster`."""
        reach = self._reach(series)
        values = series.values / self._unit
        places = origins[:, None] - reach + np.arange(reach)
        known = np.where(places >= 0, values[np.maximum(places, 0)], np.nan)
        window = np.concatenate([known, np.zeros((len(origins), self._horizon))], axis=1)
        for step in range(self._horizon):
            past = window[:, step : step + reach]
            told = np.asarray(self._model.predict(self._row(series, past, origins + step)))
            base = past[:, -self._gap] if self._gap else 0.0
            window[:, reach + step] = told + base
        return window[:, reach:] * self._unit

    def _learn(self, series: Series, end: int, gap: int) -> None:
        lightgbm = need("lightgbm")
        self._gap = gap
        reach = self._reach(series)
        values = series.values / self._unit
        first = min(max(2 * series.season, 24), end // 3)
        targets = np.arange(max(first, gap), end)
        if len(targets) > _ROWS:
            targets = targets[-_ROWS:]
        places = targets[:, None] - reach + np.arange(reach)
        past = np.where(places >= 0, values[np.maximum(places, 0)], np.nan)
        table = self._row(series, past, targets)
        base = values[targets - gap] if gap else 0.0
        data = lightgbm.Dataset(table, values[targets] - base, params={"verbose": -1})
        self._model = lightgbm.train(_PARAMETERS, data, num_boost_round=_TREES)

    def _row(self, series: Series, past: Floats, target: Ints) -> Floats:
        """Make features from the values before each target. past: (k, reach), oldest first."""
        season = series.season
        lags = range(1, min(max(season, 12), _LAGS_MAX) + 1)
        columns = [past[:, -lag] for lag in lags]
        columns += [past[:, -k * season] for k in (1, 2, 3, 7) if season > 1]
        for width in {4, 24, season, 7 * season}:
            columns.append(np.nan_to_num(past[:, -width:]).mean(axis=1))
        columns.append((target % max(season, 1)).astype(float))
        if series.step > 0:
            columns += calendar(series, target)
        return np.column_stack(columns)

    def _reach(self, series: Series) -> int:
        return int(max(7 * series.season, _LAGS_MAX))
