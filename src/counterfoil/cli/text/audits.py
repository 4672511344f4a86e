"""Text of `ops.audits`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, plain
from counterfoil.ops.audits import Audited

__all__ = ["audit"]


def audit(done: Audited, paint: Paint) -> Iterator[str]:
    """Name what is damaged, what wants a look, and the verdict last."""
    report = done.report
    for finding in report.findings:
        yield f"{paint.bad('damaged')}  {plain(str(finding))}"
    if report.more_findings:
        yield paint.bad(f"and {number(report.more_findings)} more")
    for notice in report.notices:
        yield f"{paint.warn('note')}     {plain(str(notice))}"
    if report.more_notices:
        yield paint.warn(f"and {number(report.more_notices)} more notes")
    yield from facts(
        [
            ("log", report.origin),
            ("size", f"{number(report.size)}, of which {number(report.published_size)} published"),
            ("root", brief(report.root)),
            ("entries checked", number(report.entries_checked)),
            ("signatures checked", number(report.signatures_checked)),
            ("vouched for", report.grade),
            ("took", f"{report.seconds:,.1f} s"),
        ],
        paint,
    )
    verdict = plain(report.verdict)
    yield paint.bad(verdict) if report.damaged else paint.good(verdict)
