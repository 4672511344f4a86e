"""Forecast a series from many places in it, as it would have been done at each.

The first part is only learned from; then come windows whose errors make the first bands, and are
not counted; then the windows that are. A model learns anew a few times, always from what was
known by then. This module refuses to let any model see a value after its origin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from counterfoil.errors import InputError
from counterfoil.learn.forecast.bands import bands, scales
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.ports import Forecaster, Series

__all__ = ["WINDOWS_MIN", "Ahead", "Plan", "Rolled", "look_ahead", "plan", "roll"]

WINDOWS_MIN: Final = 200
_WINDOWS: Final = 400
_WARM: Final = 150  # windows before the counted ones
_LEARNED: Final = 0.45  # of the series, before the first window


@dataclass(frozen=True, slots=True)
class Plan:
    """From where forecasts are made. origins: (k,) rising. counted: the first one that counts.

    learned: at which of the origins the models learn anew. every: steps between two origins.
    """

    origins: Ints
    counted: int
    learned: tuple[int, ...]
    every: int
    horizon: int


@dataclass(frozen=True, slots=True)
class Rolled:
    """Forecasts of the counted windows, each (k, horizon)."""

    told: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes next: each (horizon,); low and high are infinite where too little is known.

    past: the last windows before, forecast alike, where a band was known. origins: of these.
    """

    told: Floats
    low: Floats
    high: Floats
    past: Rolled
    origins: Ints


def plan(
    count: int, horizon: int, season: int, *, refits: int = 4, least: int = WINDOWS_MIN + 30
) -> Plan:
    """Lay out the windows over a series of `count` values.

    refits: how often a model learns. least: windows there have to be, those not counted among them.
    Raises InputError with code forecast.short where there is no room for them.
    """
    first = max(int(_LEARNED * count), 2 * season + horizon, 3 * horizon, 30)
    room = count - horizon - first + 1
    if room < max(least, 1):
        need = _room_for(least, horizon, season)
        raise InputError(
            "forecast.short",
            f"expected room for {least} forecasts of {horizon} steps, which takes about {need} "
            f"values, found {count}",
            hint="Give a longer series or a shorter --horizon.",
        )
    every = -(-room // (_WINDOWS + _WARM))
    origins = np.arange(count - horizon, first - 1, -every, dtype=np.int64)[::-1]
    origins = origins[-(_WINDOWS + _WARM) :]
    counted = max(len(origins) - _WINDOWS, min(_WARM, len(origins) - WINDOWS_MIN), 0)
    marks = np.unique(np.linspace(0, len(origins), refits + 1).astype(int)[:-1])
    return Plan(origins, counted, tuple(int(mark) for mark in marks), every, horizon)


def roll(
    make: Callable[[], Forecaster],
    series: Series,
    laid: Plan,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    outcomes: Floats | None = None,
) -> Rolled:
    """Forecast every window of a plan, and put bands around the counted ones.

    outcomes: (n,) as the series' values, but not a number where one was only filled in.
    """
    told = _told(make, series, laid, progress)
    actual = _actual(series, laid, outcomes)
    under, over = bands(told, actual, laid.origins, scales(series, laid.origins), series.season)
    counted = slice(laid.counted, None)
    return Rolled(told[counted], under[counted], over[counted])


def look_ahead(
    make: Callable[[], Forecaster],
    series: Series,
    laid: Plan,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    outcomes: Floats | None = None,
) -> Ahead:
    """Forecast what comes after the last value; the windows of the plan make the bands.

    outcomes: as for `roll`.
    """
    count = len(series.values)
    told = _told(make, series, laid, progress)
    actual = _actual(series, laid, outcomes)
    model = make()
    model.fit(series, count, laid.horizon)
    origins = np.append(laid.origins, count)
    ahead = model.forecast(series, origins[-1:])
    unknown = np.full((1, laid.horizon), np.nan)
    low, high = bands(
        np.concatenate([told, ahead]),
        np.concatenate([actual, unknown]),
        origins,
        scales(series, origins),
        series.season,
    )
    known = np.flatnonzero(np.isfinite(low[:-1]).all(axis=1))
    known = known[known >= laid.counted]
    past = Rolled(told[known], low[known], high[known])
    return Ahead(ahead[0], low[-1], high[-1], past, laid.origins[known])


def _actual(series: Series, laid: Plan, outcomes: Floats | None) -> Floats:
    known = series.values if outcomes is None else outcomes
    return np.asarray(known[laid.origins[:, None] + np.arange(laid.horizon)])


def _told(
    make: Callable[[], Forecaster],
    series: Series,
    laid: Plan,
    progress: Callable[[int, int], None],
) -> Floats:
    parts = []
    ends = [*laid.learned[1:], len(laid.origins)]
    for number, (low, high) in enumerate(zip(laid.learned, ends, strict=True)):
        progress(number, len(ends))
        model = make()
        model.fit(series, int(laid.origins[low]), laid.horizon)
        parts.append(model.forecast(series, laid.origins[low:high]))
    progress(len(ends), len(ends))
    return np.concatenate(parts)


def _room_for(least: int, horizon: int, season: int) -> int:
    """Tell how many values a series needs for so many windows."""
    fixed = max(2 * season + horizon, 3 * horizon, 30) + horizon + least
    return max(fixed, int((horizon + least) / (1 - _LEARNED)) + 1)
