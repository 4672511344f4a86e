"""Audit a ledger's database: its pages, and its tables against what the entries say.

This module refuses to call a row wrong that only a damaged entry could confirm.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from counterfoil.log.findings import Findings
from counterfoil.storage.sqlite_compare import (
    Difference,
    compare_tables,
    integrity_faults,
    span_gaps,
)

__all__ = ["audit_tables", "note_gaps"]

_NAMES: Final = {
    "schema": "schema of",
    "source": "source",
    "span": "numbers of",
    "identity": "statement",
    "counter": "counter",
    "key_entry": "key statement at",
}


def audit_pages(database: Path, findings: Findings) -> None:
    """Let SQLite check the pages of a database."""
    for line in integrity_faults(database):
        findings.add(
            "audit.database-page", "database: pages", "whole pages", " ".join(line.split())
        )


def audit_tables(
    database: Path, derived: Path, damaged: Sequence[range], findings: Findings
) -> None:
    """Compare the tables of a database with derived ones.

    damaged: entries that could not be read, ascending; what rests on them is not compared.
    """
    for difference in compare_tables(database, derived):
        if damaged and _may_rest_on(difference, damaged):
            continue
        findings.add(
            "audit.table",
            f"database: {_NAMES[difference.table]} {difference.row}",
            difference.expected,
            difference.found,
        )


def note_gaps(derived: Path, notices: Findings) -> None:
    """Name the numbers that are missing: a statement was left out, or recorded elsewhere."""
    for issuer, source, first, end in span_gaps(derived):
        notices.add(
            "audit.gap",
            f"source {source} of {issuer}",
            f"numbers {first} to {end - 1}",
            "none",
        )


def _may_rest_on(difference: Difference, damaged: Sequence[range]) -> bool:
    """Tell whether a difference may come from an entry that could not be read."""
    if difference.table in ("counter", "source"):
        return True
    if difference.at is None:
        return False
    first, count = difference.at
    # Runs end where an entry is missing, so a run that touches one is no whole run.
    return any(first <= gap.stop and gap.start <= first + count for gap in damaged)
