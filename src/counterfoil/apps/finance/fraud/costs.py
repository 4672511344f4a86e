"""When holding a payment is worth it: what fraud costs, what a review costs, how many there can be.

A payment is held where the loss that is expected from it is more than a review costs. Where that
is more reviews a day than people have time for, the bar is raised for all by the same factor. This
module refuses to guess a currency: costs are in the unit of the amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec

from counterfoil.apps.finance.fraud.windows import DAY_MS
from counterfoil.errors import InputError

__all__ = ["Costs", "Outcome", "cost_of", "raise_bar"]


class Costs(msgspec.Struct, frozen=True):
    """What errors cost.

    lost: share of the amount that a fraud costs which nobody stopped, above 0. fixed: what it costs
    besides, such as a chargeback's fee. review: cost of looking at one held payment, above 0.
    capacity: reviews a day; 0 for any number. factor: what the bar is raised by for that, >= 1.
    """

    review: float
    lost: float = 1.0
    fixed: float = 0.0
    capacity: int = 0
    factor: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.review < inf and 0 < self.lost < inf and 0 <= self.fixed < inf):
            raise InputError(
                "fraud.costs",
                f"expected costs above 0, found a review of {self.review}, a loss of {self.lost} "
                f"of the amount and {self.fixed}",
                hint="Give them in the unit of the amounts: --review-cost 5 --lost-share 1.",
            )
        if self.capacity < 0 or not 1 <= self.factor < inf:
            raise InputError(
                "fraud.costs",
                f"expected a capacity from 0 and a factor from 1, found {self.capacity} and "
                f"{self.factor}",
            )

    def at_risk(self, amount: float) -> float:
        """Tell what a fraud of an amount costs; money that goes back risks the same."""
        return self.lost * abs(amount) + self.fixed

    def threshold(self, amount: float) -> float:
        """Tell from which probability on a payment is held, 0 to 1; above 1 it never is: 1.01."""
        risk = self.at_risk(amount)
        return min(self.factor * self.review / risk, 1.01) if risk > 0 else 1.01


class Outcome(msgspec.Struct, frozen=True):
    """What decisions cost. missed, reviews, total: money. nothing: had nobody looked."""

    missed: float
    reviews: float
    total: float
    nothing: float


def cost_of(
    costs: Costs, amounts: Sequence[float], labels: Sequence[int], held: Sequence[bool]
) -> Outcome:
    """Add up what decisions cost; a fraud that is held costs its review alone."""
    missed = nothing = 0.0
    for amount, label, hold in zip(amounts, labels, held, strict=True):
        if label:
            nothing += costs.at_risk(amount)
            missed += 0.0 if hold else costs.at_risk(amount)
    reviews = costs.review * sum(held)
    return Outcome(missed, reviews, missed + reviews, nothing)


def raise_bar(
    costs: Costs, scores: Sequence[float], amounts: Sequence[float], times_ms: Sequence[int]
) -> Costs:
    """Raise the bar until held payments fit the capacity on these days on average."""
    if not costs.capacity or not scores:
        return costs
    days = max((max(times_ms) - min(times_ms)) / DAY_MS, 1.0)
    room = int(costs.capacity * days)
    gains = sorted(
        (
            score * costs.at_risk(amount) / costs.review
            for score, amount in zip(scores, amounts, strict=True)
        ),
        reverse=True,
    )
    if len(gains) <= room or gains[room] < 1:
        return costs
    return msgspec.structs.replace(costs, factor=max(1.0, gains[room] * (1 + 1e-9)))
