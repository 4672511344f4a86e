"""Text of `ops.supply.shortage`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import plain, time_of
from counterfoil.ops.supply.shortage import Foreseen, Sold

__all__ = ["close_demand", "foresee"]


def foresee(done: Foreseen, paint: Paint) -> Iterator[str]:
    """Tell whether stock will do, and why."""
    found = done.found
    painted = paint.good if found.outcome == "enough" else paint.bad
    entry = "" if done.index is None else f"entry {done.index}"
    yield f"{painted(found.outcome)} {plain(found.shortage.series)}  {paint.quiet(entry)}".rstrip()
    yield f"  {plain(found.note)}"


def close_demand(found: Sold, paint: Paint) -> Iterator[str]:
    """Tell what was recorded, and how forecasts fare."""
    yield f"{paint.good('recorded')} entry {found.index} on decision {found.decision}"
    drift = found.drift
    if drift.held is not None and drift.level is not None:
        yield (
            f"  {drift.closed} closed: {drift.held:.0%} within the band of 90 %, sales at "
            f"{drift.level:.2f} of what was foreseen, where 0.5 is the middle"
        )
    if drift.moved_ms is not None:
        since = time_of(drift.moved_ms)
        yield f"  {paint.bad('demand has changed')} by {since}: train a new model"
