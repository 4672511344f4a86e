"""Odd for the hour: how far a value is from the median of the same time of earlier days.

With times the season is a day, or a week where steps are longer than six hours; without, it is
found once in the first values. What is left of the season goes to a random cut forest, which knows
how far is usual. This module refuses to use the same day's values for the season.
"""

from __future__ import annotations

from statistics import median
from typing import Final

import msgspec

from counterfoil.learn.anomaly.forests import CutForest

__all__ = ["SeasonalResidual"]

_FIRST: Final = 40  # values by which the step is told
_LOOKS: Final = (
    300,
    700,
    1500,
)  # values after which a season is looked for, where there are no times
_SEASONS: Final = 5  # the last ones count
_DAY_S: Final = 86_400.0
_SLOTS: Final = (4, 3000)  # fewest, most parts of a season


class _State(msgspec.Struct):
    forest: msgspec.Raw = msgspec.Raw(b"null")
    seen: int = 0
    times: list[float] = msgspec.field(default_factory=list)
    early: list[float] = msgspec.field(default_factory=list)
    period: float = 0.0
    slots: int = 0
    started: float = 0.0
    usual: dict[int, list[tuple[int, float]]] = msgspec.field(default_factory=dict)


class SeasonalResidual:
    """A forest over what is left of the season."""

    def __init__(self) -> None:
        self._forest = CutForest(1)
        self._now = _State()

    def odd(self, value: float, at: float | None) -> float | None:
        """Say how odd a value is for its place in the season, then learn it; see `Member`."""
        now = self._now
        place = float(now.seen) if at is None else at
        now.seen += 1
        if not now.slots:
            self._look(value, at)
            return None
        turn, within = divmod(place, now.period)
        slot = min(int(within * now.slots / now.period), now.slots - 1)
        found = None
        earlier = [
            one
            for near in (slot - 1, slot, slot + 1)
            for day, one in now.usual.get(near % now.slots, ())
            if day < turn
        ]
        if place - now.started >= 2 * now.period and len(earlier) > 1:
            found = self._forest.odd(value - median(earlier), at)
        kept = now.usual.setdefault(slot, [])
        if kept and kept[-1][0] == int(turn):
            kept.pop()
        kept.append((int(turn), value))
        del kept[:-_SEASONS]
        return found

    def _look(self, value: float, at: float | None) -> None:
        """Set the season, once enough is known."""
        now = self._now
        if at is not None:
            now.times.append(at)
            if len(now.times) == _FIRST:
                steps = [b - a for a, b in zip(now.times, now.times[1:], strict=False) if b > a]
                if steps:
                    step = median(steps)
                    self._begin(_DAY_S if step <= _DAY_S / 4 else 7 * _DAY_S, step, at)
                now.times = now.times[-1:]
            return
        now.early.append(value)
        if len(now.early) in _LOOKS:
            from counterfoil.learn.anomaly.extra import need
            from counterfoil.learn.forecast.seasons import find_season

            season = find_season(need("numpy").asarray(now.early))
            if season > 1:
                self._begin(float(season), 1.0, float(now.seen))
            elif len(now.early) == _LOOKS[-1]:
                now.early = now.early[-1:]  # none was found, and none is looked for any more

    def _begin(self, period: float, step: float, at: float) -> None:
        slots = round(period / step)
        if slots >= _SLOTS[0]:
            now = self._now
            now.period, now.slots, now.started = period, min(slots, _SLOTS[1]), at
            now.times, now.early = [], []

    def state(self) -> msgspec.Raw:
        """Give the season and the forest; see `Member`."""
        saved = msgspec.structs.replace(self._now, forest=self._forest.state())
        return msgspec.Raw(msgspec.json.encode(saved))

    def restore(self, state: msgspec.Raw) -> None:
        """Take back a season and a forest; see `Member`."""
        saved = msgspec.json.decode(state, type=_State)
        self._forest.restore(saved.forest)
        self._now = saved
