"""Text of `ops.supply.delay`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from counterfoil.apps.supply.predict.delay.judging import Compared
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import counted, or_nothing, plain
from counterfoil.ops.supply.delay import ClosedOrder, DelayModel, ForecastOrder

__all__ = ["close_delays", "judge_delay", "score_delay", "train_delay"]

_REASONS = 3


def train_delay(found: DelayModel, paint: Paint) -> Iterator[str]:
    """Tell what was learned, and how good that is."""
    yield (
        f"{paint.good('learned')} from {found.rows} deliveries, {found.late} of them late, until "
        f"{found.until}; at risk from {found.threshold:.0%}"
    )
    if found.figures:
        yield f"  on later orders: {_figures(found.figures)}"
    yield f"  {plain(found.out)}  {paint.quiet(found.digest)}"
    if found.index is not None:
        yield f"  entry {found.index}"
    for note in found.notes:
        yield f"  {plain(note)}"


def score_delay(found: Iterable[ForecastOrder], paint: Paint) -> Iterator[str]:
    """List forecasts, with the reasons of those at risk."""

    def lines() -> Iterator[str]:
        for one in found:
            if one.error:
                yield f"{paint.bad('no order')}  {plain(one.error)}"
            elif one.probability is None:
                yield f"{plain(one.id)}  forecast before, entry {one.index}"
            else:
                risky = one.outcome == "at-risk"
                word = paint.bad(one.outcome) if risky else paint.good(one.outcome)
                yield (
                    f"{word}  {plain(one.id)}  {one.probability:.1%}  scheduled {one.scheduled}, "
                    f"{one.low_days:+.0f} to {one.high_days:+.0f} days  "
                    f"{paint.quiet(f'entry {one.index}')}"
                )
                if risky:
                    yield f"  {plain(_reasons(one.reasons))}"

    yield from or_nothing(lines(), "no orders")


def close_delays(found: Iterable[ClosedOrder], paint: Paint) -> Iterator[str]:
    """List what came of orders."""

    def lines() -> Iterator[str]:
        for one in found:
            said = "on time" if one.late_days <= 0 else f"{counted(one.late_days, 'day')} late"
            entry = "never forecast" if one.index is None else f"entry {one.index}"
            yield f"{plain(one.id)}  {said}  {paint.quiet(entry)}"

    yield from or_nothing(lines(), "no outcomes")


def judge_delay(found: Compared, paint: Paint) -> Iterator[str]:
    """Show figures split by split, and what ours gains on the mean."""
    for split in found.splits:
        yield paint.strong(
            f"{split.begins} to {split.ends}: {split.learned} learned from, {split.judged} judged, "
            f"{split.late_share:.1%} late"
        )
        for name, figures in split.models.items():
            yield f"  {name:<24} {_figures(figures)}"
    yield paint.strong("mean of the splits")
    for name, figures in found.means.items():
        yield f"  {name:<24} {_figures(figures)}"
    for name, gain in found.gains.items():
        yield (
            f"  {name.replace('_', ' ')}: gain on plain gradient boosting {gain.value:+.3f}, "
            f"95 % from {gain.low:+.3f} to {gain.high:+.3f}"
        )


def _figures(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items())


def _reasons(reasons: Mapping[str, float]) -> str:
    most = list(reasons.items())[:_REASONS]
    return "; ".join(f"{name} {share:+.2f}" for name, share in most)
