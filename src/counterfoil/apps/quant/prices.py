"""Read prices from a file: a column for each thing, or a row for each price.

CSV (packed, too) and Parquet. Dates are days in UTC. A price that is missing stays missing, and one
that is not above 0 is refused. This module refuses to fill, to adjust, and rows out of order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from counterfoil.apps.quant.figures import Floats
from counterfoil.errors import InputError, NotFound
from counterfoil.provenance.fingerprint import open_table

__all__ = ["Prices", "read_prices"]

_DATES: Final = ("date", "day", "time", "timestamp", "datetime")
_WITHIN_DAYS: Final = 10
_HINT: Final = "A first column of dates, and a column of prices for each thing; or three columns: "
_LONG: Final = "date, name, price."


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of things at days. days: ISO dates, rising. values: (days, names) float64 or nan."""

    days: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats

    def at(self, name: str, day: str) -> tuple[int, float] | None:
        """Find the first price of a thing on or after a day: its row and the price.

        None where there is none within ten days.
        """
        if name not in self.names:
            return None
        column = self.values[:, self.names.index(name)]
        last = (date.fromisoformat(day) + timedelta(days=_WITHIN_DAYS)).isoformat()
        for row in range(bisect_left(self.days, day), bisect_right(self.days, last)):
            if np.isfinite(column[row]):
                return row, float(column[row])
        return None

    def upto(self, rows: int) -> Prices:
        """Keep the first rows alone."""
        return Prices(self.days[:rows], self.names, self.values[:rows])


def read_prices(path: Path) -> Prices:
    """Read a file of prices.

    Raises NotFound with code dataset.file, InputError with code quant.prices, and as `open_table`.
    """
    if not path.is_file():
        raise NotFound(
            "dataset.file", f"expected a file at {path}, found none", hint="Check the path."
        )
    opened = open_table(path)
    import pyarrow as pa

    table = pa.Table.from_batches(list(opened.batches()), opened.schema)
    return prices_of(table)


def prices_of(table: Any) -> Prices:
    """Read prices from a `pyarrow.Table`; see `read_prices`."""
    names = list(table.column_names)
    when = next(
        (name for name in names if name.strip().lower() in _DATES), names[0] if names else ""
    )
    others = [name for name in names if name != when]
    texts = [name for name in others if _is_text(table.schema.field(name).type)]
    if not others or (texts and len(others) != 2):
        raise _bad(f"columns {', '.join(names)[:120] or 'none'}")
    days = [_day(value) for value in table.column(when).to_pylist()]
    if len(texts) == 1:
        return _long(days, table.column(texts[0]).to_pylist(), _numbers(table, others, texts)[:, 0])
    if texts:
        raise _bad(f"text in {', '.join(texts)[:80]}")
    values = _numbers(table, others, [])
    if any(a >= b for a, b in pairwise(days)):
        raise _bad("days that do not rise, or one twice")
    return _checked(Prices(tuple(days), tuple(others), values))


def _numbers(table: Any, names: list[str], texts: list[str]) -> Floats:
    import pyarrow as pa

    columns = []
    for name in names:
        if name in texts:
            continue
        try:
            column = table.column(name).cast(pa.float64())
        except (pa.ArrowException, ValueError) as err:
            raise _bad(f"a column {name[:40]!a} that holds no numbers") from err
        columns.append(np.array(column.to_pylist(), np.float64))
    return np.column_stack(columns)


def _long(days: list[str], things: list[Any], values: Floats) -> Prices:
    if any(a > b for a, b in pairwise(days)):
        raise _bad("days that do not rise")
    rows = {day: row for row, day in enumerate(dict.fromkeys(days))}
    columns = {str(name): at for at, name in enumerate(dict.fromkeys(things))}
    table = np.full((len(rows), len(columns)), np.nan)
    seen = set()
    for day, name, value in zip(days, things, values, strict=True):
        place = rows[day], columns[str(name)]
        if place in seen:
            raise _bad(f"two prices of {str(name)[:40]!a} at {day}")
        seen.add(place)
        table[place] = value
    return _checked(Prices(tuple(rows), tuple(columns), table))


def _checked(prices: Prices) -> Prices:
    found = prices.values[np.isfinite(prices.values)]
    if not len(prices.days) or not found.size:
        raise _bad("no price")
    if (found <= 0).any() or np.isinf(prices.values).any():
        raise _bad("a price that is not above 0")
    return prices


def _day(value: Any) -> str:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError as err:
        raise _bad(f"{str(value)[:40]!a} in the place of a date") from err


def _is_text(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view") or "dictionary" in str(kind)


def _bad(found: str) -> InputError:
    return InputError("quant.prices", f"expected prices, found {found}", hint=f"{_HINT}{_LONG}")
