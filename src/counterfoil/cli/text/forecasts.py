"""Text of `ops.forecasts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.forecasts import Evaluated, Forecast, Step

if TYPE_CHECKING:
    from counterfoil.learn.forecast import Judged

__all__ = ["evaluate", "past_line", "run", "step_lines"]


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
    yield from step_lines(done.steps, paint)
    yield from past_line(done.windows, done.past, None, paint)
    for note in done.notes:
        yield paint.quiet(plain(note))


def step_lines(steps: Sequence[Step], paint: Paint) -> Iterator[str]:
    """Show values to come, with their times and bands where these are known."""
    for step in steps:
        band = "" if step.low is None else f"  {step.low:.6g} to {step.high:.6g}"
        when = f"{plain(step.time)}  " if step.time else ""
        yield f"{step.step:>4}  {when}{paint.strong(f'{step.forecast:.6g}')}{paint.quiet(band)}"


def past_line(
    windows: int, past: Judged | None, beside: tuple[str, Judged | None] | None, paint: Paint
) -> Iterator[str]:
    """Say how good forecasts from earlier places were. beside: another's name and figures."""
    if past is None:
        return
    other = f", {beside[0]} {beside[1].mae:.4g}" if beside and beside[1] is not None else ""
    yield paint.quiet(
        f"from {number(windows)} earlier places alike: off by {past.mae:.4g} on the mean{other}; "
        f"the band held {past.coverage:.1%}"
    )
