"""Text of `ops.finance.fraud_report`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number, plain
from counterfoil.ops.finance.fraud_report import Compared, ReportedFraud

__all__ = ["challenge", "report"]


def report(done: ReportedFraud, paint: Paint) -> Iterator[str]:
    """Tell where the page is, and its first figure."""
    yield f"{paint.good('wrote')}  {plain(done.file)} ({number(done.bytes)} bytes)"
    yield (
        f"average precision {done.average_precision:.3f} ({done.low:.3f} to {done.high:.3f}) on "
        f"{number(done.payments)} payments, {number(done.frauds)} of them fraud"
    )


def challenge(done: Compared, paint: Paint) -> Iterator[str]:
    """Tell who is better, and by how much."""
    yield f"{paint.strong(done.outcome)}  {_WORDS[done.outcome]}"
    yield from facts(
        [
            ("champion", f"{done.champion:.3f}"),
            ("challenger", f"{done.challenger:.3f}"),
            ("gain", f"{done.gain:+.3f} ({done.low:+.3f} to {done.high:+.3f})"),
            ("payments", f"{number(done.payments)}, {number(done.frauds)} of them fraud"),
            ("entry", done.index),
        ],
        paint,
    )


_WORDS = {
    "replace": "the challenger is better by more than chance",
    "keep": "the challenger is not better by more than chance",
}
