"""What a figure is, and how its query is run and its result is hashed.

Results are made of text, integers that every reader of JSON keeps, and floats; what is larger is
written as text. This module refuses to round.
"""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from typing import Any, Final

from counterfoil.formats import json_text
from counterfoil.ports import ChainTables
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["Figure", "Result", "Row", "Shape", "run", "shape_of"]

Row = tuple[Any, ...]

_STEPS: Final = (
    *(1, 12, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200),
    *(86_400, 172_800, 604_800, 2_592_000, 7_776_000, 31_536_000),
)
_BUCKETS: Final = 60


@dataclass(frozen=True, slots=True)
class Shape:
    """Along what the data is cut into buckets, the same for all figures of a report.

    column: `block_timestamp` or `block_number` of transactions; `blocks` has its own names. step:
    seconds or blocks a bucket. timed: buckets are times.
    """

    timed: bool
    step: int

    @property
    def of_transactions(self) -> str:
        """SQL of a transaction's bucket: its first second or block."""
        return f"{self.moment_of_transactions} // {self.step} * {self.step}"

    @property
    def moment_of_transactions(self) -> str:
        """The column of a transaction that its bucket is made from; it may be null."""
        return "block_timestamp" if self.timed else "block_number"

    @property
    def of_blocks(self) -> str:
        """SQL of a block's bucket."""
        return f"{self.moment_of_blocks} // {self.step} * {self.step}"

    @property
    def moment_of_blocks(self) -> str:
        """The column of a block that its bucket is made from; it may be null."""
        return "timestamp" if self.timed else "number"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. name: its id. part: heading that it stands under. about: how to read it.

    needs: table.column that the data must hold. query: SQL; empty for findings of detectors.
    chart: how it is drawn, a name of `charts`. unit: of what is drawn, for people. after: makes
    rows from the query's result where SQL is not enough, and `method` says how.
    """

    name: str
    part: str
    title: str
    about: str
    query: str
    chart: str
    needs: tuple[str, ...] = ()
    unit: str = ""
    method: str = ""
    after: Callable[[Any], tuple[Sequence[str], Sequence[Row]]] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A figure's result. rows: JSON values. seconds: that it took, no part of what is recorded.

    sha256: of the canonical JSON of [columns, *rows] (RFC 8785), hexadecimal.
    """

    figure: Figure
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    sha256: str
    seconds: float
    missing: tuple[str, ...] = field(default=())


def shape_of(tables: ChainTables) -> Shape:
    """Choose buckets so that there are at most sixty: of time, or of blocks where times lack."""
    for timed in (True, False):
        shape = Shape(timed, 1)
        found = [
            _range(tables, "blocks", shape.moment_of_blocks),
            _range(tables, "transactions", shape.moment_of_transactions),
        ]
        known = [one for one in found if one is not None]
        held = [one for one in known if one]
        if held and len(held) == len(known):
            width = (max(high for _, high in held) - min(low for low, _ in held)) / _BUCKETS
            return Shape(timed, next((step for step in _STEPS if step >= width), _STEPS[-1]))
    return Shape(False, 1)


def _range(tables: ChainTables, table: str, column: str) -> tuple[int, int] | tuple[()] | None:
    """Give the least and largest value; () where no row has one, None where there are no rows."""
    query = f"SELECT min({column}), max({column}), count(*) FROM {table}"  # noqa: S608
    low, high, count = (one[0].as_py() for one in tables.sql(query).columns)
    if not count:
        return None
    return () if low is None else (low, high)


def run(
    tables: ChainTables, figure: Figure, kept: MutableMapping[str, Any] | None = None
) -> Result:
    """Run a figure's query; `missing` names what the data does not hold, and there are no rows.

    kept: query -> table, of those that several figures start from. Raises InputError with code
    insight.query.
    """
    started = time.perf_counter()
    missing = tuple(need for need in figure.needs if not _holds(tables, need))
    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    if not missing:
        found = None if kept is None else kept.get(figure.query)
        if found is None:
            found = tables.sql(figure.query)
        if kept is not None and figure.after is not None:
            kept[figure.query] = found
        if figure.after is None:
            columns = found.column_names
            rows = list(zip(*(one.to_pylist() for one in found.columns), strict=True))
        else:
            columns, rows = figure.after(found)
    return made(figure, columns, rows, time.perf_counter() - started, missing)


def made(
    figure: Figure,
    columns: Sequence[str],
    rows: Sequence[Row],
    seconds: float,
    missing: tuple[str, ...] = (),
) -> Result:
    """Make a result of rows, as JSON has them, with its hash."""
    plain = tuple(tuple(_plain(value) for value in row) for row in rows)
    data = json_text.canonicalise([list(columns), *map(list, plain)])
    return Result(figure, tuple(columns), plain, sha256(data).hexdigest(), seconds, missing)


def _holds(tables: ChainTables, need: str) -> bool:
    table, _, column = need.partition(".")
    return column in tables.given(table)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bool | str | None):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_SAFE_INTEGER else str(value)
    if isinstance(value, float):
        if not isfinite(value):
            return None
        value = float(value)  # numpy's is a subclass
        return int(value) if value == int(value) and abs(value) <= MAX_SAFE_INTEGER else value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)
