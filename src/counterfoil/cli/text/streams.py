"""Text of `ops.streams`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.streams import ScoredRow

__all__ = ["score"]


def score(rows: Iterable[ScoredRow], paint: Paint) -> Iterator[str]:
    """Show the rows that raise an alarm or are bad, and how many there were."""
    seen = alarms = bad = 0
    for row in rows:
        seen += 1
        alarms += row.alarm
        bad += row.value is None
        if row.alarm or row.value is None:
            what = paint.bad("alarm") if row.alarm else paint.quiet("     ")
            value = "" if row.value is None else f"{row.value:g}"
            yield (
                f"{what}  {paint.strong(f'{row.row:>8}')}  {plain(row.time or ''):19}  "
                f"{value:>12}  {row.score:.3f}  {paint.quiet(plain(row.note))}"
            ).rstrip()
    yield f"{number(seen)} rows, {number(alarms)} alarms, {number(bad)} without a number"
