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
)
