"""What will be sold on the mean: trees for all series at once, and plain rules, mixed.

The trees learn the logarithm of what a day sells above or below the present level on its weekday,
by the likelihood of counts; each series counts by how steadily it sells. Rules are what the level,
the weekday and the same time a year ago say by themselves. How much each counts is chosen on the
last part of what is known, as it would have been forecast then. This module refuses to be random:
the same sales give the same trees.

Sources: Makridakis et al., The M5 accuracy competition, IJF 38(4), 2022; Caruana et al., Ensemble
selection from libraries of models, ICML 2004 (the mix, `learn.forecast.mixing`).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.features import LEAST_DAYS, Panel, feature_names
from counterfoil.extras import need
from counterfoil.learn.forecast.features import Floats, Ints

__all__ = ["MEMBERS", "fit_trees", "members"]

_PAIRS: Final = 240_000  # days to learn from, at most
_EACH: Final = 3  # origins that one day is learned from, at most
_TREES: Final = 300
_STAGES: Final = (60, 150, 300)  # trees that a member has: few for few days
_BATCH: Final = 100_000

MEMBERS: Final = ("level", "level and year", *(f"{count} trees" for count in _STAGES))
"""What is mixed, in order."""


def parameters(pairs: int) -> dict[str, Any]:
    """Choose LightGBM's parameters by how much there is to learn from."""
    return {
        "objective": "poisson",
        "learning_rate": 0.04,
        "num_leaves": 31 if pairs > 50_000 else 15,
        "min_data_in_leaf": max(20, min(200, pairs // 300)),
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "poisson_max_delta_step": 0.7,
        "max_bin": 127,
        "verbose": -1,
        "seed": 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
    }


def fit_trees(
    panel: Panel, end: int, horizon: int, covariates: tuple[str, ...], trees: int = _TREES
) -> Any:
    """Learn from the first `end` days. horizon: days ahead. Gives a LightGBM booster.

    None where no day has 28 known ones before it, or nothing was sold.
    """
    lightgbm = need("lightgbm", "supply")
    rows, origins, ahead = _pairs(panel, end, horizon)
    if not len(rows):
        return None
    table, base = panel.features(rows, origins, ahead)
    sales = panel.sales[rows, origins - 1 + ahead]
    if not sales.any():
        return None
    steady = _steadiness(panel, end)
    data = lightgbm.Dataset(
        table,
        sales,
        weight=steady[rows],
        init_score=np.log(base),
        feature_name=[f"f{at}" for at in range(len(feature_names(covariates)))],
        params={"verbose": -1, "max_bin": 127},
    )
    return lightgbm.train(parameters(len(rows)), data, num_boost_round=trees)


def members(booster: Any, panel: Panel, rows: Ints, origins: Ints, ahead: Ints) -> Floats:
    """Forecast k days by each member: (members, k), >= 0."""
    parts = [
        _members(booster, panel, *(one[low : low + _BATCH] for one in (rows, origins, ahead)))
        for low in range(0, len(rows), _BATCH)
    ]
    return np.concatenate(parts, axis=1)


def _members(booster: Any, panel: Panel, rows: Ints, origins: Ints, ahead: Ints) -> Floats:
    table, base = panel.features(rows, origins, ahead)
    years = table[:, panel.year_columns].astype(float)
    there = np.isfinite(years)
    moved = np.where(there, years, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    found = [base, base * np.exp(moved)]
    told, before = np.zeros(len(base)), 0
    for count in _STAGES:
        if booster is not None:
            told = told + booster.predict(
                table,
                raw_score=True,
                start_iteration=before,
                num_iteration=count - before,
                num_threads=1,
            )
        before = count
        found.append(base * np.exp(np.clip(told, -3.0, 3.0)))
    return np.stack(found)


def _pairs(panel: Panel, end: int, horizon: int) -> tuple[Ints, Ints, Ints]:
    """Choose days to learn from, each seen from a few origins."""
    rows, target = np.nonzero(np.isfinite(panel.values[:, :end]))
    fit = target >= LEAST_DAYS
    rows, target = rows[fit], target[fit]
    chance = np.random.default_rng(1)
    if len(rows) * _EACH > _PAIRS:
        some = np.sort(chance.permutation(len(rows))[: _PAIRS // 2])
        rows, target = rows[some], target[some]
    each = min(_EACH, horizon, max(1, _PAIRS // max(len(rows), 1)))
    rows, target = np.repeat(rows, each), np.repeat(target, each)
    ahead = chance.integers(1, horizon + 1, len(rows))
    origins = target + 1 - ahead
    fit = origins >= LEAST_DAYS
    rows, origins, ahead = rows[fit], origins[fit], ahead[fit]
    fit = panel.known(rows, origins) >= LEAST_DAYS
    return rows[fit], origins[fit], ahead[fit]


def _steadiness(panel: Panel, end: int) -> Floats:
    """Weigh series: mean sales in the variance about the weekday's level; the mean weight is 1."""
    sales = panel.values[:, LEAST_DAYS:end]
    rest = panel.rest[:, LEAST_DAYS:end]
    count = np.isfinite(rest).sum(axis=1)
    mean = np.nansum(sales, axis=1) / np.maximum(count, 1)
    spread = np.nansum(rest**2, axis=1) / np.maximum(count, 1)
    found = mean / np.maximum(spread, 1e-9)
    found = np.clip(found, 1e-6, max(float(np.quantile(found, 0.9)), 1e-6))
    return np.asarray(found / found.mean())
