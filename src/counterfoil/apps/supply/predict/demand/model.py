"""Forecast demand as a distribution: for many series at once, trained, kept and used again.

Training tries all that is to be mixed on the last part of what is known, learns there how far
forecasts are off, and then learns from everything. What is kept suffices to forecast again: the
trees, the shares, the spread, and the last two years of sales. This module refuses series that are
too short to have been tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.distribution import Demand, Dependence, Marks
from counterfoil.apps.supply.predict.demand.features import LEAST_DAYS
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.means import fit_trees
from counterfoil.apps.supply.predict.demand.spread import Spread, learn_marks, learn_spread
from counterfoil.apps.supply.predict.demand.trials import (
    choose,
    folds,
    mixed,
    panel_of,
    together,
    told_by,
    try_out,
)
from counterfoil.apps.supply.predict.demand.week import last_week
from counterfoil.errors import InputError
from counterfoil.learn.forecast.features import Floats
from counterfoil.ports import Progress, no_progress

__all__ = ["HORIZON_MAX_DAYS", "TAIL_DAYS", "DemandModel", "demand_distribution", "train"]

HORIZON_MAX_DAYS: Final = 120
TAIL_DAYS: Final = 800
"""Days of sales that a model keeps: two years, and what lies around a day two years ago."""

_SERIES_MAX: Final = 5000


@dataclass(frozen=True, slots=True, eq=False)
class DemandModel:
    """A trained forecaster. tail: the last days that it learned from, with none ahead.

    index: what all series sold together, in their means, and what weekdays led to expect, over
    the tail. shares: (members, parts of the horizon). booster: LightGBM's, None where there were
    too few days. units: (series,) what sales are counted in, a power of two; 1 where they are
    whole.
    """

    horizon_days: int
    tail: History
    index: tuple[Floats, Floats]
    shares: Floats
    booster: Any
    spread: Spread
    marks: Marks
    dependence: Dependence
    units: Floats

    def distribution(self, history: History | None = None) -> Demand:
        """Forecast the `horizon_days` days after the last sales.

        history: all of its series or some, from the first day of the tail or before on, with the
        sales since and what is known ahead; else the tail alone. What is not given ahead counts as
        not known. Raises InputError with code demand.other.
        """
        found = self.tail if history is None else self.seen(history)
        mean, _ = self.means(found)
        first = found.first_day + found.days
        unit = self.units[[self.tail.names.index(name) for name in found.names], None]
        variance = self.variance(mean, found.names, first)
        return Demand(
            found.names,
            first,
            mean * unit,
            variance * unit**2,
            self.marks,
            self.dependence,
            self.tail.whole,
            last_week(found.values, self.horizon_days),
        )

    def means(self, history: History | None = None) -> tuple[Floats, Floats]:
        """Give the mean of each day, (series, horizon), and what members say of it, in `units`."""
        found = self.tail if history is None else self.seen(history)
        found = found.lengthened(self.horizon_days)
        rows = [self.tail.names.index(name) for name in found.names]
        found = replace(found, values=found.values / self.units[rows, None])
        panel = panel_of(found, self.index)
        told = told_by(
            self.booster,
            panel,
            np.arange(len(found.names)),
            np.array([found.days]),
            self.horizon_days,
        )[:, :, 0]
        mean = mixed(self.shares, told)
        closed = found.closed[:, found.days : found.days + self.horizon_days]
        return np.where(closed, 0.0, mean), told

    def variance(self, mean: Floats, names: Sequence[str], first_day: int) -> Floats:
        """Give the variance of days about means of some series: (series, horizon)."""
        rows = np.array([self.tail.names.index(name) for name in names])
        return self.spread.variance(mean, rows, np.full(len(rows), first_day))

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
    units = _units(history)
    kept, history = history, replace(history, values=history.values / units[:, None])
    laid = folds(history, horizon_days)
    total = len(laid) + 2
    tried = []
    for at, fold in enumerate(laid):
        tried.append(try_out(history, horizon_days, fold))
        progress(at + 1, total, "parts of the model learned")
    trials = together(tried)
    chosen = choose(trials, history)
    mean = mixed(chosen, trials.told)
    count = len(history.names)
    first_days = history.first_day + trials.origins
    spread = learn_spread(mean, trials.actual, trials.rows, first_days, count, seen=trials.seen)
    variance = spread.variance(mean, trials.rows, first_days)
    marks, dependence = learn_marks(
        mean, variance, trials.actual, whole=history.whole, seen=trials.seen
    )
    progress(total - 1, total, "parts of the model learned")
    end = history.days
    final = panel_of(history, None)
    booster = fit_trees(final, end, horizon_days, history.covariates)
    last = slice(-min(TAIL_DAYS, end), None)
    progress(total, total, "parts of the model learned")
    return DemandModel(
        horizon_days,
        _tail(kept),
        (final.index[0][last], final.index[1][last]),
        chosen,
        booster,
        spread,
        marks,
        dependence,
        units,
    )


def _units(history: History) -> Floats:
    """Choose units in which sales by weight are some ten a day; a power of two moves no digit."""
    if history.whole:
        return np.ones(len(history.names))
    known = np.isfinite(history.values)
    mean = np.where(known, history.values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(mean > 0, 2.0 ** np.round(np.log2(np.maximum(mean, 1e-300) / 12)), 1.0)


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
