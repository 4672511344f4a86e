"""Hold what has come for more of it, where more is likely to come in time.

A commit costs about as much for one record as for ten, so waiting saves energy if others arrive
meanwhile, and is lost time if they do not. How long it is usually quiet before something comes is
counted, and old counts fade. Nothing is held where hardly anything comes in time; and what is held
is let go early once it has been so quiet that nothing more is likely to come. Where arrivals know
nothing of each other a quiet tells nothing, and this is a plain timer, which is best there.

Who records, waits for the answer and records again comes only once we let go. That shows: it was
quiet for long while something was held, and as soon as it was answered something came. Then what
came after a hold counts as not coming at all, but for a trial now and then.

This module refuses to hold anything longer than was promised.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LEAST_CHANCE", "HoldWithin"]

LEAST_CHANCE: Final = 0.02
"""Nothing is held that has less than this chance that something else comes in time."""

_OVER: Final = 0.05  # with less chance than this, what is held is let go
_TELLING: Final = 0.5  # a quiet tells something if it makes more to come this much less likely
_FULL: Final = 512  # so many gain hardly anything by one more
_LEARNED: Final = 8.0
_BINS: Final = 80  # half octaves of microseconds: up to 2**40 µs
_FADE_AT: Final = 2_048.0
_NEVER_S: Final = 1e5
_GAIN: Final = 0.2
_TRIAL_EVERY: Final = 16
_LEAST_S: Final = 0.0005  # a shorter sleep costs more than it saves


class HoldWithin:
    """Holds for at most `promise_s` seconds. full: with so many, nothing is held any more.

    >>> hold = HoldWithin(0.1)
    >>> for at in range(100):
    ...     hold.arrived(at / 100)
    >>> hold.wait_s(0.991, 0.99, 1) > 0  # every 10 ms something came: wait for more
    True
    >>> hold.wait_s(1.06, 0.99, 1)  # now it is quiet for longer than ever: go on
    0.0
    """

    def __init__(self, promise_s: float, full: int = _FULL) -> None:
        self._promise_s, self._full = promise_s, full
        self._last_s: float | None = None
        self._holds = self._trial = False
        self._groups = 0
        self._held_s: float | None = (
            None  # how quiet it was when a hold ended, until something came
        )
        self._answered_s = 0.0
        self._waits_for_us = 0.0  # how often something came as soon as it was answered
        self._closed = False
        self._gaps, self._unheld = _Gaps(), _Gaps()

    def arrived(self, at_s: float) -> None:
        """Count how long it was quiet before this; see `Hold`."""
        if self._last_s is not None:
            gap_s = at_s - self._last_s
            self._gaps.count(gap_s)
            self._unheld.count(gap_s if self._held_s is None else _NEVER_S)
        if self._held_s is not None and self._held_s >= self._promise_s / 4:
            soon = 0 <= at_s - self._answered_s < self._held_s / 8
            self._waits_for_us += _GAIN * (soon - self._waits_for_us)
            self._closed = self._waits_for_us > (0.3 if self._closed else 0.7)
        self._last_s, self._held_s = at_s, None

    def answered(self, at_s: float) -> None:
        """Hear that what was let go is done; see `Hold`."""
        self._answered_s = at_s

    def wait_s(self, now_s: float, first_s: float, count: int) -> float:
        """Say how long to hold on; see `Hold`."""
        more = self._more(now_s, first_s, count)
        if more > 0:
            self._holds = True
        else:
            if self._holds and self._last_s is not None:
                self._held_s = max(now_s - self._last_s, 0.0)
            self._holds = False
            self._groups += 1
            self._trial = self._groups % _TRIAL_EVERY == 0
        return more

    def _more(self, now_s: float, first_s: float, count: int) -> float:
        left = first_s + self._promise_s - now_s
        if left < _LEAST_S or count >= self._full or self._gaps.total < _LEARNED:
            return 0.0
        last_s = first_s if self._last_s is None else self._last_s
        quiet = max(now_s - last_s, 0.0)
        end = quiet + left
        if self._told.chance(0.0, self._promise_s) < LEAST_CHANCE or self._is_over(quiet, end):
            return 0.0
        for at in range(_bin(quiet) + 1, _BINS):  # until when would that still be so?
            edge = _edge(at)
            if edge >= end - _LEAST_S:
                break
            if self._is_over(edge, end):
                return max(edge - quiet, _LEAST_S)
        return left

    def _is_over(self, quiet: float, end: float) -> bool:
        """Tell whether the quiet so far says that nothing more will come in time."""
        chance = self._told.chance(quiet, end)
        return chance < _OVER and chance < _TELLING * self._told.chance(0.0, end - quiet)

    @property
    def _told(self) -> _Gaps:
        return self._unheld if self._closed and not self._trial else self._gaps


class _Gaps:
    """How often it was quiet for how long before something came."""

    def __init__(self) -> None:
        self._counts = [0.0] * _BINS
        self.total = 0.0

    def chance(self, quiet: float, end: float) -> float:
        """Tell how likely something comes before it was quiet for `end`, quiet for `quiet` so far.

        One more that never comes is counted, so that what was never seen is not taken for sure.
        """
        longer = self._above(quiet)
        return (longer - self._above(end)) / (longer + 1.0)

    def _above(self, quiet: float) -> float:
        """Count what came only after a longer quiet; evenly spread within a bin."""
        at = _bin(quiet)
        low, high = _edge(at), _edge(at + 1)
        share = min(max((high - quiet) / (high - low), 0.0), 1.0)
        return sum(self._counts[at + 1 :]) + share * self._counts[at]

    def count(self, gap_s: float) -> None:
        """Count a gap; longer ones than any promise all alike."""
        self._counts[_bin(gap_s)] += 1.0
        self.total += 1.0
        if self.total >= _FADE_AT:
            self._counts = [count / 2 for count in self._counts]
            self.total /= 2


def _bin(gap_s: float) -> int:
    micros = int(max(gap_s, 0.0) * 1e6)
    return min((micros * micros).bit_length(), _BINS - 2)


def _edge(at: int) -> float:
    """Give the shortest gap of a bin, s."""
    return 0.0 if at == 0 else float(2 ** ((at - 1) / 2)) / 1e6
