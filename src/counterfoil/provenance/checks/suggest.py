"""Suggest a suite from data that is trusted: a beginning, for somebody to read and change.

Ranges get half of their width on each side, categories are those that were seen. This module
refuses to suggest what is fair: which groups and which limits, people decide.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from counterfoil.provenance.checks.suite import ColumnRule, Suite
from counterfoil.provenance.checks.table import Column, Table

__all__ = ["suggest_suite"]

_CATEGORIES_MAX: Final = 100
_ROOM: Final = 0.5
_MISSING_ROOM: Final = 0.02
_SURE_ROWS: Final = 1000


def suggest_suite(
    table: Table,
    *,
    name: str = "suggested",
    label: str | None = None,
    sensitive: tuple[str, ...] = (),
) -> Suite:
    """Infer the rules that a table keeps.

    label: column to be predicted. sensitive: columns whose groups are to be compared. Raises
    InputError with code check.column for one that is not there.
    """
    for one in (label, *sensitive):
        if one is not None:
            _ = table[one]
    start = Suite(name=name, label=label)
    fairness = type(start.fairness)(sensitive=sensitive)
    rules = {column.name: _rule(column) for column in table.columns}
    return Suite(name=name, label=label, columns=rules, fairness=fairness)


def _rule(column: Column) -> ColumnRule:
    missing = _missing(column)
    if column.kind == "text":
        few = len(column.labels) <= min(_CATEGORIES_MAX, max(2, len(column) // 5))
        return ColumnRule(
            "text", categories=column.labels if few and column.labels else None,
            missing_at_most=missing,
        )  # fmt: skip
    found = column.numbers[np.isfinite(column.numbers)]
    if not len(found):
        return ColumnRule("number", missing_at_most=missing)
    low, high = float(found.min()), float(found.max())
    room = (high - low) * _ROOM
    under = 0.0 if low >= 0 else -np.inf  # what was never negative stays so
    return ColumnRule(
        "number",
        whole=column.whole,
        low=_rounded(max(under, low - room), np.floor),
        high=_rounded(high + room, np.ceil),
        missing_at_most=missing,
    )


def _missing(column: Column) -> float:
    """Allow what a sample of the same size may well miss; nothing, where many rows miss nothing."""
    rows, share = len(column), float(column.missing.mean())
    if not share and rows >= _SURE_ROWS:
        return 0.0
    chance = 4 * np.sqrt((share + 1 / rows) * (1 - share) / rows)
    return round(min(1.0, share + _MISSING_ROOM + float(chance)), 4)


def _rounded(value: float, away: np.ufunc) -> float:
    """Round away from the data to three digits."""
    if not value:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    return float(f"{away(value / step) * step:.6g}")
