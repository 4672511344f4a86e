"""Text of `ops.batch`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number
from counterfoil.ops.batch import Batch

__all__ = ["batch"]


def batch(done: Batch, paint: Paint) -> Iterator[str]:
    """Tell what was recorded, and how fast."""
    what = "rows"
    if done.blocks is not None:
        what = f"rows in {number(done.blocks)} block{'' if done.blocks == 1 else 's'}"
    known = "" if done.new else ", all of them before"
    yield f"{paint.good('recorded')} {paint.strong(number(done.rows))} {what}{known}"
    yield from facts(
        [
            ("source", done.source),
            ("new", number(done.new)),
            ("entries", f"{done.first_index} to {done.last_index}"),
            ("log size", number(done.size)),
            ("took", f"{done.seconds:,.1f} s, {number(done.rows_per_s)} rows/s"),
        ],
        paint,
    )
