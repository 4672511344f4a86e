"""What the demonstration tells: one step after another, each when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from counterfoil.errors import Unavailable

__all__ = ["Step", "StepName", "Told", "broken", "timed"]

StepName = Literal[
    "ledger", "watch", "receipt", "page", "chain", "hold", "decide", "cheat", "limits", "end",
    "serving", "stopped",
]  # fmt: skip

Told = tuple[StepName, str, dict[str, Any]]
"""A step's name, sentence and facts."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story.

    name: what it is about. says: what happened, in a sentence. facts: what it is made of; of a
    cheat what was tried, who caught it, the code and the words. seconds: that it took.
    """

    name: StepName
    says: str
    facts: dict[str, Any]
    seconds: float


def timed(tell: Callable[[], Told]) -> Step:
    """Do a step and measure it."""
    began = time.monotonic()
    name, says, facts = tell()
    return Step(name, says, facts, round(time.monotonic() - began, 3))


def broken(expected: str) -> Unavailable:
    """Make the error for a story that does not come true."""
    return Unavailable(
        "demo.broken",
        f"expected {expected}, but it was not so",
        hint="This is a bug of Counterfoil: please report it. `counterfoil demo --fresh` begins "
        "anew.",
    )
