"""How good spoilage decisions were, beside the table alone and the printed date.

Judged on lots of which it is known when they spoiled, each decision with what was known at its
time. This module refuses a figure where no lot has spoiled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.supply.foreseen import outcomes_of
from counterfoil.apps.supply.predict.spoilage.clocks import stored_at
from counterfoil.apps.supply.predict.spoilage.deciding import PURPOSE, judge
from counterfoil.apps.supply.predict.spoilage.products import Product, product_of
from counterfoil.apps.supply.predict.spoilage.rates import coordinate, law_of
from counterfoil.errors import NotFound

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["Evaluated", "Figures", "evaluate", "figures_of", "printed_h"]

_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Figures:
    """How far one forecast was from the hours that were left.

    mae_h: mean absolute error, hours. bias_h: mean of forecast less truth. coverage: share of lots
    within the band of 90 %; width_h: mean of its width, hours; None where it has no band.
    """

    lots: int
    mae_h: float
    bias_h: float
    coverage: float | None = None
    width_h: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """corrected: as decided; table: the same without what was learned; printed: by the date."""

    decisions: int
    outcomes: int
    corrected: Figures
    table: Figures
    printed: Figures

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def evaluate(ledger: Ledger) -> Evaluated:
    """Judge the decisions on record whose lots are known to have spoiled, and when.

    Raises NotFound with code spoilage.none.
    """
    made = ledger.decisions.ls(query=f'purpose="{PURPOSE}"', limit=1)
    closed = list(outcomes_of(ledger, PURPOSE))
    spoiled = {
        one.decision: one
        for one in closed
        if one.measured.get("used_from", -1.0) == one.measured.get("used_until", -2.0)
        and "hours" in one.measured
    }
    if not spoiled:
        raise NotFound(
            "spoilage.none",
            f"expected a decision whose lot is known to have spoiled, and when; found none of "
            f"{len(closed)} outcomes",
            hint="`counterfoil supply spoilage-outcome DECISION spoiled` records one.",
        )
    rows: list[tuple[float, list[tuple[float, float, float]]]] = []
    for one in spoiled.values():
        alone = {name: value for name, value in one.inputs.items() if name != "correction"}
        forecasts = [_forecast(one.inputs), _forecast(alone)]
        date = printed_h(product_of(one.inputs["product"]))
        left = max(0.0, date - (one.inputs["at_ms"] - one.inputs["since_ms"]) / _HOUR_MS)
        rows.append((one.measured["hours"], [*forecasts, (left, left, left)]))
    truths = [truth for truth, _ in rows]
    corrected, table = (figures_of(truths, [said[at] for _, said in rows]) for at in (0, 1))
    printed = figures_of(truths, [said[2] for _, said in rows], band=False)
    return Evaluated(sum(made.outcomes.values()), len(closed), corrected, table, printed)


def figures_of(
    truths: Sequence[float], forecasts: Iterable[tuple[float, float, float]], *, band: bool = True
) -> Figures:
    """Compare forecasts (low, expected, high) with what came, hours. truths: at least one."""
    pairs = list(zip(truths, forecasts, strict=True))
    lots = len(pairs)
    errors = [said[1] - truth for truth, said in pairs]
    mean, bias = sum(map(abs, errors)) / lots, sum(errors) / lots
    if not band:
        return Figures(lots, mean, bias)
    inside = sum(1 for truth, said in pairs if said[0] <= truth <= said[2]) / lots
    return Figures(lots, mean, bias, inside, sum(said[2] - said[0] for _, said in pairs) / lots)


def printed_h(product: Product) -> float:
    """Tell how long after it was made the printed date is, hours.

    It is the middle of its life where it belongs, whatever warmth it had.
    """
    line = law_of(product).line(stored_at(product))[0]
    return math.exp(-line.ln_rate(coordinate(stored_at(product))))


def _forecast(said: Mapping[str, Any]) -> tuple[float, float, float]:
    left = judge(said).left
    return left.low_h, left.expected_h, left.high_h
