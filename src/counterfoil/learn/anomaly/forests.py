"""Random cut forests: odd is what trees cut off early.

A forest keeps a random sample of what came before, of single values or of the last few in a row
(a shingle), which shows shapes. This module refuses to cut raw values: it centres and scales them
by the first ones, since the forest counts in single precision.

Source: Guha, Mishra, Roy and Schrijvers, Robust random cut forest based anomaly detection on
streams, ICML 2016; the forest is krcf's.
"""

from __future__ import annotations

from statistics import fmean, pstdev
from typing import Any, Final

import msgspec

from counterfoil.learn.anomaly.extra import need

__all__ = ["CutForest"]

_FIRST: Final = 40  # values by which the forest's unit is set
_SAMPLE: Final = 256
_FAR: Final = 1e9  # further away is as far; single precision ends at 1e38


class _State(msgspec.Struct):
    shingle: int
    first: list[float]
    centre: float
    scale: float
    forest: str


class CutForest:
    """A random cut forest over the last `shingle` values. trees: more are steadier and slower."""

    def __init__(self, shingle: int = 1, *, trees: int = 30, seed: int = 1) -> None:
        krcf = need("krcf")
        self._kind: Any = krcf.RandomCutForest
        self._forest: Any = self._kind(
            {
                "dimensions": 1,
                "shingle_size": shingle,
                "num_trees": trees,
                "sample_size": _SAMPLE,
                "random_seed": seed,
                "internal_shingling": True,
            }
        )
        self._shingle = shingle
        self._first: list[float] = []
        self._centre, self._scale = 0.0, 0.0

    def odd(self, value: float, at: float | None) -> float | None:  # noqa: ARG002
        """Say how odd a value is by the forest's score, then learn it; see `Member`."""
        if not self._scale:
            self._first.append(value)
            if len(self._first) == _FIRST:
                self._centre = fmean(self._first)
                self._scale = pstdev(self._first) or abs(self._centre) or 1.0
                for earlier in self._first:
                    self._forest.update([self._scaled(earlier)])
                self._first = []
            return None
        point = [self._scaled(value)]
        score = float(self._forest.score(point))
        self._forest.update(point)
        return score

    def state(self) -> msgspec.Raw:
        """Give the forest; see `Member`."""
        forest = self._forest.to_json()
        state = _State(self._shingle, self._first, self._centre, self._scale, forest)
        return msgspec.Raw(msgspec.json.encode(state))

    def restore(self, state: msgspec.Raw) -> None:
        """Take back a forest; see `Member`."""
        saved = msgspec.json.decode(state, type=_State)
        if saved.shingle != self._shingle:
            raise ValueError(f"expected a forest over {self._shingle} values, not {saved.shingle}")
        self._first, self._centre, self._scale = saved.first, saved.centre, saved.scale
        self._forest = self._kind.from_json(saved.forest)

    def _scaled(self, value: float) -> float:
        return max(-_FAR, min(_FAR, (value - self._centre) / self._scale))
