"""One payment, decided: features, probability, the bar for its amount, reasons if it is held.

This module refuses to record; `live` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.finance.fraud.fold import Fold
from counterfoil.apps.finance.fraud.kept import Kept
from counterfoil.apps.finance.fraud.memory import Memory
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.provenance.models import Explained

__all__ = ["HOLD", "PAY", "Decided", "Decider"]

PAY: Final = "pay"
HOLD: Final = "hold"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is not recorded yet.

    score: calibrated probability of fraud. threshold: from which on a payment of its amount is
    held. inputs: feature -> value. explained: why, where it is held.
    """

    payment: Payment
    score: float
    threshold: float
    outcome: str
    inputs: dict[str, Any]
    explained: Explained | None


class Decider:
    """Decides payments in their order. memory: to go on from; else that of the end of training."""

    def __init__(self, kept: Kept, memory: Memory | None = None) -> None:
        self._kept = kept
        named = kept.manifest.named
        self._names = named.features
        self.fold = Fold(
            named, kept.manifest.delay_ms, kept.fresh_memory() if memory is None else memory
        )

    def decide(self, payment: Payment) -> Decided:
        """Decide a payment, and learn it. Raises as `Scorer.score`."""
        values = self.fold.see(payment)
        inputs = dict(zip(self._names, values, strict=True))
        scorer = self._kept.scorer
        score = scorer.score(inputs)
        threshold = self._kept.manifest.costs.threshold(payment.amount)
        held = score >= threshold
        explained = scorer.explain(inputs) if held else None
        return Decided(payment, score, threshold, HOLD if held else PAY, inputs, explained)
