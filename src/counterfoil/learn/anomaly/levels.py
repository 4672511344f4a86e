"""Odd as a level: the median of the last 48 values, which no single value moves.

A stretch that is a little too high for hours is seen here, and nowhere in single values. Its
medians go to a random cut forest. This module refuses to answer to single values.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

import msgspec

from counterfoil.learn.anomaly.forests import CutForest

__all__ = ["Level"]

_WINDOW: Final = 48


class _State(msgspec.Struct):
    recent: list[float]
    forest: msgspec.Raw


class Level:
    """A forest over the running median."""

    def __init__(self) -> None:
        self._forest = CutForest(1)
        self._recent: deque[float] = deque(maxlen=_WINDOW)

    def odd(self, value: float, at: float | None) -> float | None:
        """Say how odd the level is that a value leads to, then learn it; see `Member`."""
        self._recent.append(value)
        if len(self._recent) < _WINDOW:
            return None
        return self._forest.odd(median(self._recent), at)

    def state(self) -> msgspec.Raw:
        """Give the last values and the forest; see `Member`."""
        saved = _State(list(self._recent), self._forest.state())
        return msgspec.Raw(msgspec.json.encode(saved))

    def restore(self, state: msgspec.Raw) -> None:
        """Take back the last values and the forest; see `Member`."""
        saved = msgspec.json.decode(state, type=_State)
        self._forest.restore(saved.forest)
        self._recent = deque(saved.recent, maxlen=_WINDOW)
