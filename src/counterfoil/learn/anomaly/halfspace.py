"""Half-space trees: odd is what falls where few values of the last window fell.

Each tree halves a random box again and again without looking at the data; a value's mass is how
many of the last full window fell beside it. This module refuses more than it needs: values are
brought into the box by the first ones, and a shingle shows shapes.

Source: Tan, Ting and Liu, Fast anomaly detection for streaming data, IJCAI 2011.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final

import msgspec

__all__ = ["HalfSpaceTrees"]

_FIRST: Final = 40


class _State(msgspec.Struct):
    first: list[float]
    low: float
    span: float
    recent: list[float]
    seen: int
    latest: list[list[int]]
    mass: list[list[int]]


class HalfSpaceTrees:
    """Half-space trees over the last `shingle` values.

    trees: 25 and depth: 8 levels are modest; window: values a reference holds (250 in the paper).
    """

    def __init__(
        self, shingle: int = 1, *, trees: int = 25, depth: int = 8, window: int = 250, seed: int = 1
    ) -> None:
        self._depth, self._window, self._shingle = depth, window, shingle
        self._cuts = [_cuts(Random(f"{seed}/{tree}"), shingle, depth) for tree in range(trees)]  # noqa: S311
        size = 2 ** (depth + 1)
        self._mass = [[0] * size for _ in range(trees)]
        self._latest = [[0] * size for _ in range(trees)]
        self._recent: deque[float] = deque(maxlen=shingle)
        self._first: list[float] = []
        self._low, self._span, self._seen = 0.0, 0.0, 0

    def odd(self, value: float, at: float | None) -> float | None:  # noqa: ARG002
        """Say how odd a value is, then learn it; see `Member`. Nearer to 0 is odder, never above.

        Nothing is said before the first window is full.
        """
        if not self._span:
            self._first.append(value)
            if len(self._first) == _FIRST:
                low, high = min(self._first), max(self._first)
                self._span = 2 * ((high - low) or abs(high) or 1.0)
                self._low = (low + high) / 2 - self._span / 2
                self._first = []
            return None
        self._recent.append((value - self._low) / self._span)
        if len(self._recent) < self._shingle:
            return None
        ready = self._seen >= self._window
        total = sum(
            self._fall(cuts, mass, latest)
            for cuts, mass, latest in zip(self._cuts, self._mass, self._latest, strict=True)
        )
        self._seen += 1
        if self._seen % self._window == 0:
            self._mass = self._latest
            self._latest = [[0] * len(one) for one in self._mass]
        return -total / (len(self._cuts) * self._window) if ready else None

    def _fall(self, cuts: list[tuple[int, float]], mass: list[int], latest: list[int]) -> float:
        """Let the last values fall through a tree; gives their mass there, and learns it."""
        node, level, found = 1, 0, 0.0
        limit = self._window // 10
        stopped = False
        while True:
            latest[node] += 1
            if not stopped and (level == self._depth or mass[node] <= limit):
                found, stopped = mass[node] * 2.0**level, True
            if level == self._depth:
                return found
            axis, at = cuts[node]
            node = 2 * node + (self._recent[axis] >= at)
            level += 1

    def state(self) -> msgspec.Raw:
        """Give the masses; see `Member`. The cuts follow from the seed."""
        state = _State(
            self._first,
            self._low,
            self._span,
            list(self._recent),
            self._seen,
            self._latest,
            self._mass,
        )
        return msgspec.Raw(msgspec.json.encode(state))

    def restore(self, state: msgspec.Raw) -> None:
        """Take back masses; see `Member`."""
        saved = msgspec.json.decode(state, type=_State)
        self._first, self._low, self._span = saved.first, saved.low, saved.span
        self._recent = deque(saved.recent, maxlen=self._shingle)
        self._seen, self._latest, self._mass = saved.seen, saved.latest, saved.mass


def _cuts(random: Random, axes: int, depth: int) -> list[tuple[int, float]]:
    """Halve a box around a random point: node -> (axis, where), nodes numbered as in a heap."""
    low, high = [], []
    for _ in range(axes):
        point = random.random()
        reach = 2 * max(point, 1 - point)
        low.append(point - reach)
        high.append(point + reach)
    cuts: list[tuple[int, float]] = [(0, 0.0)] * 2**depth

    def halve(node: int, level: int) -> None:
        if level == depth:
            return
        axis = random.randrange(axes)
        at = (low[axis] + high[axis]) / 2
        cuts[node] = (axis, at)
        kept, high[axis] = high[axis], at
        halve(2 * node, level + 1)
        high[axis] = kept
        kept, low[axis] = low[axis], at
        halve(2 * node + 1, level + 1)
        low[axis] = kept

    halve(1, 0)
    return cuts
