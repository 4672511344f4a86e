"""Text of `ops.forecasts`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.forecasts import Evaluated, Forecast

__all__ = ["evaluate", "run"]


def evaluate(done: Evaluated, paint: Paint) -> Iterator[str]:
    """Show the figures of each model in a table."""
    yield (
        f"{number(done.windows)} windows of {done.horizon} rows, one in {done.every}; "
        f"season {done.season}; {number(done.kept)} rows"
    )
    heads = ("", "MASE", "pinball", "coverage", "interval score")
    yield paint.quiet("{:16}{:>10}{:>12}{:>10}{:>16}".format(*heads))
    for name, one in done.models.items():
        yield (
            f"{name:16}{paint.strong(f'{one.mase:10.3f}')}{one.pinball:12.5g}"
            f"{one.coverage:10.3f}{one.interval_score:16.5g}"
        )
    for note in done.notes:
        yield paint.quiet(plain(note))


def run(done: Forecast, paint: Paint) -> Iterator[str]:
    """Show each value to come, and its band."""
    for step in done.steps:
        band = "" if step.low is None else f"  {step.low:.6g} to {step.high:.6g}"
        when = f"{plain(step.time)}  " if step.time else ""
        yield f"{step.step:>4}  {when}{paint.strong(f'{step.forecast:.6g}')}{paint.quiet(band)}"
    for note in done.notes:
        yield paint.quiet(plain(note))
