"""Text of `ops.supply.demand`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.supply.predict.demand.judging import OURS, DemandJudged
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, or_nothing, plain
from counterfoil.ops.supply.demand import SeriesDemand, TrainedDemand

__all__ = ["forecast_demand", "judge_forecasts", "train_demand"]


def train_demand(found: TrainedDemand, paint: Paint) -> Iterator[str]:
    """Tell what was learned, and where it is."""
    yield (
        f"{paint.good('trained')} on {number(found.series)} series until {found.known_until}, for "
        f"{found.horizon_days} days ahead"
    )
    shares = ", ".join(f"{name} {share:.0%}" for name, share in found.shares.items())
    yield f"  mixed of {shares}"
    entry = "" if found.index is None else f", entry {found.index}"
    yield f"  {plain(found.file)}  {paint.quiet(f'{number(found.bytes)} bytes{entry}')}"


def forecast_demand(found: Iterable[SeriesDemand], paint: Paint) -> Iterator[str]:
    """Show each series day by day, and its sum."""

    def lines() -> Iterator[str]:
        for one in found:
            band = f"{one.total_low:g} to {one.total_high:g} with {one.band:.0%}"
            yield (
                f"{paint.strong(plain(one.series))}  {one.total_median:g} in {len(one.days)} days  "
                f"{paint.quiet(band)}"
            )
            for day in one.days:
                band = paint.quiet(f"{day.low:g} to {day.high:g}")
                yield f"  {day.date}  {day.median:>8g}  {band}"

    yield from or_nothing(lines(), "no series")


def judge_forecasts(found: DemandJudged, paint: Paint) -> Iterator[str]:
    """Show figures of each forecaster, and what ours saves."""
    yield (
        f"{number(found.days)} days of {number(found.series)} series, {found.horizon_days} days "
        f"ahead from {', '.join(found.origins)}"
    )
    ratios = list(found.figures[OURS].costs)
    heads = "".join(f"{f'cost at {ratio}':>14}" for ratio in ratios)
    yield paint.quiet(f"{'':16}{'MASE':>8}{'in 80 %':>9}{'in 90 %':>9}{heads}")
    for name, one in found.figures.items():
        costs = "".join(f"{cost:14.4g}" for cost in one.costs.values())
        yield f"{name:16}{one.mase:8.3f}{one.cover_80:9.3f}{one.cover_90:9.3f}{costs}"
    for gain in found.gains:
        yield (
            f"costs {gain.gain:.1%} less than {gain.than} at {gain.ratio:g}  "
            f"{paint.quiet(f'{gain.low:.1%} to {gain.high:.1%}')}"
        )
