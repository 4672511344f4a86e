"""A made-up history of deliveries, for the app's checks and its tests: nobody's data.

One vendor is often late, and each other one has months in which it is: what was true of it long
ago says less than what became of its last orders. Orders have several lines, which come together.
This module refuses to show a model what is hidden here: who is late when.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from counterfoil.apps.supply.predict.delay.layout import Layout

__all__ = ["LAYOUT", "deliveries", "write_deliveries"]

LAYOUT: Final = Layout(
    id="Line",
    order="Order",
    placed="Ordered",
    scheduled="Due",
    delivered="Arrived",
    value="Value",
    quantity="Quantity",
    categories=("Vendor", "Country", "Mode"),
)
"""Which column is what, in what is made here."""

_START: Final = date(2024, 1, 1)
_VENDORS: Final = 8
_COUNTRIES: Final = 5
_SPELL_D: Final = 120  # days, after which other vendors are late
_ALWAYS: Final = 5  # this vendor is
_USUALLY: Final = 0.06
_AT_TIMES: Final = 0.55
_OCEAN: Final = 0.08  # by sea it is later somewhat more often
_LATE_MEAN_D: Final = 9.0


def deliveries(orders: int, seed: int = 7) -> list[dict[str, str]]:
    """Make the lines of some orders, oldest first, each as a row of the layout with its outcome."""
    chance = random.Random(seed)  # noqa: S311  # for repeating, not for secrets
    rows: list[dict[str, str]] = []
    placed = _START
    for number in range(orders):
        placed += timedelta(days=chance.randrange(2))
        vendor, country = chance.randrange(_VENDORS), chance.randrange(_COUNTRIES)
        mode = chance.choice(("air", "ocean", "truck"))
        due = placed + timedelta(days=5 + chance.randrange(15))
        spell = (due - _START).days // _SPELL_D
        bad = vendor in (_ALWAYS, spell * 3 % _VENDORS)
        late = chance.random() < (_AT_TIMES if bad else _USUALLY) + _OCEAN * (mode == "ocean")
        days = 1 + int(chance.expovariate(1 / _LATE_MEAN_D)) if late else -chance.randrange(4)
        for line in range(1 + chance.randrange(3)):
            quantity = 10 * (1 + chance.randrange(200))
            rows.append(
                {
                    "Line": f"{number}-{line}",
                    "Order": f"PO-{number + 1000}",
                    "Vendor": f"vendor {vendor}",
                    "Country": f"country {country}",
                    "Mode": mode,
                    "Ordered": placed.isoformat(),
                    "Due": due.isoformat(),
                    "Value": f"{quantity * 1.25:.2f}",
                    "Quantity": str(quantity),
                    "Arrived": (due + timedelta(days=days)).isoformat(),
                }
            )
    return rows


def write_deliveries(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
