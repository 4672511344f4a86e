"""The app's model: boosted trees on what prices did before, learned as time goes on.

Features of a day are made from the prices before it. A stream of examples is scored in the order of
time, and an example teaches only once its outcome is known; training, forecasting and back-testing
all go this way. This module refuses to be random: the same prices give the same trees.

Sources of the features: Jegadeesh and Titman, 1993 (momentum); Jegadeesh, J. of Finance 45, 1990
(short reversal); George and Hwang, J. of Finance 59, 2004 (52-week high). Trees: Ke et al., 2017.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from counterfoil.apps.quant.baselines import MONTH, YEAR
from counterfoil.apps.quant.figures import Floats
from counterfoil.apps.quant.forecasts import Made
from counterfoil.apps.quant.prices import Prices
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.ports import Example
from counterfoil.provenance.statements.parts import decimal_text

__all__ = ["FEATURES", "PARAMETERS", "examples_of", "features_at", "fit", "forecast", "score"]

FEATURES: Final = (
    "return_5", "return_21", "return_126", "momentum", "spread_63", "below_high", "market_21",
    "momentum_rank",
)  # fmt: skip
"""Names of the model's inputs, in order."""

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "regression",
    "learning_rate": 0.03,
    "num_leaves": 7,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "verbose": -1,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}

_TREES: Final = 150
_LEAST: Final = 400  # examples with an outcome from which anything is learned
_GROWTH: Final = 1.15  # it learns anew when it knows so many times more
_TAILS: Final = 0.02  # of outcomes are drawn in, on each side, before they are learned
_BAND: Final = 1.6448536269514722  # a normal's 95 % quantile
_NORMAL: Final = NormalDist()


def features_at(values: Floats) -> Floats:
    """Describe the moment after the last row. values: (days, k) prices, oldest first.

    Returns (k, 8) float64; a row is nan where prices do not reach back a year.
    """
    found = np.full((values.shape[1], len(FEATURES)), np.nan)
    if len(values) <= YEAR:
        return found
    last = values[-1]
    steps = np.diff(np.log(values[-64:]), axis=0)
    month = last / values[-1 - MONTH] - 1
    momentum = values[-MONTH] / values[-YEAR] - 1
    with np.errstate(invalid="ignore"):
        high = np.nanmax(np.where(np.isfinite(values[-YEAR:]), values[-YEAR:], 0), axis=0)
        there = np.isfinite(momentum)
        rank = np.full(len(last), np.nan)
        order = np.argsort(np.argsort(momentum[there], kind="stable"), kind="stable")
        rank[there] = (order + 0.5) / max(1, there.sum())
        market = float(np.nanmean(month)) if np.isfinite(month).any() else np.nan
        found[:] = np.column_stack(
            [
                last / values[-6] - 1,
                month,
                last / values[-127] - 1,
                momentum,
                steps.std(axis=0),
                last / high - 1,
                np.full(len(last), market),
                rank,
            ]
        )
    found[~np.isfinite(found).all(axis=1)] = np.nan
    return found


def examples_of(prices: Prices, every: int, step: int = 0) -> Iterator[Example]:
    """Lay out examples over prices: one for each thing at every so many days.

    every: days of trade from an example's entry to its exit. step: to the next entry; 0 for as
    many. Inputs: the features, made from the rows before `at`, and `target`; the outcome is the
    return from the price of row `at` to that of row `until`, and known from then on.
    """
    for at in range(YEAR + 1, len(prices.days) - every, step or every):
        table = features_at(prices.values[:at])
        came = prices.values[at + every] / prices.values[at] - 1
        for column, name in enumerate(prices.names):
            if np.isfinite(table[column]).all() and np.isfinite(came[column]):
                inputs = dict(zip(FEATURES, map(float, table[column]), strict=True))
                place = {"at": at, "until": at + every, "target": name}
                yield Example({**inputs, **place}, float(came[column]))


def score(examples: Sequence[Example]) -> Iterator[float]:
    """Score a stream in the order of time: expected returns, 0 until enough is known.

    Before the things of a moment are scored, the model may learn from those whose outcome was known
    by then, and from nothing else.
    """
    booster, learned = None, 0
    known: list[Example] = []
    waiting: list[Example] = []
    for at, group in groupby(examples, key=lambda one: one.inputs["at"]):
        moment = list(group)
        known += [one for one in waiting if one.inputs["until"] <= at]
        waiting = [one for one in waiting if one.inputs["until"] > at]
        if len(known) >= max(_LEAST, int(learned * _GROWTH)):
            booster, learned = fit(known), len(known)
        if booster is None:
            yield from [0.0] * len(moment)
        else:
            yield from map(float, booster.predict(_table(moment), num_threads=1))
        waiting += moment


def fit(examples: Sequence[Example]) -> Any:
    """Learn from examples; gives a LightGBM booster.

    Raises InputError with code quant.short where there are too few, Unavailable with code
    extra.missing.
    """
    if len(examples) < _LEAST:
        raise InputError(
            "quant.short",
            f"expected at least {_LEAST} examples to learn from, found {len(examples)}",
            hint="Give longer prices, prices of more things, or shorter periods.",
        )
    lightgbm = need("lightgbm", "quant")
    came = np.array([one.outcome for one in examples])
    low, high = np.quantile(came, [_TAILS, 1 - _TAILS])
    data = lightgbm.Dataset(
        _table(examples), np.clip(came, low, high), feature_name=list(FEATURES), params=PARAMETERS
    )
    return lightgbm.train(PARAMETERS, data, _TREES)


def forecast(
    prices: Prices, entry: str, days: int, scores: Any, targets: Sequence[str] = ()
) -> tuple[Made, ...]:
    """Forecast the things of a file of prices from a day on.

    entry: a date; only prices before it are read. days: of the calendar, from entry to exit.
    scores: list of inputs -> list of expected returns. targets: names; else all. Probability and
    quantiles are those of a normal with the spread of the last 63 days. Raises InputError with code
    quant.short where nothing reaches back a year.
    """
    rows = bisect_left(prices.days, entry)
    table = features_at(prices.values[:rows])
    wanted = [
        (at, name)
        for at, name in enumerate(prices.names)
        if (not targets or name in targets) and np.isfinite(table[at]).all()
    ]
    if not wanted:
        raise InputError(
            "quant.short",
            f"expected prices that reach back a year before {entry}, found {rows} days",
            hint="Give longer prices, or a later entry.",
        )
    inputs = [dict(zip(FEATURES, map(float, table[at]), strict=True)) for at, _ in wanted]
    made = []
    for (_, name), given, expected in zip(wanted, inputs, scores(inputs), strict=True):
        spread = given["spread_63"] * (days * YEAR / 365.25) ** 0.5
        up = _NORMAL.cdf(expected / spread) if spread > 0 else 0.5
        made.append(
            Made(
                name,
                decimal_text(expected),
                decimal_text(round(up, 4)),
                decimal_text(round(expected - _BAND * spread, 6)),
                decimal_text(round(expected + _BAND * spread, 6)),
                inputs=dict(given),
            )
        )
    return tuple(made)


def _table(examples: Sequence[Example]) -> Floats:
    return np.array([[one.inputs[name] for name in FEATURES] for one in examples], np.float64)
