"""Operations on chains as tables: read them, report on them, simulate them."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "chain sync",
        "chains:sync",
        "Read a chain into Parquet, or go on where the last run ended.",
        "--rpc http://localhost:8545 --out chain/",
        "--rpc https://node.example --first 20000000 --per-second 20 --out chain/",
        "blocks.csv transactions.csv --out chain/",
    ),
    reads(
        "chain report",
        "chains:report",
        "Report on a chain in one HTML page: flows, concentration, gas, fees, contracts, "
        "communities.",
        "chain/ --out report.html",
        "blocks.csv transactions.csv --out report.html --ledger ledger/",
    ),
    reads(
        "chain check",
        "chains:check",
        "Check a figure of a report: its receipt, and that the data gives the same result again.",
        "chain/ --receipt concentration.receipt.json --policy policy.txt",
    ),
    reads(
        "chain simulate",
        "chains:simulate",
        "Write simulated traffic of a chain as tables, to try reports and detectors on.",
        "--transactions 100000 --out chain/",
    ),
)
