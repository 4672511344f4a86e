"""A table as checks see it: columns of numbers or of categories, with what is missing marked.

This module refuses to guess types; `reading` decides them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from counterfoil.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Column", "Table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    kind: `number` (times too) or `text` (booleans too). numbers: (n,) float64, NaN where missing;
    of text empty. codes: (n,) int64 places in `labels`, -1 where missing; of numbers empty.
    labels: the distinct texts, sorted.
    """

    name: str
    kind: Literal["number", "text"]
    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.numbers) if self.kind == "number" else len(self.codes)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows have no value."""
        return np.isnan(self.numbers) if self.kind == "number" else self.codes < 0

    @property
    def whole(self) -> bool:
        """All its numbers are integers."""
        if self.kind != "number":
            return False
        found = self.numbers[~np.isnan(self.numbers)]
        return bool(len(found) and np.isfinite(found).all() and (found == np.floor(found)).all())

    def coded(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Give the distinct values by number: (n,) places, -1 where missing, and their texts."""
        if self.kind == "text":
            return self.codes, self.labels
        there = ~np.isnan(self.numbers)
        values, places = np.unique(self.numbers[there], return_inverse=True)
        codes = np.full(len(self.numbers), -1, dtype=np.int64)
        codes[there] = places
        return codes, tuple(_text(value) for value in values.tolist())

    def show(self, row: int) -> str:
        """Write the value of a row for people."""
        if self.missing[row]:
            return "nothing"
        if self.kind == "number":
            return _text(float(self.numbers[row]))
        return self.labels[int(self.codes[row])]

    def take(self, rows: NDArray[Any]) -> Column:
        """Give some of the rows, by places or by mask."""
        return replace(
            self,
            numbers=self.numbers[rows] if self.kind == "number" else self.numbers,
            codes=self.codes[rows] if self.kind == "text" else self.codes,
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length, in order; rows are numbered from 0, a header not counted."""

    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0]) if self.columns else 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise InputError(
            "check.column",
            f"expected a column {name[:80]!a}, found {', '.join(self.names)[:400]}",
            hint="Name a column as the data has it.",
        )

    def without(self, names: Sequence[str]) -> Table:
        """Leave columns out."""
        return Table(tuple(column for column in self.columns if column.name not in names))

    def take(self, rows: NDArray[Any]) -> Table:
        """Give some of the rows, by places or by mask."""
        return Table(tuple(column.take(rows) for column in self.columns))

    def row_keys(self, names: Sequence[str]) -> list[bytes]:
        """Name each row by its values in some columns: equal bytes are equal rows.

        A value is named by its text, so that tables that number categories apart compare.
        """
        parts = []
        for name in names:
            codes, labels = self[name].coded()
            texts = np.array([b"\0", *(b"\1" + one.encode() for one in labels)], dtype=object)
            parts.append(texts[codes + 1])
        if not parts:
            return [b""] * self.rows
        return [b"\x1f".join(row) for row in zip(*parts, strict=True)]


def _text(value: float) -> str:
    whole = value.is_integer() and abs(value) < 2**53
    return str(int(value)) if whole else repr(value)
