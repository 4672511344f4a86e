"""Forecast demand as a distribution: for many series at once, trained, kept and used again.

Training tries all that is to be mixed on the last part of what is known, learns there how far
forecasts are off, and then learns from everything. What is kept suffices to forecast again: the
trees, the shares, the spread, and the last two years of sales. This module refuses series that are
too short to have been tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand_features import LEAST_DAYS, Panel
from counterfoil.apps.supply.predict.demand_history import History
from counterfoil.apps.supply.predict.demand_means import fit_trees, members
from counterfoil.apps.supply.predict.demand_spread import Spread, learn_marks, learn_spread
from counterfoil.apps.supply.predict.distribution import Demand, Dependence, Marks
from counterfoil.errors import InputError
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.learn.forecast.mixing import parts, shares
from counterfoil.ports import Progress, no_progress

__all__ = ["HORIZON_MAX_DAYS", "TAIL_DAYS", "DemandModel", "demand_distribution", "train"]

HORIZON_MAX_DAYS: Final = 120
TAIL_DAYS: Final = 800
"""Days of sales that a model keeps: two years, and what lies around a day two years ago."""

_SERIES_MAX: Final = 5000
_TRIED: Final = 0.2  # of the days, at the end, that are forecast as a trial
_TRIED_MAX_DAYS: Final = 182
_ORIGINS: Final = 28
_TRIALS: Final = 200_000  # days forecast in trials, at most
_EVEN: Final = 0.1  # of the mix: the same for each member whatever the trials say


@dataclass(frozen=True, slots=True, eq=False)
class DemandModel:
    """A trained forecaster. tail: the last days that it learned from, with none ahead.

    index: what all series sold together, in their means, and what weekdays led to expect, over the
    tail. shares: (members, parts of the horizon). booster: LightGBM's, None where there were too
    few days.
    """

    horizon_days: int
    tail: History
    index: tuple[Floats, Floats]
    shares: Floats
    booster: Any
    spread: Spread
    marks: Marks
    dependence: Dependence

    def distribution(self, history: History | None = None) -> Demand:
        """Forecast the `horizon_days` days after the last sales.

        history: all of its series or some, from the first day of the tail or before on, with the
        sales since and what is known ahead; else the tail alone. What is not given ahead counts as
        not known. Raises InputError with code demand.other.
        """
        found = self.tail if history is None else self.seen(history)
        mean, _ = self.means(found)
        rows = np.array([self.tail.names.index(name) for name in found.names])
        variance = self.spread.variance(mean, rows)
        return Demand(
            found.names,
            found.first_day + found.days,
            mean,
            variance,
            self.marks,
            self.dependence,
            self.tail.whole,
        )

    def means(self, history: History | None = None) -> tuple[Floats, Floats]:
        """Give the mean of each day, (series, horizon), and of each member before that."""
        found = self.tail if history is None else self.seen(history)
        found = found.lengthened(self.horizon_days)
        panel = _panel(found, self.index)
        told = _told(
            self.booster,
            panel,
            np.arange(len(found.names)),
            np.array([found.days]),
            self.horizon_days,
        )[:, :, 0]
        mean = mixed(self.shares, told)
        closed = found.closed[:, found.days : found.days + self.horizon_days]
        return np.where(closed, 0.0, mean), told

    def seen(self, history: History) -> History:
        """Take what the model looks at: from the first day of its tail on.

        Raises InputError with code demand.other.
        """
        skipped = self.tail.first_day - history.first_day
        same = set(history.names) <= set(self.tail.names)
        if (
            skipped < 0
            or history.days <= skipped
            or not same
            or (history.covariates != self.tail.covariates)
        ):
            raise InputError(
                "demand.other",
                f"expected sales of {len(self.tail.names)} series that the model was trained on, "
                f"from {self.tail.date(0)} or before on, with the covariates "
                f"{', '.join(self.tail.covariates)[:200] or 'none'}",
                hint="Give the same table with the days since, or train a new model.",
            )
        return _from(history, skipped)


def demand_distribution(
    history: History,
    horizon_days: int,
    *,
    covariates: Floats | None = None,
    progress: Progress = no_progress,
) -> Demand:
    """Learn from a history and forecast the days after it, in one step.

    covariates: (horizon_days, k) of the days to come, where the history does not hold them.
    Raises as `train`, InputError with code demand.covariates.
    """
    model = train(history, horizon_days, progress=progress)
    if covariates is None:
        return model.distribution(history)
    given = np.asarray(covariates, float)
    wanted = (horizon_days, len(history.covariates))
    if given.shape != wanted:
        raise InputError(
            "demand.covariates",
            f"expected covariates of shape {wanted}, found {given.shape}",
            hint="A row for each day ahead, a column for each covariate of the history.",
        )
    ahead = history.lengthened(horizon_days)
    table = ahead.given.copy()
    table[:, ahead.days : ahead.days + horizon_days] = given
    return model.distribution(replace(ahead, given=table))


def train(history: History, horizon_days: int, *, progress: Progress = no_progress) -> DemandModel:
    """Learn to forecast `horizon_days` days ahead: 1 to 120.

    Raises InputError with code demand.horizon or demand.short, Unavailable with code extra.missing.
    """
    _check(history, horizon_days)
    end, total = history.days, 4
    covariates = history.covariates
    start = max(LEAST_DAYS, end - max(2 * horizon_days, min(int(_TRIED * end), _TRIED_MAX_DAYS)))
    start = min(start, end - horizon_days)
    earlier = _panel(history.until(start), None)
    booster = fit_trees(earlier, start, horizon_days, covariates)
    progress(1, total, "parts of the model learned")
    whole = _panel(history, earlier.index)
    rows, origins = _trials(history, start, horizon_days)
    told = _told(booster, whole, rows, origins, horizon_days)
    told = told.reshape(len(told), -1, horizon_days)
    actual = history.values[rows][:, origins[:, None] + np.arange(horizon_days)]
    actual = actual.reshape(-1, horizon_days)
    of = np.repeat(rows, len(origins))
    chosen = _chosen(told, actual, of, history.values[:, :start])
    mean = mixed(chosen, told)
    progress(2, total, "parts of the model learned")
    gap = float(np.diff(origins).mean()) if len(origins) > 1 else horizon_days
    seen = max(1.0, horizon_days / gap)
    spread = learn_spread(mean, actual, of, len(history.names), seen=seen)
    variance = spread.variance(mean, of)
    marks, dependence = learn_marks(mean, variance, actual, whole=history.whole, seen=seen)
    progress(3, total, "parts of the model learned")
    final = _panel(history, None)
    booster = fit_trees(final, end, horizon_days, covariates)
    kept = slice(-min(TAIL_DAYS, end), None)
    progress(4, total, "parts of the model learned")
    return DemandModel(
        horizon_days,
        _tail(history),
        (final.index[0][kept], final.index[1][kept]),
        chosen,
        booster,
        spread,
        marks,
        dependence,
    )


def mixed(chosen: Floats, told: Floats) -> Floats:
    """Mix what members say. chosen: (members, parts). told: (members, k, horizon)."""
    found = np.empty(told.shape[1:])
    for place, part in enumerate(parts(told.shape[2])):
        found[:, part] = np.tensordot(chosen[:, place], told[:, :, part], 1)
    return found


def _chosen(told: Floats, actual: Floats, rows: Ints, before: Floats) -> Floats:
    """Choose shares of members by trials, each series in its usual weekly move."""
    moves = np.abs(before[:, 7:] - before[:, :-7])
    count = np.isfinite(moves).sum(axis=1)
    unit = (np.nansum(moves, axis=1) + 1) / (count + 1)
    there = np.isfinite(actual)
    scaled = np.where(there, told / unit[rows, None], 0.0)
    wanted = np.where(there, np.nan_to_num(actual) / unit[rows, None], 0.0)
    some = np.linspace(0, len(wanted) - 1, min(len(wanted), 4000)).astype(int)
    return (1 - _EVEN) * shares(scaled[:, some], wanted[some]) + _EVEN / len(told)


def _told(booster: Any, panel: Panel, rows: Ints, origins: Ints, horizon: int) -> Floats:
    """Give what members say: (members, rows, origins, horizon)."""
    shape = (len(rows), len(origins), horizon)
    grid = np.broadcast_arrays(
        rows[:, None, None], origins[None, :, None], np.arange(1, horizon + 1)[None, None, :]
    )
    found = members(booster, panel, *(one.ravel() for one in grid))
    return found.reshape(len(found), *shape)


def _trials(history: History, start: int, horizon: int) -> tuple[Ints, Ints]:
    """Choose series and origins to try forecasts of."""
    rows = np.arange(len(history.names))
    last = history.days - horizon
    count = max(1, min(_ORIGINS, last - start + 1))
    origins = np.unique(np.linspace(start, last, count).astype(np.int64))
    most = max(1, _TRIALS // (len(origins) * horizon))
    if len(rows) > most:
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(int))]
    return rows, origins


def _panel(history: History, index: tuple[Floats, Floats] | None) -> Panel:
    return Panel(history.values, history.first_day, history.closed, history.given, index)


def _from(history: History, skipped: int) -> History:
    """Leave out the first days."""
    return replace(
        history,
        first_day=history.first_day + skipped,
        values=history.values[:, skipped:],
        closed=history.closed[:, skipped:],
        given=history.given[:, skipped:],
    )


def _tail(history: History) -> History:
    """Take what a model keeps: the last days, with none ahead."""
    days = history.days
    found = replace(history, closed=history.closed[:, :days], given=history.given[:, :days])
    return _from(found, max(0, days - TAIL_DAYS))


def _check(history: History, horizon_days: int) -> None:
    if not 1 <= horizon_days <= HORIZON_MAX_DAYS:
        raise InputError(
            "demand.horizon",
            f"expected 1 to {HORIZON_MAX_DAYS} days ahead, found {horizon_days}",
            hint="Give fewer days.",
        )
    least = LEAST_DAYS + horizon_days + 7
    known = int(np.isfinite(history.values).any(axis=0).sum())
    if history.days < least or known < least or len(history.names) > _SERIES_MAX:
        raise InputError(
            "demand.short",
            f"expected sales of {least} days and more to forecast {horizon_days}, of at most "
            f"{_SERIES_MAX} series, found {known} days of {len(history.names)}",
            hint="Give a longer history, or a shorter horizon.",
        )
