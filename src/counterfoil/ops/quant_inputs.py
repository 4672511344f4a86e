"""What several operations of the quant app share: prices, their data set, the cost of trading.

This module refuses to record prices twice.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger
from counterfoil.ports import Param

if TYPE_CHECKING:
    from counterfoil.ledger.datasets import RecordedDataset

__all__ = ["Cost", "PricesFile", "check_cost", "digest_of_prices", "now_ms", "recorded_prices"]

PricesFile = Annotated[
    Path,
    Param(
        "Prices: CSV or Parquet, a column for each thing or a row for each price.",
        "FILE",
        holds="file",
    ),
]
Cost = Annotated[int, Param("Cost of trading, in 1/10,000 of what is bought or sold.", "N")]


def recorded_prices(ledger: Ledger, prices: Path) -> RecordedDataset:
    """Record prices as a data set, unless they are."""
    try:
        return ledger.datasets.get(digest_of_prices(prices))
    except NotFound:
        return ledger.datasets.record(prices, prices.name[:200] or "prices", public=True)


def digest_of_prices(prices: Path) -> str:
    """Name prices as their data set does; errors as `open_table`."""
    from counterfoil.provenance.fingerprint import fingerprint_table, open_table

    opened = open_table(prices)
    return fingerprint_table(opened.schema, opened.batches()).digest


def check_cost(cost_bps: int) -> None:
    """Check a cost of trading. Raises InputError with code quant.cost."""
    if not 0 <= cost_bps <= 1000:
        raise InputError(
            "quant.cost",
            f"expected a cost of 0 to 1,000, found {cost_bps}",
            hint="10 is a tenth of one per cent of what is traded.",
        )


def now_ms() -> int:
    """Tell the time by this machine's clock, Unix ms: what is due is due by its reader's."""
    return time.time_ns() // 1_000_000
