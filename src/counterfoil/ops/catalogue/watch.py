"""Operations on numeric streams: anomalies and forecasts."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "watch score",
        "streams:score",
        "Score each row of a numeric stream for anomalies, from the rows before it alone.",
        "load.csv --value requests --time at --alarms-per-week 2",
        "fees.csv --value base_fee --one-in 10000",
    ),
    reads(
        "forecast eval",
        "forecasts:evaluate",
        "Judge forecasts of a column from many places in it, beside a naive and a strong model.",
        "load.csv --value requests --time at --horizon 24",
        "load.csv --value requests --horizon 24 --season 24 --out forecasts.csv",
    ),
    reads(
        "forecast run",
        "forecasts:run",
        "Forecast the next rows of a column, with a band that holds nine in ten.",
        "load.csv --value requests --time at --horizon 24",
    ),
)
