"""Text of what was taken over from others."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.apps.supply.events.handover import Handed
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import counted, plain

__all__ = ["receive_events"]


def receive_events(handed: Handed, paint: Paint) -> Iterator[str]:
    """Say what was taken over, and how far each receipt is trusted."""
    there = len(handed.indices) - handed.new
    yield (
        f"{paint.good('took over')} {counted(handed.new, 'event')} of {plain(handed.origin)}, "
        f"{there} {'was' if there == 1 else 'were'} there before"
    )
    for at, grade in zip(handed.indices, handed.grades, strict=True):
        yield f"  entry {at}: {grade}"
    if handed.masters:
        yield f"  and what {len(handed.masters)} places, products or parties are called"
