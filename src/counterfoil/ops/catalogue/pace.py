"""Operations on when to anchor and to commit, and on what that costs."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "pace simulate",
        "pace:simulate",
        "Replay a trace of fees or arrivals, and compare ways of choosing the moment.",
        "blocks.csv --fee base_fee_per_gas --time timestamp --max-wait 600",
        "load.csv --arrivals requests --time at --receipt-wait 100",
    ),
    reads(
        "energy",
        "energy:energy",
        "Say what a ledger has cost in CPU time and joules, in all and for each thing recorded.",
        "--ledger shop",
        "--ledger shop --watts 12",
        "--ledger shop --openmetrics counterfoil.prom",
    ),
)
