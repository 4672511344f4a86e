"""Operations on threats: accounts that look like fraud, and attacks that a chain shows."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "chain threats",
        "threats:threats",
        "Find attacks on a chain's users: look-alikes, phished approvals, drains, pyramids and "
        "more.",
        "chain/",
        "blocks.csv transactions.csv token_transfers.csv logs.csv --known labels.csv",
    ),
    reads(
        "account table",
        "accounts:describe",
        "Make the table of accounts from a chain's tables, to be scored.",
        "chain/ --out accounts.csv",
    ),
    reads(
        "account train",
        "accounts:train",
        "Learn from labelled accounts which ones are fraud.",
        "accounts.csv --out accounts.txt",
    ),
    reads(
        "account eval",
        "accounts:evaluate",
        "Judge models on labelled accounts by cross-validation, copies of a row kept together.",
        "accounts.csv",
        "accounts.csv --blank zero --repeats 1",
    ),
    reads(
        "account score",
        "accounts:score",
        "Score accounts: how much each looks like fraud.",
        "accounts.csv --model accounts.txt",
    ),
    reads(
        "account trust",
        "accounts:trust",
        "Judge how well distrust is foreseen from who rated whom, learned early and judged late.",
        "ratings.csv",
    ),
)
