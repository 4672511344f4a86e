"""When is odd odd enough to cry: as often as quiet data may cry, and no oftener.

Of `n` scores in the last weeks, a new one is an alarm where it is among the `k` highest, and `k` is
the number of alarms that so many weeks may have. If scores come in no order, that is the wanted
rate for any distribution of scores, on a log of ten entries a day as of ten a second: the rank is
a conformal p-value. No tail is fitted. This module refuses to cry before it knows a few days.

Source: Vovk, Gammerman and Shafer, Algorithmic learning in a random world, 2005, 2.2.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import nlargest
from math import ceil
from typing import Final

import msgspec

__all__ = ["DAY_MS", "HOUR_MS", "WEEK_MS", "Budget"]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS

_DAYS: Final = 42
"""Days whose scores count."""

_HIGHEST: Final = 32
"""Scores that are kept of each day: so many alarms a day can be told apart at most."""


class _Day(msgspec.Struct):
    """day: number since 1970. count: scores. highest: the highest ones, ascending."""

    day: int
    count: int = 0
    highest: list[float] = []


class Budget(msgspec.Struct):
    """The scores of the last six weeks, and how many alarms a week are wanted.

    per_week: alarms on quiet data. learn_ms: time before any. least: scores before any. first_ms,
    last_ms: of the first and last event, scored or not; Unix ms. line: what a score has to be above
    on the day `drawn`. cried: the last day with an alarm.
    """

    per_week: float
    learn_ms: int = 3 * DAY_MS
    least: int = 0
    days: list[_Day] = []
    seen: int = 0
    first_ms: int = 0
    last_ms: int = 0
    line: float = 0.0
    drawn: int = -1
    cried: int = -1

    def tick(self, at_ms: int) -> None:
        """Hear the time of an event, whether it is scored or not."""
        if at_ms > 0:
            self.first_ms = self.first_ms or at_ms
            self.last_ms = max(self.last_ms, at_ms)

    def judge(self, score: float) -> float | None:
        """Give the chance of a score, in (0, 1], where it is an alarm, else None; learns nothing.

        The chance is its conformal p-value among the scores of the last six weeks. A score of 0
        is never odd.
        """
        elapsed = self.last_ms - self.first_ms
        if not self.first_ms or elapsed < self.learn_ms or self.seen < self.least:
            return None
        if self.drawn != self.last_ms // DAY_MS:
            self._draw_line(elapsed)
        if score <= max(self.line, 0.0):
            return None
        above = sum(len(day.highest) - bisect_left(day.highest, score) for day in self.days)
        return (1 + above) / (1 + sum(day.count for day in self.days))

    def learn(self, score: float) -> None:
        """Learn a score, as of the last event's time.

        Of the alarms of a day one counts, and the line stays where it was until the next day:
        what goes on is one alarm, and a loud attack must not hide weeks of quieter ones.
        """
        today = self.last_ms // DAY_MS
        if self.judge(score) is not None:
            if self.cried == today:
                return
            self.cried = today
        if not self.days or self.days[-1].day < today:
            self.days.append(_Day(today))
            self.days = [day for day in self.days if day.day > today - _DAYS]
        day = self.days[-1]
        day.count += 1
        self.seen += 1
        if len(day.highest) < _HIGHEST or score > day.highest[0]:
            insort(day.highest, score)
            del day.highest[:-_HIGHEST]

    def _draw_line(self, elapsed: int) -> None:
        """Find the score that as many others reach as alarms are wanted in all that time."""
        weeks = min(elapsed, _DAYS * DAY_MS) / WEEK_MS
        wanted = max(1, ceil(self.per_week * weeks))
        best = nlargest(wanted, (score for day in self.days for score in day.highest))
        self.line = best[-1] if len(best) == wanted else 0.0
        self.drawn = self.last_ms // DAY_MS
