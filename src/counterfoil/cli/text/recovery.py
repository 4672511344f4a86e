"""Text of `ops.recovery`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, plain
from counterfoil.ledger.recover import RecoverReport

__all__ = ["recover"]


def recover(done: RecoverReport, paint: Paint) -> Iterator[str]:
    """Tell what was brought back, and what was not."""
    yield f"{paint.good(done.way)} {paint.strong(done.origin)}"
    lost = None if done.lost is None else f"entries {done.lost[0]} to {done.lost[1] - 1}"
    yield from facts(
        [
            ("size", f"{number(done.size)}, of which {number(done.published_size)} published"),
            ("root", brief(done.root)),
            ("successor", done.successor),
            ("tail saved", number(done.tail_saved)),
            ("tiles restored", number(len(done.tiles_restored))),
            ("payloads restored", number(done.payloads_restored)),
            ("old database", done.moved_aside),
            ("took", f"{done.seconds:,.1f} s"),
        ],
        paint,
    )
    if lost is not None:
        yield f"{paint.bad('lost')}  {lost}"
    for notice in done.notices:
        yield f"{paint.warn('note')}  {plain(notice)}"
