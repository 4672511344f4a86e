"""Find features that give the label away.

A feature that alone ranks rows almost perfectly was seldom known before the outcome. Each is asked
on rows that were held out, so an id with a value for each row scores as chance does. This module
refuses to say that a feature *is* a leak: whoever knows how it came about does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from counterfoil.provenance.checks.intervals import auc_interval
from counterfoil.provenance.checks.labels import Labelled, labelled
from counterfoil.provenance.checks.learning import area_under_curve, folds_of, out_of_fold
from counterfoil.provenance.checks.results import Item, Report, Tell, nobody
from counterfoil.provenance.checks.suite import Suite
from counterfoil.provenance.checks.table import Column, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["alone", "check_leakage"]

_BINS = 128
_IDLIKE = 0.95


def check_leakage(table: Table, suite: Suite, progress: Tell = nobody) -> Report:
    """Ask of each feature how well it alone predicts the label of held-out rows.

    progress: hears (features done, of). Raises InputError with code check.label.
    """
    data = labelled(table, suite)
    fold = folds_of(data.label, suite.seed)
    items, columns = [], data.features.columns
    for done, column in enumerate(columns, 1):
        items.append(_item(data, column, alone(column, data, fold), suite))
        progress(done, len(columns))
    items += _order(table, data, fold, suite)
    note = "" if data.cut is None else f"The label was cut at its median, {data.cut:g}."
    return Report("leakage", tuple(items), len(data.rows), suite.digest, note)


def alone(column: Column, data: Labelled, fold: NDArray[np.int64]) -> float:
    """Compute the held-out AUC of one feature: the largest over the classes, mean over folds.

    Each value, or bin of values, scores as its share of positives among the other folds' rows.
    """
    codes = _bins(column)
    size = int(codes.max()) + 1
    best = 0.5
    for one in range(1 if len(data.classes) == 2 else 0, len(data.classes)):
        positive = data.label == one
        parts = []
        for at in range(int(fold.max()) + 1):
            held = fold == at
            seen = np.bincount(codes[~held], minlength=size)
            hits = np.bincount(codes[~held], weights=positive[~held], minlength=size)
            score = (hits + 2 * positive[~held].mean()) / (seen + 2)
            parts.append(area_under_curve(score[codes[held]], positive[held]))
        found = float(np.nanmean(parts)) if not np.isnan(parts).all() else 0.5
        best = max(best, found)
    return best


def _bins(column: Column) -> NDArray[np.int64]:
    """Give each row its value's place, or bin where there are many values; missing is place 0."""
    codes, labels = column.coded()
    if column.kind == "number" and len(labels) > _BINS:
        there = ~column.missing
        edges = np.unique(np.quantile(column.numbers[there], np.linspace(0, 1, _BINS + 1)[1:-1]))
        codes = np.where(there, np.searchsorted(edges, column.numbers, side="right"), -1)
    return codes + 1


def _item(data: Labelled, column: Column, auc: float, suite: Suite) -> Item:
    limits = suite.leakage
    found, passed = "", auc <= limits.alone_at_most
    if not passed:
        found = "It alone decides the label: a copy of it, or known only after it."
    elif auc >= limits.suspicious_from:
        rest = out_of_fold(
            data.features.without((column.name,)), data.label, len(data.classes), suite.seed
        )
        others = max(
            area_under_curve(rest[:, one], data.label == one) for one in range(len(data.classes))
        )
        passed = auc <= others + limits.better_by
        found = f"All other features together reach {others:.3f}."
    distinct = len(column.coded()[1])
    if distinct >= _IDLIKE * len(column) and (column.kind == "text" or column.whole):
        found += f" It looks like an id: {distinct} distinct values."
    low, high = auc_interval(auc, int((data.label == 1).sum()), int((data.label != 1).sum()))
    return Item(
        name=f"alone/{column.name}"[:255],
        passed=passed,
        value=auc,
        low=low,
        high=high,
        confidence=0.95,
        rows=len(data.rows),
        at_most=limits.alone_at_most,
        method="held-out AUC of the feature alone, 5 folds; interval by Hanley and McNeil",
        found=found.strip(),
    )


def _order(table: Table, data: Labelled, fold: NDArray[np.int64], suite: Suite) -> list[Item]:
    """Tell whether the label follows from a row's place: then an id or a time leaks it."""
    place = Column("row", "number", data.rows.astype(np.float64), np.empty(0, dtype=np.int64))
    auc = alone(place, data, fold)
    rising = []
    for column in data.features.columns:
        if column.kind != "number" or column.missing.any():
            continue
        steps = np.diff(column.numbers)
        if (steps >= 0).all() and (steps > 0).mean() > 0.5:
            rising.append(column.name)
    found = "Rows stand in the order of the label." if auc > suite.leakage.suspicious_from else ""
    if rising:
        found += f" Rising with the rows: {', '.join(rising)[:300]}; split by time, not at random."
    return [
        Item(
            name="row-order",
            passed=True,
            value=auc,
            rows=table.rows,
            method="held-out AUC of a row's place alone",
            found=found.strip(),
        )
    ]
