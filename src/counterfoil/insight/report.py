"""Make all figures of a report, and record them as one statement, a row each.

A row holds the query, the digests of data and result, and the result itself, so that the receipt
of a row is the receipt of a figure. This module refuses to record what it did not compute.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from counterfoil.formats import receipt as receipts
from counterfoil.insight.detecting import suspicious
from counterfoil.insight.figures import Result, Shape, figures, run, shape_of
from counterfoil.insight.page import Proof
from counterfoil.insight.tables import Tables
from counterfoil.ledger import Ledger
from counterfoil.ports import Progress, no_progress

__all__ = ["SERIES", "Report", "make_report", "record_report", "rows_of"]

SERIES: Final = "chain-report"
"""The series that reports are recorded in."""


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one chain. digest: SHA-256 of the data. results: in the order of the page."""

    digest: str
    shape: Shape
    results: tuple[Result, ...]
    notes: tuple[str, ...]


def make_report(tables: Tables, progress: Progress = no_progress) -> Report:
    """Make every figure that the data allows. Raises InputError with code insight.query."""
    shape = shape_of(tables)
    listed = figures(shape)
    kept: dict[str, Any] = {}
    results = []
    with ThreadPoolExecutor(1) as beside:  # graphs need one core, so detectors get the other
        searching = beside.submit(suspicious, tables)
        for figure in listed:
            results.append(run(tables, figure, kept))
            progress(len(results), len(listed) + 1, "figures made")
        found, notes = searching.result()
    progress(len(listed) + 1, len(listed) + 1, "figures made")
    return Report(tables.digest, shape, (*results, found), (*tables.notes, *notes))


def rows_of(report: Report, source: str) -> Iterator[dict[str, Any]]:
    """Write the figures as rows to record. source: where the data is from."""
    for result in report.results:
        figure = result.figure
        yield {
            "figure": figure.name,
            "title": figure.title,
            "source": source,
            "query": figure.query,
            "method": figure.method,
            "query_sha256": sha256(figure.query.encode()).hexdigest(),
            "data_sha256": report.digest,
            "result_sha256": result.sha256,
            "missing": list(result.missing),
            "columns": list(result.columns),
            "rows": [list(row) for row in result.rows],
            "notes": list(report.notes),
        }


def record_report(ledger: Ledger, report: Report, source: str) -> dict[str, Proof]:
    """Record a report and wait for the receipts of its figures: figure -> receipt.

    Raises as `Ledger.record_block` and `Ledger.receipt`.
    """
    recorded = ledger.record_block(rows_of(report, source), source=SERIES)
    ledger.publish()
    return {
        result.figure.name: Proof(
            ledger.origin,
            recorded.index,
            row,
            receipts.format(ledger.receipt(recorded.index, row)),
        )
        for row, result in enumerate(report.results)
    }
