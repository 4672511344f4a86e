"""Base fees some blocks ahead: the next is known, those behind it are learned, within the rule.

Logarithms are forecast, for fees move by factors. Where the chain follows EIP-1559, a block moves
its fee by an eighth at most, and no forecast or band leaves what that allows. This module refuses
to read a chain, and to forecast the tip that senders add.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from counterfoil.learn.forecast.basefee import MOVE_MAX
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.learn.forecast.judged import Judged, judge, naive_error
from counterfoil.learn.forecast.rolling import look_ahead, plan
from counterfoil.learn.forecast.simple import naive
from counterfoil.ports import Forecaster, Series

__all__ = ["FeesAhead", "fees_ahead"]


@dataclass(frozen=True, slots=True)
class FeesAhead:
    """Base fees to come, wei: each (horizon,); low, high: infinite where too little is known.

    windows: earlier places from which fees were forecast alike. past: how good that was, in wei;
    stays: how good it would have been to expect no change; None where there were no windows.
    """

    told: Floats
    low: Floats
    high: Floats
    windows: int
    past: Judged | None
    stays: Judged | None


class _Within:
    """A forecaster of logarithms of fees that stays within what the rule allows."""

    def __init__(self, inner: Forecaster) -> None:
        self._inner = inner

    def fit(self, series: Series, end: int, horizon: int) -> None:
        self._inner.fit(series, end, horizon)

    def forecast(self, series: Series, origins: Ints) -> Floats:
        return _held(self._inner.forecast(series, origins), series.values[origins - 1])


def fees_ahead(
    make: Callable[[], Forecaster],
    fees: Floats,
    horizon: int,
    *,
    ruled: bool,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> FeesAhead:
    """Forecast fees behind the last known one. fees: (n,) wei, block by block. ruled: EIP-1559.

    Raises InputError with code forecast.short.
    """
    series = Series(np.log(np.maximum(fees, 1.0)))
    laid = plan(len(fees), horizon, 1, refits=2, least=1)

    def within() -> Forecaster:
        return _Within(make()) if ruled else make()

    found = look_ahead(within, series, laid, progress)
    last = series.values[-1:]
    low, high = (_held(one[None], last)[0] if ruled else one for one in (found.low, found.high))
    past = stays = None
    if len(found.origins):
        base = series.values[found.origins - 1]
        rows = found.origins[:, None] + np.arange(horizon)
        actual = np.exp(series.values[rows])
        under, over = (
            np.exp(_held(one, base) if ruled else one) for one in (found.past.low, found.past.high)
        )
        unit = naive_error(np.exp(series.values[: int(found.origins[0])]), 1)
        past = judge(actual, np.exp(found.past.told), under, over, unit)
        stays = judge(actual, np.exp(naive(series, found.origins, horizon)), under, over, unit)
    with np.errstate(over="ignore"):
        told, low, high = np.exp(found.told), np.exp(low), np.exp(high)
    return FeesAhead(told, low, high, len(found.origins), past, stays)


def _held(told: Floats, last: Floats) -> Floats:
    """Keep logarithms within what blocks can do since `last`. told: (k, horizon). last: (k,)."""
    blocks = np.arange(1, told.shape[1] + 1)
    least = last[:, None] + blocks * np.log1p(-MOVE_MAX)
    most = last[:, None] + blocks * np.log1p(MOVE_MAX)
    return np.asarray(np.clip(told, least, most))
