"""Operations of the supply app that foresee: spoilage, delay, demand."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "supply products",
        "supply.spoilage:list_products",
        "List the products of a table with their shelf lives, and what is left out and why.",
        "products.csv",
        "foodkeeper.json.gz --name milk",
    ),
    writes(
        "supply spoilage",
        "supply.spoilage:score_spoilage",
        "Decide by its temperatures whether a lot is sold, hurried or discarded, and record that.",
        "urn:epc:class:lgtin:4012345.022222.MILK --product milk --products products.csv "
        "--ledger shop",
        "urn:epc:id:sscc:4012345.0000000001 --product 33 --products foodkeeper.json.gz --ahead-c 6 "
        "--within 48 --readings logger.csv --ledger shop",
    ),
    writes(
        "supply spoiled",
        "supply.spoilage:came_of",
        "Record what came of a lot; later decisions learn how long such products really keep.",
        "7 spoiled --at 2030-01-09T08:00:00Z --ledger shop",
        "7 found --good-at 2030-01-08T08:00:00Z --note 'swollen lid' --ledger shop",
    ),
    reads(
        "supply spoilage-eval",
        "supply.spoilage:judge_spoilage",
        "Judge spoilage decisions by what came of them, beside the table alone and the printed "
        "date.",
        "--ledger shop",
    ),
)
"""Use cases of the supply app that foresee."""
