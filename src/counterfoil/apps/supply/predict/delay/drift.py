"""Correct forecasts by what came of the last ones: how many were late, and how many foreseen.

A model's calibration is of its training; the world goes on. Where more come late than was foreseen,
all forecasts rise by the same log-odds, and fall where fewer do, from the day after that is known.
This module refuses to be moved by few: it begins at no correction and is drawn to it.
Source: the correction of log-odds for another base rate, Saerens, Latinne and Decaestecker,
Neural Computation 14, 2002, here with recent outcomes in place of unlabelled ones.
"""

from __future__ import annotations

from math import log
from typing import Final

import msgspec

__all__ = ["Drift"]

_HALF_LIFE_D: Final = 60.0
_PRIOR: Final = 20.0  # late deliveries as foreseen


class Drift(msgspec.Struct, array_like=True):
    """Late deliveries, foreseen and come, as of a day, each fading with a half-life of 60 days."""

    foreseen: float = 0.0
    came: float = 0.0
    day: int = 0

    def add(self, day: int, probability: float, *, late: bool) -> None:
        """Count an outcome. day: on which it became known. probability: without any correction."""
        self._fade(day)
        weight = 0.5 ** (max(0, self.day - day) / _HALF_LIFE_D)
        self.foreseen += weight * probability
        self.came += weight * late

    def correction(self, day: int) -> float:
        """Give the log-odds to add to forecasts of a day, which is not before any outcome's."""
        self._fade(day)
        return log((self.came + _PRIOR) / (self.foreseen + _PRIOR))

    def _fade(self, day: int) -> None:
        if day > self.day:
            share = 0.5 ** ((day - self.day) / _HALF_LIFE_D)
            self.foreseen, self.came, self.day = self.foreseen * share, self.came * share, day
