"""Operations of the quant app: forecasts committed, revealed, judged and proven."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "quant train",
        "quant:train",
        "Train boosted trees on prices, and record prices and model.",
        "prices.csv --ledger shop",
        "prices.csv --until 2024-12-31 --every 21 --name trees --ledger shop",
    ),
    writes(
        "quant commit",
        "quant:commit",
        "Commit a forecast before its outcome: hidden, numbered, and timed by others.",
        "momentum forecast.json --ledger shop",
        "trees --model trees --prices prices.csv --entry 2031-03-03 --exit 2031-04-01 "
        "--ledger shop",
    ),
    writes(
        "quant reveal",
        "quant:reveal",
        "Reveal committed forecasts whose time is over, with the decisions of their models.",
        "--ledger shop",
        "trees --number 7 --ledger shop",
    ),
    writes(
        "quant report",
        "quant_records:report",
        "Judge every strategy by prices: what counts, what is missed, and what luck explains.",
        "prices.csv --ledger shop",
        "prices.csv --policy readers-policy.txt --cost-bps 20 --ledger shop",
    ),
    writes(
        "quant bundle",
        "quant_records:bundle",
        "Write the whole track record as one file that anybody verifies offline.",
        "--out track-record.json --ledger shop",
    ),
    reads(
        "quant verify",
        "quant_records:verify",
        "Verify a track record against your own trust policy, and judge it by your own prices.",
        "track-record.json --policy policy.txt",
        "track-record.json --policy policy.txt --prices prices.csv",
    ),
    reads(
        "quant backtest",
        "quant:backtest",
        "Try a model and simple strategies on past prices, walking forward, after costs.",
        "prices.csv",
        "prices.csv --every 5 --cost-bps 20",
    ),
)
