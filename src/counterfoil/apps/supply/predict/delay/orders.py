"""Read orders from rows: dates in the ways people write them, numbers that may be texts.

What is no date or number, such as "Date Not Captured" or "See ASN-93", is missing. This module
refuses a row without a scheduled date, and says which row that is.
"""

from __future__ import annotations

import gzip
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.supply.predict.delay.layout import Layout, check_layout
from counterfoil.errors import InputError
from counterfoil.ledger.sources import open_source
from counterfoil.ports import Progress, no_progress

__all__ = [
    "Order",
    "Orders",
    "day_of",
    "moment_of",
    "number_of",
    "order_of",
    "read_orders",
    "serial_of",
]

_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_NAMED: Final = re.compile(r"(\d{1,2})[-/. ]([A-Za-z]{3})[a-z]*[-/. ,]+(\d{4}|\d{2})")
_PLAIN: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?: .*)?")
_SERIAL: Final = re.compile(r"(.*?)(\d{1,15})")
_CENTURY: Final = 69  # two digits from here on are of the 1900s, as POSIX has it
_GZIP: Final = b"\x1f\x8b"
_UNPACKED_MOST: Final = 1 << 30


class Order(msgspec.Struct, frozen=True, array_like=True):
    """A line of an order. Days are counted as `date.toordinal` does; None is not known.

    categories, numbers: in the layout's order. delivered, recorded: the outcome; no feature sees
    them before `known`.
    """

    id: str
    order: str
    scheduled: int
    placed: int | None
    asked: int | None
    value: float | None
    quantity: float | None
    categories: tuple[str, ...]
    numbers: tuple[float | None, ...]
    delivered: int | None = None
    recorded: int | None = None

    @property
    def late_days(self) -> int | None:
        """Days from the schedule to the delivery, negative where it came early."""
        return None if self.delivered is None else self.delivered - self.scheduled

    @property
    def known(self) -> int | None:
        """Day on which the outcome became known."""
        if self.delivered is None:
            return None
        return max(self.delivered, self.recorded or self.delivered)


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of a file, in its order. bad: row from 0 -> why it is none. rows: of the file."""

    orders: Sequence[Order]
    bad: Mapping[int, str]
    rows: int


def read_orders(path: Path, layout: Layout, progress: Progress = no_progress) -> Orders:
    """Read a CSV, NDJSON or Parquet file, which may be compressed by gzip.

    Raises InputError with code delay.late-column, delay.column, delay.gzip or delay.rows,
    and as `open_source`.
    """
    orders: list[Order] = []
    bad: dict[int, str] = {}
    seen: set[str] = set()
    number = 0
    for number, row in enumerate(_rows(path, progress), 1):
        if number == 1:
            check_layout(layout, row)
        try:
            one = order_of(row, layout, number - 1)
            if one.id in seen:
                raise InputError("delay.row", f"row {number - 1}: {one.id[:80]!a} came before")
        except InputError as err:
            bad[number - 1] = err.message
            continue
        seen.add(one.id)
        orders.append(one)
    if not orders:
        why = next(iter(bad.values()), "the file has no rows")
        raise InputError(
            "delay.rows",
            f"expected orders in {path.name}, found none that can be read: {why}",
            hint="Say which column is what in a layout file.",
        )
    return Orders(orders, bad, number)


def _rows(path: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    done = 0
    with _unpacked(path) as plain:
        for chunk in open_source(plain).chunks():
            for content in chunk.contents:
                yield msgspec.json.decode(content)
            done += len(chunk.contents)
            progress(done, None, "rows read")


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Lend a file as it is, or what a gzip file holds as one of its own, for as long as it is read.

    A small file can hold petabytes of zeros, so that unpacking has a bound.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
    except OSError:
        packed = False  # `open_source` says what is wrong
    if not packed:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="counterfoil-orders-") as folder:
        plain = Path(folder) / (path.stem if path.suffix.lower() == ".gz" else path.name)
        try:
            with gzip.open(path) as source, plain.open("wb") as target:
                left = _UNPACKED_MOST
                while piece := source.read(1 << 20):
                    left -= len(piece)
                    if left < 0:
                        raise EOFError(f"more than {_UNPACKED_MOST:,} bytes")
                    target.write(piece)
        except (OSError, EOFError, zlib.error) as err:
            raise InputError(
                "delay.gzip",
                f"expected {path.name} to unpack, but: {str(err)[:200]}",
                hint="Unpack it yourself, and give what comes out.",
            ) from err
        yield plain


def order_of(row: Mapping[str, Any], layout: Layout, number: int = 0) -> Order:
    """Make an order of a row.

    number: of the row, its id where no column has one. Raises InputError with code delay.row.
    """

    def day(column: str | None) -> int | None:
        return None if column is None else day_of(row.get(column), day_first=layout.day_first)

    scheduled = day(layout.scheduled)
    if scheduled is None:
        found = str(row.get(layout.scheduled) or "nothing")
        raise InputError(
            "delay.row",
            f"row {number}: expected a date as {layout.scheduled[:80]!a}, found {found[:40]!a}",
            hint="Dates are such as 2024-03-31, 31-Mar-24 or 3/31/2024.",
        )
    named = _text(row.get(layout.id)) if layout.id is not None else ""
    name = named or f"row-{number}"
    return Order(
        id=name,
        order=(_text(row.get(layout.order)) if layout.order is not None else "") or name,
        scheduled=scheduled,
        placed=day(layout.placed),
        asked=day(layout.asked),
        value=None if layout.value is None else number_of(row.get(layout.value)),
        quantity=None if layout.quantity is None else number_of(row.get(layout.quantity)),
        categories=tuple(_text(row.get(column)) for column in layout.categories),
        numbers=tuple(number_of(row.get(column)) for column in layout.numbers),
        delivered=day(layout.delivered),
        recorded=day(layout.recorded),
    )


def moment_of(order: Order, layout: Layout) -> int:
    """Tell the day of decision; see `Layout`. Never after the scheduled day."""
    notice = order.scheduled - layout.notice_days
    if order.placed is None:
        return notice
    chosen = order.placed if layout.moment == "placed" else max(order.placed, notice)
    return min(chosen, order.scheduled)


def serial_of(order: Order) -> tuple[str, int] | None:
    """Split an order's number, such as SO-4711, into its series and its place there.

    Numbers are given out as orders come, so that they tell how old an order is where no date does.
    """
    found = _SERIAL.fullmatch(order.order)
    return None if found is None else (found[1], int(found[2]))


def day_of(value: Any, *, day_first: bool = False) -> int | None:
    """Read a date as the number of its day; None for what is none.

    >>> [day_of(one) == date(2006, 6, 2).toordinal() for one in ("2-Jun-06", "6/2/2006", "soon")]
    [True, True, False]
    """
    if isinstance(value, (bool, int, float)) or value is None:
        return None
    text = str(value).strip()
    if found := _ISO.fullmatch(text):
        return _ordinal(int(found[1]), int(found[2]), int(found[3]))
    if found := _NAMED.fullmatch(text):
        name = found[2].lower()
        month = _MONTHS.index(name) + 1 if name in _MONTHS else 0  # there is no month 0
        return _ordinal(_year(found[3]), month, int(found[1]))
    if found := _PLAIN.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        day, month = (first, second) if day_first or found[2] == "." else (second, first)
        return _ordinal(_year(found[4]), month, day)
    return None


def number_of(value: Any) -> float | None:
    """Read a finite number; None for what is none, such as "See ASN-93"."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = float(str(value).replace(",", ""))
    except ValueError:
        return None
    return found if isfinite(found) else None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= _CENTURY else 2000)


def _ordinal(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of numbers that lacked one somewhere
    return str(value).strip()[:200]
