"""What checks answer: items with their limits and what was found, down to rows.

This module refuses to check anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.provenance.statements.checks import CheckItem
from counterfoil.provenance.statements.parts import Measurement, decimal_text

__all__ = ["ROWS_NAMED", "Item", "Report", "Tell", "first_rows", "nobody"]

Tell = Callable[[int, int], None]
"""Hears how far a check is: steps done, of how many; what it raises stops the check."""

ROWS_NAMED: Final = 100
"""Most rows that an item names; `count` says how many there are."""

_FOUND_MAX: Final = 4000
_PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was measured and held against a limit.

    name: such as `missing/age`. value: what was measured; None where nothing could be. low, high:
    its confidence interval at `confidence` (0 to 1). at_most, at_least: limits on the value, None
    where it only informs. method: how it was measured. found: what was seen, for people. where:
    rows from 0, at most ROWS_NAMED, worst first; count: how many there are.
    """

    name: str
    passed: bool
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    rows: int | None = None
    at_most: float | None = None
    at_least: float | None = None
    method: str = ""
    found: str = ""
    where: tuple[int, ...] = ()
    count: int = 0

    @property
    def gating(self) -> bool:
        """It has a limit; others only inform."""
        return not self.passed or self.at_most is not None or self.at_least is not None

    def said(self) -> CheckItem:
        """Turn it into what a statement says."""
        measured = None
        if self.value is not None and math.isfinite(self.value):
            measured = Measurement(
                name=self.name.partition("/")[0],
                value=decimal_text(self.value),
                low=_decimal(self.low),
                high=_decimal(self.high),
                confidence_ppm=None if self.confidence is None else round(self.confidence * _PPM),
                rows=self.rows,
            )
        parts = [self.found, f"Method: {self.method}." if self.method else ""]
        if self.where:
            more = (
                f" and {self.count - len(self.where)} more" if self.count > len(self.where) else ""
            )
            parts.insert(1, f"Rows {', '.join(map(str, self.where))}{more}.")
        return CheckItem(
            name=self.name[:255],
            passed=self.passed,
            measured=measured,
            at_most=_decimal(self.at_most),
            at_least=_decimal(self.at_least),
            found=" ".join(part for part in parts if part)[:_FOUND_MAX],
        )


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one check.

    check: `quality`, `leakage`, `drift`, `poisoning` or `fairness`. rows: checked. suite: digest
    of the settings, 64 hexadecimal digits. note: what a reader must know to use the figures.
    threshold: score from which on an outcome was taken as positive, where it was.
    """

    check: str
    items: tuple[Item, ...]
    rows: int
    suite: str | None = None
    note: str = ""
    threshold: float | None = None

    @property
    def passed(self) -> bool:
        """No item failed."""
        return all(item.passed for item in self.items)

    @property
    def failed(self) -> tuple[Item, ...]:
        """The items that failed."""
        return tuple(item for item in self.items if not item.passed)

    def item(self, name: str) -> Item:
        """Give the item of a name; KeyError where there is none."""
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(name)


def nobody(done: int, total: int) -> None:  # as `Tell` has it
    """Tell nobody."""


def first_rows(rows: Iterable[Any]) -> tuple[int, ...]:
    """Give the first rows that an item may name."""
    return tuple(int(row) for row, _ in zip(rows, range(ROWS_NAMED), strict=False))


def _decimal(value: float | None) -> str | None:
    return None if value is None or not math.isfinite(value) else decimal_text(value)
