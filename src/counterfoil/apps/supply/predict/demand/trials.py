"""Try what forecasts on days that came after it had learned, and choose how much each counts.

The later part of what is known is cut into folds. For each, trees learn from all days before it and
forecast it from origins within it, as it would have been then. Of many series one fold is enough,
of few the errors of several make tails that hold. This module refuses to try a forecast on a day
that it has learned from.

Source: Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd edition, 2021, 5.10
(rolling origins).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.features import LEAST_DAYS, Panel
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.means import fit_trees, members
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.learn.forecast.mixing import parts, shares

__all__ = [
    "Fold",
    "Trials",
    "choose",
    "folds",
    "mixed",
    "panel_of",
    "together",
    "told_by",
    "try_out",
]

_TRIED: Final = 0.2  # of the days, at the end, that are forecast as a trial, of many series
_TRIED_OF_FEW: Final = 0.6
_TRIED_MAX_DAYS: Final = 182
_FOLDS: Final = 3
_FEW: Final = 60_000  # days of all series together
_ORIGINS: Final = 28
_TRIALS: Final = 150_000  # days forecast in trials, at most
_CHOSEN_BY: Final = 4000  # forecasts that shares are chosen on, at most
_EVEN: Final = 0.1  # of the mix: the same for each member whatever the trials say


@dataclass(frozen=True, slots=True)
class Fold:
    """Days that are forecast by what was learned before them: [start, end), days of sales."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Forecasts that were tried. told: (members, k, horizon). actual: (k, horizon).

    rows: (k,) of series. origins: (k,) days known. seen: from how many origins a day was forecast.
    """

    told: Floats
    actual: Floats
    rows: Ints
    origins: Ints
    seen: float


def folds(history: History, horizon: int) -> list[Fold]:
    """Cut the later part into folds, each at least twice the horizon long where it can be."""
    end = history.days
    few = len(history.names) * end <= _FEW
    wanted = int((_TRIED_OF_FEW if few else _TRIED) * end)
    span = max(2 * horizon, wanted if few else min(wanted, _TRIED_MAX_DAYS))
    start = min(max(LEAST_DAYS, end - span), end - horizon)
    count = max(1, min(_FOLDS if few else 1, (end - start) // (2 * horizon)))
    cuts = np.linspace(start, end, count + 1).astype(int)
    return [Fold(int(low), int(high)) for low, high in pairwise(cuts)]


def try_out(history: History, horizon: int, fold: Fold) -> Trials:
    """Learn from the days before a fold, and forecast it from its origins.

    A series counts from the origin on that it has 28 known days before.
    """
    known = history.until(fold.start)
    earlier = panel_of(known, None)
    booster = fit_trees(earlier, fold.start, horizon, history.covariates)
    panel = panel_of(history, earlier.index)
    last = fold.end - horizon
    count = max(1, min(_ORIGINS, last - fold.start + 1))
    origins = np.unique(np.linspace(fold.start, last, count).astype(np.int64))
    rows = np.arange(len(history.names))
    most = max(1, _TRIALS // (len(origins) * horizon))
    if len(rows) > most:
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(int))]
    told = told_by(booster, panel, rows, origins, horizon).reshape(
        -1, len(rows) * len(origins), horizon
    )
    actual = history.values[rows][:, origins[:, None] + np.arange(horizon)].reshape(-1, horizon)
    grid = np.repeat(rows, len(origins)), np.tile(origins, len(rows))
    actual = np.where((panel.known(*grid) >= LEAST_DAYS)[:, None], actual, np.nan)
    gap = float(np.diff(origins).mean()) if len(origins) > 1 else float(horizon)
    seen = max(1.0, horizon / gap)
    return Trials(told, actual, *grid, seen)


def together(tried: Sequence[Trials]) -> Trials:
    """Put the trials of all folds together."""
    return Trials(
        np.concatenate([one.told for one in tried], axis=1),
        np.concatenate([one.actual for one in tried]),
        np.concatenate([one.rows for one in tried]),
        np.concatenate([one.origins for one in tried]),
        float(np.mean([one.seen for one in tried])),
    )


def choose(trials: Trials, history: History) -> Floats:
    """Choose shares of members by trials, each series in its usual weekly move.

    Returns (members, parts of the horizon); each column sums to 1.
    """
    before = history.values[:, : max(int(trials.origins.min()), 8)]
    moves = np.abs(before[:, 7:] - before[:, :-7])
    count = np.isfinite(moves).sum(axis=1)
    unit = (np.nansum(moves, axis=1) + 1) / (count + 1)
    of = unit[trials.rows, None]
    there = np.isfinite(trials.actual)
    scaled = np.where(there, trials.told / of, 0.0)
    wanted = np.where(there, np.nan_to_num(trials.actual) / of, 0.0)
    order = np.argsort(trials.origins, kind="stable")
    some = order[np.linspace(0, len(order) - 1, min(len(order), _CHOSEN_BY)).astype(int)]
    return (1 - _EVEN) * shares(scaled[:, some], wanted[some]) + _EVEN / len(trials.told)


def mixed(chosen: Floats, told: Floats) -> Floats:
    """Mix what members say. chosen: (members, parts). told: (members, k, horizon)."""
    found = np.empty(told.shape[1:])
    for place, part in enumerate(parts(told.shape[2])):
        found[:, part] = np.tensordot(chosen[:, place], told[:, :, part], 1)
    return found


def told_by(booster: Any, panel: Panel, rows: Ints, origins: Ints, horizon: int) -> Floats:
    """Give what members say: (members, rows, origins, horizon)."""
    shape = (len(rows), len(origins), horizon)
    grid = np.broadcast_arrays(
        rows[:, None, None], origins[None, :, None], np.arange(1, horizon + 1)[None, None, :]
    )
    found = members(booster, panel, *(one.ravel() for one in grid))
    return found.reshape(len(found), *shape)


def panel_of(history: History, index: tuple[Floats, Floats] | None) -> Panel:
    """Lay out a history for features."""
    return Panel(history.values, history.first_day, history.closed, history.given, index)
