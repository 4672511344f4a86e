"""What a learner may know of a target when it forecasts it: recent values, seasons, calendar.

Every feature of a target `h` steps after an origin comes from values before the origin, or from
the target's own time. Levels are told as distances from an anchor, so that a trend carries over.
This module refuses to look at a value from the origin on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counterfoil.ports import Series

__all__ = ["Floats", "Ints", "anchors", "binary_unit", "calendar", "features"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SEASONS: Final = (1, 2, 3, 4, 7, 8, 14, 52)
_RECENT: Final = 12
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Sums:
    """Running sums, for means over any stretch."""

    sums: Floats

    def mean(self, ends: Ints, width: int) -> Floats:
        """Give the mean of the `width` values before each end."""
        starts = np.maximum(ends - width, 0)
        return np.asarray((self.sums[ends] - self.sums[starts]) / np.maximum(ends - starts, 1))


def anchors(values: Floats, season: int, origins: Ints, ahead: Ints) -> Floats:
    """Give the value a season before each target; with a season of 1 the last known one.

    origins: (k,) values known. ahead: (k,) steps, >= 1. Returns (k,).
    """
    return np.asarray(values[np.maximum(_target(origins, ahead) - _whole(ahead, season), 0)])


def features(values: Floats, series: Series, origins: Ints, ahead: Ints, base: Floats) -> Floats:
    """Give (k, d) features of k targets; not a number where the series is too short for one.

    values: (n,) as they are learned, perhaps transformed. base: (k,) what levels are told from.
    """
    season = series.season
    target = _target(origins, ahead)
    whole = _whole(ahead, season)
    columns: list[Floats] = [ahead.astype(float), (target % max(season, 1)).astype(float)]
    columns += [values[np.maximum(origins - 1 - back, 0)] - base for back in range(_RECENT)]
    if season > 1:
        for k in _SEASONS:
            place = target - whole - (k - 1) * season
            found = np.where(place >= 0, values[np.maximum(place, 0)] - base, np.nan)
            columns.append(found)
        columns.append(_same_place(values, season, origins) - base)
    sums = _Sums(np.concatenate([[0.0], np.cumsum(values)]))
    widths = {4, 24, max(season, 2), 7 * season, 30 * season}
    columns += [sums.mean(origins, width) - base for width in sorted(widths)]
    moves = _Sums(np.concatenate([[0.0], np.cumsum(np.abs(np.diff(values, prepend=values[0])))]))
    columns.append(moves.mean(origins, max(season, 12)))
    if series.step > 0:
        columns += calendar(series, target)
    return np.column_stack(columns)


def calendar(series: Series, target: Ints) -> list[Floats]:
    """Tell hour of day, day of week, day of month and of year of each target, UTC."""
    seconds = series.start + series.step * target
    days = np.floor(seconds / _DAY_S)
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    year = dates.astype("datetime64[Y]")
    found = [
        (days + 3) % 7,
        (dates - month).astype(float),
        (dates - year).astype(float),
    ]
    if series.step < _DAY_S:
        found.append(seconds % _DAY_S / 3600)
    return [np.asarray(one, dtype=float) for one in found]


def binary_unit(values: Floats) -> float:
    """Give the power of two that no value exceeds; 1 where all are zero.

    Trees learn in single precision, which ends at 1e38. Division by a power of two moves no digit,
    so that trees stay the same.
    """
    return float(2.0 ** np.frexp(np.abs(values).max(initial=0.0))[1])


def _same_place(values: Floats, season: int, origins: Ints) -> Floats:
    """Give the value a season before the last known one: how this season departs from the last."""
    return values[np.maximum(origins - 1 - season, 0)]


def _target(origins: Ints, ahead: Ints) -> Ints:
    return origins - 1 + ahead


def _whole(ahead: Ints, season: int) -> Ints:
    return (ahead + season - 1) // season * season
