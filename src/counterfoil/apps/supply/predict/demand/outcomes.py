"""What was sold in the end: it closes a decision, and tells whether forecasts are still right.

Where in its distribution the outcome lies is told for each; should these places move, demand has
changed in a way that the model does not know. This module refuses to take sales for demand where
stock ran out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from counterfoil.apps.supply.foreseen import outcomes_of, record_outcome
from counterfoil.apps.supply.predict.demand.distribution import PATHS
from counterfoil.apps.supply.predict.demand.inputs import history_from
from counterfoil.apps.supply.predict.demand.recording import PURPOSE, find_decision
from counterfoil.errors import InputError
from counterfoil.learn.drift import Adwin

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["DemandDrift", "demand_drift", "drift_over", "record_sales"]

_SURPRISE: Final = 0.9  # a band of so much is held against what came
_FALSE_ALARMS: Final = 0.01  # chance of one, at each look


@dataclass(frozen=True, slots=True)
class DemandDrift:
    """How forecasts fared against what came. closed: forecasts with an outcome.

    held: share of them whose sales were within the band of 90 %. level: mean place of what came in
    its distribution: 0.5 where forecasts are right, above where too low. moved_ms: the last time
    at which this was seen to have changed (Adwin), as known_ms; None where it has not.
    """

    closed: int
    held: float | None
    level: float | None
    moved_ms: int | None


def record_sales(
    ledger: Ledger,
    index: int,
    sold: Sequence[float],
    *,
    known_ms: int,
    ran_out: bool | None = None,
    note: str = "",
) -> int:
    """Record what was sold in the days that a decision looked at; give the entry's index.

    sold: units, day by day. ran_out: whether stock ran out, where it is known; what is sold then is
    less than what was asked for. Measured is also where the sum lies in the distribution that was
    forecast, 0 to 1. Raises InputError with code demand.sold or demand.no-decision.
    """
    said, kept = find_decision(ledger, index)
    days = int(said["inputs"]["review_days"]) + int(said["inputs"]["lead_days"])
    if len(sold) != days or not all(np.isfinite(one) and one >= 0 for one in sold):
        raise InputError(
            "demand.sold",
            f"expected sales of {days} days, 0 and more, found {len(sold)}",
            hint="Give one number for each day that the decision looked at; 0 where none was sold.",
        )
    history = history_from(kept.model, said["inputs"])
    demand = kept.model.distribution(history)
    sums = demand.samples(0, PATHS, 0)[:, :days].sum(axis=1)
    total = float(sum(sold))
    level = float((sums < total).mean() + (sums == total).mean() / 2)
    measured = {"sold_units": total, "days": float(days), "level": level}
    if ran_out is not None:
        measured["ran_out"] = float(ran_out)
    return record_outcome(ledger, index, measured, known_ms=known_ms, note=note)


def demand_drift(ledger: Ledger, *, until_ms: int | None = None) -> DemandDrift:
    """Tell how recorded forecasts fared, oldest first. until_ms: what was known by then."""
    latest: dict[int, tuple[int, float]] = {}
    for one in outcomes_of(ledger, PURPOSE, until_ms=until_ms):
        level = one.measured.get("level")
        if level is not None and one.decision not in latest and not one.measured.get("ran_out"):
            latest[one.decision] = (one.known_ms, level)
    return drift_over(sorted(latest.values()))


def drift_over(levels: Sequence[tuple[int, float]]) -> DemandDrift:
    """Tell how forecasts fared. levels: (known_ms, level), oldest first; see `DemandDrift`."""
    window, moved = Adwin(_FALSE_ALARMS), None
    for known_ms, level in levels:
        if window.add(level):
            moved = known_ms
    count = len(levels)
    if not count:
        return DemandDrift(0, None, None, None)
    edge = (1 - _SURPRISE) / 2
    held = sum(edge <= level <= 1 - edge for _, level in levels)
    return DemandDrift(count, held / count, sum(level for _, level in levels) / count, moved)
