"""How the app's model meets a stream, for the checks that every app passes."""

from __future__ import annotations

from counterfoil.apps.quant.model import examples_of, score
from counterfoil.apps.quant.story import simulated
from counterfoil.ports import Learning

__all__ = ["learning"]


def learning() -> Learning:
    """Give examples from simulated prices, and the code that scores and learns everywhere here."""
    examples = list(examples_of(simulated(), 10))
    return Learning(examples, score)
