"""Text of `ops.alerts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import records
from counterfoil.cli.text.words import number, plain, time_of
from counterfoil.ops.alerts import LabelsFile
from counterfoil.watch import FoundAlert

__all__ = ["ack", "labels", "listing"]

ack = records.add


def listing(found: Iterable[FoundAlert], paint: Paint) -> Iterator[str]:
    """Show alerts, two lines each: what, and what was made of it."""
    none = True
    for one in found:
        none = False
        row = one.to_json()
        verdict = one.verdict
        word = paint.quiet("new") if verdict is None else plain(verdict)
        if verdict == "real":
            word = paint.bad("real")
        yield (
            f"{paint.strong(f'{one.begun.index:>8}')}  {time_of(row['first_ms'])}  "
            f"{plain(str(row['severity']))}  {plain(str(row['title']))}"
        )
        times = "once" if one.count == 1 else f"{number(one.count)} times"
        by = f" by {plain(str(row['by']))}" if row["by"] else ""
        note = f": {plain(str(row['note']))}" if row["note"] else ""
        yield f"          {plain(str(row['watcher']))}, {times}, {word}{by}{note}"
    if none:
        yield "no alert"


def labels(done: LabelsFile, paint: Paint) -> Iterator[str]:
    """Say what was written."""
    yield (
        f"wrote {paint.strong(plain(done.file))}: {number(done.rows)} alerts, "
        f"{number(done.real)} real, {number(done.false)} false"
    )
