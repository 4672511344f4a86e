"""Operations that follow things from source to effect, and hand over evidence."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "trace",
        "lineage:trace",
        "Follow a statement up to what it came from and down to what came of it.",
        "7 --ledger shop",
        "7 --up --depth 3 --receipts proofs --ledger shop",
    ),
    reads(
        "lineage prov",
        "lineage:prov",
        "Write what a statement came from, and what came of it, as W3C PROV-JSON.",
        "7 --out decision.prov.json --ledger shop",
    ),
)
