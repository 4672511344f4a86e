"""Say which column of an order file is what, and from when on each is known.

A forecast may use what is known at its moment of decision, and nothing else. Columns that are
filled in when goods have left or arrived, such as the date of delivery, the freight as invoiced or
the weight on the note, would give the answer away. This module refuses them as inputs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from counterfoil.errors import InputError, NotFound

__all__ = ["DEFAULT", "Known", "Layout", "check_layout", "known_of", "read_layout"]

Known = Literal["placed", "delivered"]
"""From when on a column is known: when the order is placed, or only from dispatch on or later."""

_LATER: Final = re.compile(
    r"deliver(ed|y rec)|record(ed|ing)|actual|arriv|receiv|freight|insur|weight|invoice"
    r"|\basn\b|\bdn\b|dispatch|shipped|proof",
    re.IGNORECASE,
)
_SCHEDULE: Final = re.compile(r"schedul|plan|promis|expect|estimat", re.IGNORECASE)
_MAIN: Final = 6
_COLUMNS_MAX: Final = 64

Column = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Columns = Annotated[tuple[Column, ...], msgspec.Meta(max_length=_COLUMNS_MAX)]
Days = Annotated[int, msgspec.Meta(ge=0, le=365)]


class Layout(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which column is what.

    id: of the line, different in each row. order: the order that several lines belong to. placed:
    date when the order was sent to the vendor. asked: an earlier date, such as of the quote.
    scheduled, delivered, recorded: dates; recorded is when the delivery became known, else that is
    when it was delivered. categories: texts, the six that say most first: these are paired.
    numbers, value, quantity: what was ordered. known: column -> from when on it is known, where its
    name misleads. day_first: 3/4/2024 is in April. moment: of decision: `placed`, and `notice_days`
    before the schedule where no such date is there; or `notice`: so many days before the schedule,
    or when the order is placed, if that is later. notice_days: 0 to 365.
    """

    scheduled: Column
    delivered: Column
    id: Column | None = None
    order: Column | None = None
    placed: Column | None = None
    asked: Column | None = None
    recorded: Column | None = None
    value: Column | None = None
    quantity: Column | None = None
    categories: Columns = ()
    numbers: Columns = ()
    known: dict[Column, Known] = {}
    day_first: bool = False
    moment: Literal["placed", "notice"] = "placed"
    notice_days: Days = 30

    @property
    def main(self) -> tuple[str, ...]:
        """The categories that are paired, and whose open orders are counted."""
        return self.categories[:_MAIN]

    def inputs(self) -> Iterator[tuple[str, str]]:
        """List role and column of all that a forecast is made from."""
        for role in ("id", "order", "placed", "asked", "scheduled", "value", "quantity"):
            if (column := getattr(self, role)) is not None:
                yield role, column
        yield from (("categories", column) for column in self.categories)
        yield from (("numbers", column) for column in self.numbers)


DEFAULT: Final = Layout(
    id="ID",
    order="PO / SO #",
    placed="PO Sent to Vendor Date",
    asked="PQ First Sent to Client Date",
    scheduled="Scheduled Delivery Date",
    delivered="Delivered to Client Date",
    recorded="Delivery Recorded Date",
    value="Line Item Value",
    quantity="Line Item Quantity",
    categories=(
        "Vendor",
        "Country",
        "Shipment Mode",
        "Manufacturing Site",
        "Molecule/Test Type",
        "Fulfill Via",
        "Project Code",
        "Item Description",
        "Vendor INCO Term",
        "Product Group",
        "Sub Classification",
        "Managed By",
        "Dosage Form",
        "First Line Designation",
    ),
    numbers=("Unit of Measure (Per Pack)", "Pack Price", "Unit Price"),
)
"""The layout of the SCMS delivery history (USAID), and of files made after it."""


def read_layout(path: Path | None) -> Layout:
    """Read a layout from a TOML or JSON file; the default one where there is none.

    Raises NotFound with code delay.layout-missing, InputError with code delay.layout or
    delay.late-column.
    """
    if path is None:
        return DEFAULT
    try:
        data = path.read_bytes()
    except OSError as err:
        raise NotFound(
            "delay.layout-missing",
            f"expected a layout at {path}, but: {err.strerror or err}",
            hint="Name a TOML or JSON file that says which column is what.",
        ) from err
    try:
        text = data.decode()
        said: Any = msgspec.json.decode(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
        layout = msgspec.convert(said, Layout)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as err:
        raise InputError(
            "delay.layout",
            f"expected which column is what, as TOML or JSON, but: {str(err)[:200]}",
            hint='For example scheduled = "Due", delivered = "Arrived", categories = ["Vendor"].',
        ) from err
    check_layout(layout)
    return layout


def known_of(column: str, said: Mapping[str, Known]) -> Known:
    """Tell from when on a column is known: as somebody said, else by its name.

    >>> known_of("Freight Cost (USD)", {}), known_of("Vendor", {})
    ('delivered', 'placed')
    """
    if column in said:
        return said[column]
    if _SCHEDULE.search(column):
        return "placed"
    return "delivered" if _LATER.search(column) else "placed"


def check_layout(layout: Layout, present: Iterable[str] | None = None) -> None:
    """Refuse inputs that are known too late, and columns that the file does not have.

    present: the file's columns. Raises InputError with code delay.late-column or delay.column.
    """
    outcomes = {layout.delivered, layout.recorded}
    for role, column in layout.inputs():
        if column in outcomes or known_of(column, layout.known) == "delivered":
            told = column not in outcomes
            raise InputError(
                "delay.late-column",
                f"expected columns known when the order is placed, found {column[:80]!a} as "
                f"{role}: it is known only from dispatch or delivery on",
                hint="Leave it out of the layout."
                + (f' If it is known before: known = {{"{column}" = "placed"}}.' if told else ""),
            )
    if present is None:
        return
    there = set(present)
    wanted = {column: role for role, column in layout.inputs()}
    for column, role in wanted.items():
        if column not in there:
            listed = ", ".join(sorted(there))[:400]
            raise InputError(
                "delay.column",
                f"expected a column {column[:80]!a} ({role}), found none",
                hint=f"Say which column is what in a layout file. The file has: {listed}.",
            )
