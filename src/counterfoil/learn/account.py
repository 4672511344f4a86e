"""What is remembered of one account, or of all together: running statistics that forget slowly.

Numbers only, so that it can be written as JSON and read back bit for bit. This module refuses to
judge: `learn.normal` does.
"""

from __future__ import annotations

import msgspec

__all__ = ["HOURS", "PLACES_MAX", "Habits", "Running"]

HOURS = 8
"""Parts of a day that are told apart, of three hours each."""

PLACES_MAX = 64
"""Payees of one account that are remembered; the one not seen for longest goes first."""


class Running(msgspec.Struct):
    """An exponentially weighted mean and variance.

    weight: of what was seen, at most 1 / (1 - keep). mean; var: about the mean.
    Source: West, Updating mean and variance estimates, CACM 22(9), 1979.
    """

    weight: float = 0.0
    mean: float = 0.0
    var: float = 0.0

    def add(self, value: float, weight: float, keep: float) -> None:
        """Learn a value; keep: how much of what was seen before still counts, 0 to 1."""
        before = self.weight * keep
        self.weight = before + weight
        if self.weight <= 0:
            return
        gain = weight / self.weight
        step = value - self.mean
        self.mean += gain * step
        self.var = (1 - gain) * (self.var + gain * step * step)


class Habits(msgspec.Struct):
    """What an account does.

    amount: of the natural logarithm of its amounts. gap: of its gaps, hours. hours: weight of
    each part of the day. new: weight and share of payees that it had not paid before. places:
    payee -> None, the last paid one last. last_ms: when it paid last, Unix ms; 0 for never.
    """

    amount: Running = msgspec.field(default_factory=Running)
    gap: Running = msgspec.field(default_factory=Running)
    hours: list[float] = msgspec.field(default_factory=lambda: [0.0] * HOURS)
    new: Running = msgspec.field(default_factory=Running)
    places: dict[str, None] = msgspec.field(default_factory=dict)
    last_ms: int = 0

    def visit(self, place: str) -> None:
        """Remember a payee as the last one that was paid."""
        self.places.pop(place, None)
        self.places[place] = None
        if len(self.places) > PLACES_MAX:
            del self.places[next(iter(self.places))]
