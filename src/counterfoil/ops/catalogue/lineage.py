"""Operations that follow things from source to effect, and hand over evidence."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
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
    reads(
        "evidence pack",
        "packs:pack",
        "Pack statements with their receipts, for somebody who has nothing else.",
        "7 --out pack.zip --ledger shop",
        "7 --html --out pack.html --ledger shop",
        "--from 2026-11-01 --until 2026-11-30 --out november.zip --ledger shop",
    ),
    reads(
        "evidence check",
        "packs:check",
        "Check an evidence pack offline, and name what fails.",
        "pack.zip --policy policy.txt",
    ),
    reads(
        "lineage croissant",
        "standards:croissant",
        "Write a recorded data set as Croissant 1.1.",
        "loans --file loans.csv --out loans.croissant.json --ledger shop",
    ),
    reads(
        "lineage openlineage",
        "standards:openlineage",
        "Write the work that led to a statement, and followed from it, as OpenLineage events.",
        "7 --out credit.openlineage.ndjson --ledger shop",
    ),
    writes(
        "lineage receive",
        "standards:receive",
        "Record what OpenLineage clients send, until a signal.",
        "--key-file openlineage.key --listen 127.0.0.1:8430 --ledger shop",
    ),
)
