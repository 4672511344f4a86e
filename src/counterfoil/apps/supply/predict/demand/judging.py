"""How good demand forecasts are, on days that came after all that they had learned from.

Beside ours stand the forecasts to be beaten: as a week ago and as a year ago, with the quantiles
of their own errors. The cost is the newsvendor's: a unit missing costs the ratio, a unit left the
rest. Intervals resample weeks, for days of a week are alike. This module refuses to judge closed
days, and to look at a day before it was forecast.

Sources: Hyndman and Koehler, IJF 22(4), 2006 (MASE); Koenker and Bassett, Regression quantiles,
Econometrica 46(1), 1978 (the loss); Huber, Müller, Fleischmann and Stuckenschmidt, A data-driven
newsvendor problem, EJOR 278(3), 2019 (the ratios, and the rivals).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.model import train
from counterfoil.errors import InputError
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.ports import Progress, no_progress

__all__ = ["OURS", "RATIOS", "DemandFigures", "DemandGain", "DemandJudged", "Rival", "judge_demand"]

RATIOS: Final = (0.5, 0.75, 0.9, 0.95, 0.98)
"""Shares that a missing unit costs of a missing one and one left together."""

OURS: Final = "counterfoil"
WEEK: Final = "as a week ago"
YEAR: Final = "as a year ago"

_LEVELS: Final = (0.05, 0.1, *RATIOS)
_UPPER: Final = ((0.1, 0.9), (0.05, 0.95))
_ROUNDS: Final = 1000
_RESIDUAL_DAYS: Final = 364

Rival = Callable[[History, int, Sequence[float]], Floats]
"""Quantiles of the days after a history: (history, days, levels) -> (levels, series, days)."""


@dataclass(frozen=True, slots=True)
class DemandFigures:
    """How good one forecaster is.

    mase: of the median, in the weekly moves before each origin. cover_80, cover_90: shares of days
    in the bands. pinball: mean loss over the ratios. costs: ratio -> newsvendor cost a day, units.
    """

    mase: float
    cover_80: float
    cover_90: float
    pinball: float
    costs: dict[str, float]


@dataclass(frozen=True, slots=True)
class DemandGain:
    """By how much ours costs less than another, as a share of the other's, with 95 %."""

    than: str
    ratio: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DemandJudged:
    """What was judged. origins: first days forecast. days: of all series that were judged.

    figures: by forecaster, ours first.
    """

    horizon_days: int
    origins: tuple[str, ...]
    series: int
    days: int
    figures: dict[str, DemandFigures]
    gains: tuple[DemandGain, ...]


def judge_demand(
    history: History,
    horizon_days: int,
    *,
    origins: int = 3,
    rivals: Mapping[str, Rival] | None = None,
    progress: Progress = no_progress,
) -> DemandJudged:
    """Judge forecasts from several origins, `horizon_days` apart, at the end of a history.

    rivals: further ones by name. Raises as `train`, InputError with code demand.short.
    """
    first = history.days - origins * horizon_days
    if origins < 1 or first < 1:
        raise InputError(
            "demand.short",
            f"expected a history longer than {origins} times {horizon_days} days, found "
            f"{history.days}",
            hint="Judge from fewer origins, or a shorter horizon.",
        )
    asked: dict[str, Rival] = {OURS: _ours, WEEK: _as(7)}
    if first > 2 * _RESIDUAL_DAYS:
        asked[YEAR] = _as(_RESIDUAL_DAYS)
    asked |= rivals or {}
    places = [first + at * horizon_days for at in range(origins)]
    told: dict[str, list[Floats]] = {name: [] for name in asked}
    for at, origin in enumerate(places):
        for name, rival in asked.items():
            told[name].append(rival(history.until(origin), horizon_days, _LEVELS))
        progress(at + 1, origins, "origins judged")
    actual = np.concatenate([history.values[:, at : at + horizon_days] for at in places], axis=1)
    units = np.concatenate([_units(history, at, horizon_days) for at in places], axis=1)
    weeks = np.arange(actual.shape[1]) // 7
    figures, losses = {}, {}
    for name, parts in told.items():
        levels = np.concatenate(parts, axis=2)
        figures[name], losses[name] = _figures(levels, actual, units)
    gains = [
        _gain(name, ratio, losses[OURS][at], losses[name][at], weeks)
        for name in asked
        if name != OURS
        for at, ratio in enumerate(RATIOS)
    ]
    return DemandJudged(
        horizon_days,
        tuple(history.date(at) for at in places),
        len(history.names),
        int(np.isfinite(actual).sum()),
        figures,
        tuple(gains),
    )


def _ours(history: History, horizon: int, levels: Sequence[float]) -> Floats:
    told = train(history, horizon).distribution(history)
    return np.stack([told.quantiles(p) for p in levels])


def _as(back: int) -> Rival:
    """Make the forecast that repeats what was so many days before, with its errors' quantiles."""

    def rival(history: History, horizon: int, levels: Sequence[float]) -> Floats:
        values, end = history.values, history.days
        found = np.zeros((len(levels), len(values), horizon))
        known = np.maximum(np.isfinite(values).sum(axis=1), 1)
        fallback = np.nansum(values, axis=1) / known
        for day in range(horizon):
            lag = back * (day // back + 1)
            for row, sales in enumerate(values):
                place = end + day - lag
                while place >= back and not np.isfinite(sales[place]):
                    place -= back
                told = sales[place] if np.isfinite(sales[place]) else fallback[row]
                errors = _errors(sales, lag)
                found[:, row, day] = told + (np.quantile(errors, levels) if len(errors) else 0.0)
        return np.maximum(found, 0.0)

    return rival


def _errors(sales: Floats, lag: int) -> Floats:
    moves = sales[lag:] - sales[:-lag]
    moves = moves[np.isfinite(moves)]
    return np.asarray(moves[-_RESIDUAL_DAYS:])


def _units(history: History, origin: int, horizon: int) -> Floats:
    """Give what each series usually moves by in a week before an origin: (series, horizon)."""
    moves = np.abs(history.values[:, 7:origin] - history.values[:, : origin - 7])
    count = np.isfinite(moves).sum(axis=1)
    unit = np.nansum(moves, axis=1) / np.maximum(count, 1)
    return np.repeat(np.where(unit > 0, unit, 1.0)[:, None], horizon, axis=1)


def _figures(levels: Floats, actual: Floats, units: Floats) -> tuple[DemandFigures, list[Floats]]:
    at = {level: levels[place] for place, level in enumerate(_LEVELS)}
    there = np.isfinite(actual)
    cover = [
        float(((actual >= at[low]) & (actual <= at[high]))[there].mean()) for low, high in _UPPER
    ]
    losses = [np.maximum(p * (actual - at[p]), (p - 1) * (actual - at[p])) for p in RATIOS]
    costs = [float(loss[there].mean()) for loss in losses]
    mase = float((np.abs(actual - at[0.5]) / units)[there].mean())
    named = {f"{ratio:g}": cost for ratio, cost in zip(RATIOS, costs, strict=True)}
    return DemandFigures(mase, cover[0], cover[1], float(np.mean(costs)), named), losses


def _gain(name: str, ratio: float, ours: Floats, theirs: Floats, weeks: Ints) -> DemandGain:
    count = int(weeks.max()) + 1
    sums = np.array([[np.nansum(x[:, weeks == at]) for at in range(count)] for x in (ours, theirs)])
    chance = np.random.default_rng(0)
    drawn = chance.integers(0, count, (_ROUNDS, count))
    some = sums[:, drawn].sum(axis=2)
    gains = 1 - some[0] / np.maximum(some[1], 1e-12)
    low, high = np.quantile(gains, [0.025, 0.975])
    whole = sums.sum(axis=1)
    return DemandGain(
        name, ratio, float(1 - whole[0] / max(whole[1], 1e-12)), float(low), float(high)
    )
