"""Read daily sales from a table: a row for each series and day, or a column for each series.

CSV (packed, too) and Parquet. One mapping serves both: which column is the date, which hold sales,
which tell series apart, which are known ahead. Rows whose sales are empty, after the last day with
sales, say what is known of the days to come. This module refuses two rows for one day of a series,
and to read a word as a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.history import History, checked
from counterfoil.errors import InputError, NotFound
from counterfoil.extras import need
from counterfoil.learn.forecast.features import Floats, Ints
from counterfoil.provenance.fingerprint import open_table

__all__ = ["Mapped", "read_history"]

_CELLS_MAX: Final = 20_000_000
_AHEAD_MAX_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which column is what. sales: several for a table with a column for each series.

    series: columns that tell series apart. known: numbers or truths known ahead. closed: column
    that is true (1, true, yes) on days without sale. zeros: a day without a row sold nothing; else
    it is missing.
    """

    date: str = "date"
    sales: tuple[str, ...] = ("sales",)
    series: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    closed: str | None = None
    zeros: bool = False


def read_history(path: Path, mapped: Mapped) -> History:
    """Read a table of daily sales.

    Raises NotFound with code dataset.file, InputError with code demand.column, demand.row,
    demand.twice, demand.size or demand.negative, and as `open_table`.
    """
    if not path.is_file():
        raise NotFound(
            "dataset.file", f"expected a file at {path}, found none", hint="Check the path."
        )
    opened = open_table(path)
    arrow = need("pyarrow", "supply")
    wanted = [mapped.date, *mapped.sales, *mapped.series, *mapped.known]
    wanted += [mapped.closed] if mapped.closed else []
    there = list(opened.schema.names)
    for name in wanted:
        if there.count(name) != 1:
            raise InputError(
                "demand.column",
                f"expected one column {name[:80]!a}, found {', '.join(there)[:300]}",
                hint="Say which columns hold the date, the sales, and what tells series apart.",
            )
    batches = [batch.select(list(dict.fromkeys(wanted))) for batch in opened.batches()]
    return _history(arrow.Table.from_batches(batches), mapped) if batches else _nothing()


def _history(table: Any, mapped: Mapped) -> History:
    days = _days(table.column(mapped.date), mapped.date)
    if not len(days):
        _nothing()
    groups, labels = _groups(table, mapped)
    sales = np.stack([_numbers(table.column(name), name) for name in mapped.sales])
    sold = np.isfinite(sales).any(axis=0)
    if not sold.any():
        _nothing()
    first, last = int(days[sold].min()), int(days[sold].max())
    total = min(int(days.max()) - first + 1, last - first + 1 + _AHEAD_MAX_DAYS)
    kept = (days >= first) & (days < first + total)
    days, groups, sales = days[kept] - first, groups[kept], sales[:, kept]
    count, wide = len(labels), len(mapped.sales)
    if count * wide * total > _CELLS_MAX or count * total * max(len(mapped.known), 1) > _CELLS_MAX:
        raise InputError(
            "demand.size",
            f"expected at most {_CELLS_MAX} values, found {count * wide} series of {total} days",
            hint="Give fewer series at a time, or fewer covariates.",
        )
    _once(groups, days, total, labels, first)
    grid = np.full((count, wide, last - first + 1), 0.0 if mapped.zeros else np.nan)
    inside = days <= last - first
    grid[groups[inside], :, days[inside]] = sales[:, inside].T
    shut = np.zeros((count, total), dtype=bool)
    if mapped.closed:
        found = _numbers(table.column(mapped.closed), mapped.closed)[kept]
        shut[groups, days] = np.nan_to_num(found) != 0
    given = np.full((count, total, len(mapped.known)), np.nan)
    for at, name in enumerate(mapped.known):
        given[groups, days, at] = _numbers(table.column(name), name)[kept]
    names = _names(labels, mapped)
    values = grid.reshape(count * wide, -1)
    return checked(
        names, first, values, np.repeat(shut, wide, axis=0), mapped.known, _shared(given, wide)
    )


def _names(labels: list[str], mapped: Mapped) -> tuple[str, ...]:
    if not mapped.series:
        return mapped.sales
    if len(mapped.sales) == 1:
        return tuple(labels)
    return tuple(f"{label} {name}" for label in labels for name in mapped.sales)


def _shared(given: Floats, wide: int) -> Floats:
    """Hold covariates once where they are the same for all series."""
    there = np.isfinite(given)
    if not given.shape[2]:
        return given[:1]
    low = np.where(there, given, np.inf).min(axis=0)
    high = np.where(there, given, -np.inf).max(axis=0)
    if (high <= low).all():
        return np.where(np.isfinite(low), low, np.nan)[None]
    return np.repeat(given, wide, axis=0)


def _groups(table: Any, mapped: Mapped) -> tuple[Ints, list[str]]:
    """Tell each row's series by its number, and name them; the first that appears is first."""
    if not mapped.series:
        return np.zeros(table.num_rows, dtype=np.int64), ["all"]
    columns = []
    for name in mapped.series:
        encoded = table.column(name).combine_chunks().cast("string").dictionary_encode()
        if encoded.null_count:
            raise _bad_row(name, int(np.argmax(np.asarray(encoded.is_null()))), "nothing")
        columns.append((encoded.indices.to_numpy(), encoded.dictionary.to_pylist()))
    codes = np.stack([indices for indices, _ in columns], axis=1)
    kinds, numbers = np.unique(codes, axis=0, return_inverse=True)
    labels = [
        "/".join(words[code] for code, (_, words) in zip(kind, columns, strict=True))[:200]
        for kind in kinds
    ]
    return np.asarray(numbers.ravel(), dtype=np.int64), labels


def _once(groups: Ints, days: Ints, total: int, labels: list[str], first: int) -> None:
    places = groups * total + days
    order = np.argsort(places, kind="stable")
    again = np.flatnonzero(np.diff(places[order]) == 0)
    if len(again):
        row = order[again[0]]
        day = np.datetime64(first + int(days[row]), "D")
        raise InputError(
            "demand.twice",
            f"expected one row a day for each series, found two of {labels[groups[row]][:80]!a} on "
            f"{day}",
            hint="Sum sales by day first, or name the columns that tell series apart.",
        )


def _days(column: Any, name: str) -> Ints:
    """Read dates as days since 1970."""
    arrow = need("pyarrow", "supply")
    kind = column.type
    try:
        if arrow.types.is_integer(kind):  # Unix ms
            found = column.cast(arrow.timestamp("ms")).cast("date32", safe=False)
        elif arrow.types.is_temporal(kind):
            found = column.cast(arrow.date32(), safe=False)
        else:
            text = need("pyarrow.compute", "supply").utf8_slice_codeunits(
                column.cast("string"), 0, 10
            )
            found = text.cast(arrow.date32())
    except (arrow.ArrowException, ValueError) as err:
        raise InputError(
            "demand.row",
            f"expected dates in the column {name[:80]!a}, but: {str(err)[:200]}",
            hint="Write days as YYYY-MM-DD.",
        ) from err
    if found.null_count:
        raise _bad_row(name, int(np.argmax(np.asarray(found.is_null()))), "nothing")
    return np.asarray(found.cast(arrow.int32()).to_numpy(), dtype=np.int64)


def _numbers(column: Any, name: str) -> Floats:
    """Read numbers and truths; an empty cell is not a number."""
    arrow = need("pyarrow", "supply")
    try:
        if arrow.types.is_boolean(column.type):
            column = column.cast(arrow.int8())
        elif arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type):
            column = _truths(column)
        found = column.cast(arrow.float64(), safe=False)
    except (arrow.ArrowException, ValueError) as err:
        raise InputError(
            "demand.row",
            f"expected numbers in the column {name[:80]!a}, but: {str(err)[:200]}",
            hint="The calendar is known by itself; write other words as numbers.",
        ) from err
    numbers = np.array(found.to_numpy(), dtype=np.float64)
    if np.isinf(numbers).any():
        raise _bad_row(name, int(np.argmax(np.isinf(numbers))), "an infinite number")
    return numbers


def _truths(column: Any) -> Any:
    """Turn `yes`, `no` and empty text to numbers; other text stays, to be refused."""
    words = {"yes": "1", "true": "1", "no": "0", "false": "0", "": None}
    said = [None if one is None else one.strip() for one in column.to_pylist()]
    arrow = need("pyarrow", "supply")
    numbers = [words.get((one or "").lower(), one) for one in said]
    return arrow.chunked_array([arrow.array(numbers, "string")])


def _bad_row(name: str, row: int, found: str) -> InputError:
    return InputError(
        "demand.row",
        f"expected a value in the column {name[:80]!a} of row {row + 1}, found {found}",
        hint="Leave out rows that are no sales.",
    )


def _nothing() -> History:
    raise InputError(
        "demand.row", "expected rows with sales, found none", hint="Check the names of the columns."
    )
