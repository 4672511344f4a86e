"""Operations on checks and incidents."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "check quality",
        "checks:quality",
        "Check the quality of data: schema, ranges, missing values, duplicates, constant columns.",
        "loans.csv",
        "loans.csv --suite loans.json --ledger shop",
    ),
    writes(
        "check leakage",
        "checks:leakage",
        "Find features that give the label away.",
        "loans.csv --label default",
    ),
    writes(
        "check drift",
        "checks:drift",
        "Tell whether data drifted from a reference, column by column.",
        "june.csv --reference training.csv --ledger shop",
    ),
    writes(
        "check poisoning",
        "checks:poisoning",
        "Look for flipped labels, planted triggers and clusters of copies.",
        "loans.csv --label default",
        "loans.csv --label default --reference loans-last-year.csv --ledger shop",
    ),
    writes(
        "check fairness",
        "checks:fairness",
        "Compare what a model does to groups of people, by the figures of fairlearn.",
        "scored.csv --label default --score probability --sensitive sex --sensitive race",
        "scored.csv --suite loans.json --predicted decided --about 7 --ledger shop",
    ),
    reads(
        "check suggest",
        "checks:suggest",
        "Suggest a suite of checks from data that is trusted: a beginning, to be read and changed.",
        "loans.csv --label default --out loans.json",
    ),
    reads(
        "check ls",
        "checks:listing",
        "List recorded checks, the newest first.",
        "--about 7 --ledger shop",
    ),
    writes(
        "incident add",
        "incidents:add",
        "Open an incident and wait until it is durable.",
        "incident.json --link 7 --ledger shop",
        'incident.json --person C-7 --personal \'{"name": "Ada"}\' --ledger shop',
    ),
    writes(
        "incident update",
        "incidents:update",
        "Say anew what an incident is, or close it; what is not given stays.",
        """9 '{"measures": "rolled back"}' --why contained --state contained --ledger shop""",
    ),
    reads(
        "incident get",
        "incidents:get",
        "Show an incident, its versions, and when reports of it are due.",
        "9 --ledger shop",
    ),
    reads(
        "incident ls",
        "incidents:listing",
        "List incidents, the newest first.",
        "--state open --ledger shop",
    ),
    writes(
        "incident report",
        "incidents:report",
        "Write an incident as a document that stands alone, with the receipts of all it links.",
        "9 --ledger shop --out incident.html",
        "9 --ledger shop --out incident.zip",
    ),
)
