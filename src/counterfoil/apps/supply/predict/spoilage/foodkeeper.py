"""The layout of USDA's FoodKeeper: a sheet of products with a life for each place and state.

A product that was opened or thawed is another product: it has a key of its own. Lives are taken as
stored from the beginning, else from the date of purchase (`DOP_`). What is no time, such as
`Indefinitely`, `When Ripe` or `Package use-by date`, is left out with a reason, and so is a life
with one end only. This module refuses to guess a unit.

Layout: {"sheets": [{"name": "Product", "data": [[{"ID": 1}, {"Name": "Butter"}, ...], ...]}]}; a
row may be one object, too, and the rows may be the whole file, as JSON or CSV with these columns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from counterfoil.apps.supply.predict.spoilage.products import (
    PLACES_C,
    Life,
    Product,
    Skipped,
    make_product,
)
from counterfoil.errors import InputError

__all__ = ["is_foodkeeper", "read_columns", "read_foodkeeper"]

_HOURS: Final = {
    "hour": 1.0,
    "day": 24.0,
    "week": 168.0,
    "month": 24 * 365.25 / 12,
    "year": 24 * 365.25,
}
_STATES: Final = (
    ("", "", {"Pantry": "pantry", "Refrigerate": "refrigerator", "Freeze": "freezer"}),
    ("opened", "_After_Opening", {"Pantry": "pantry", "Refrigerate": "refrigerator"}),
    ("thawed", "_After_Thawing", {"Refrigerate": "refrigerator"}),
)
"""State, the end of its columns, and place -> our word for it."""


def read_foodkeeper(data: bytes) -> tuple[dict[str, Product], tuple[Skipped, ...]]:
    """Read products, and what was left out. Raises InputError with code products.json."""
    return read_columns(_rows(data))


def is_foodkeeper(columns: Iterable[str]) -> bool:
    """Tell whether the columns of a CSV are FoodKeeper's."""
    names = set(columns)
    return "Name" in names and any(one.endswith("_Metric") for one in names)


def read_columns(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, Product], tuple[Skipped, ...]]:
    """Read products from rows of FoodKeeper's columns; None or nothing is an empty cell."""
    products: dict[str, Product] = {}
    skipped: list[Skipped] = []
    for cells in rows:
        row = {name: value for name, value in cells.items() if value not in ("", None)}
        title = ", ".join(
            str(row[one]).strip() for one in ("Name", "Name_subtitle") if row.get(one)
        )
        number = str(row.get("ID") or title).removesuffix(".0")
        if not title:
            skipped.append(Skipped(number, "it has no name"))
            continue
        for state, ending, places in _STATES:
            name = f"{title} ({state})" if state else title
            key = f"{number}/{state}" if state else number
            lives, reasons = _lives(row, ending, places)
            if not lives and state:
                continue  # most products say nothing of being opened or thawed
            try:
                if key in products:
                    raise ValueError("another product has its ID")
                if not lives and reasons:
                    raise ValueError("; ".join(reasons))
                products[key] = make_product(key, name, lives)
            except ValueError as err:
                skipped.append(Skipped(name, str(err)))
            else:
                skipped += [Skipped(name, reason) for reason in reasons]
    return products, tuple(skipped)


def _lives(
    row: Mapping[str, Any], ending: str, places: Mapping[str, str]
) -> tuple[list[Life], list[str]]:
    lives: list[Life] = []
    reasons: list[str] = []
    for column, place in places.items():
        why: list[str] = []
        for begin in ("", "DOP_"):
            name = f"{begin}{column}{ending}"
            low, high, metric = (row.get(f"{name}_{one}") for one in ("Min", "Max", "Metric"))
            if low is None and high is None and metric is None:
                continue
            try:
                lives.append(_life(place, low, high, metric))
                break
            except ValueError as err:
                why.append(f"{name}: {err}")
        else:
            reasons += why
    return lives, reasons


def _life(place: str, low: Any, high: Any, metric: Any) -> Life:
    unit = _HOURS.get(str(metric or "").strip().casefold().removesuffix("s"))
    if unit is None:
        raise ValueError(f"{metric!s:.40} is no time" if metric else "it has no unit")
    if low is None or high is None:
        raise ValueError("one end of the range is missing")
    shortest, longest = _number(low), _number(high)
    if not 0 < shortest <= longest:
        raise ValueError(f"from {shortest:g} to {longest:g} is no range")
    return Life(place, PLACES_C[place], shortest * unit, longest * unit, named=True)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{str(value)[:20]!a} is no number")
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"{value} is no finite number")
    return found


def _rows(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        whole = json.loads(data.decode("utf-8-sig"))
        if isinstance(whole, dict):
            (whole,) = (one["data"] for one in whole["sheets"] if one["name"] == "Product")
        for row in whole:
            cells = [row] if isinstance(row, dict) else row
            yield {str(name): value for cell in cells for name, value in cell.items()}
    except (
        AttributeError, KeyError, TypeError, ValueError, UnicodeDecodeError, RecursionError,
    ) as err:  # fmt: skip
        raise InputError(
            "products.json",
            f"expected FoodKeeper's layout with one sheet Product, but: {str(err)[:120]}",
            hint="Or give CSV with product, storage, temperature_c, min_days, max_days.",
        ) from err
