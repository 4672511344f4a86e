"""Text of `ops.loads`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.forecasts import past_line, step_lines
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.loads import LoadForecast

__all__ = ["load"]


def load(done: LoadForecast, paint: Paint) -> Iterator[str]:
    """Show the load to come, and how good such forecasts were."""
    yield (
        f"{number(done.records)} records; records a second, in steps of {done.every_s} s, "
        f"lately {done.newest_s:.6g}:"
    )
    yield from step_lines(done.steps, paint)
    yield from past_line(done.windows, done.past, ("as a season ago", done.usual), paint)
    for note in done.notes:
        yield paint.quiet(plain(note))
