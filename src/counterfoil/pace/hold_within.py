"""Hold what has come for more of it, where more is likely to come in time.

A commit costs about as much for one record as for ten, so waiting saves energy if others arrive
meanwhile, and is lost time if they do not. How long it is usually quiet before something comes is
counted, and old counts fade. Nothing is held where hardly anything comes in time; and what is held
is let go early once it has been so quiet that nothing more is likely to come. Where arrivals know
nothing of each other a quiet tells nothing, and this is a plain timer, which is best there.

This module refuses to hold anything longer than was promised, and to hold where it learned nothing.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LEAST_CHANCE", "HoldWithin"]

LEAST_CHANCE: Final = 0.05
"""Who holds on has at least this chance that something comes before the promise is used up."""

_TELLING: Final = 0.5  # a quiet tells something if it makes more to come this much less likely

_FULL: Final = 512  # so many gain hardly anything by one more
_BINS: Final = 80  # half octaves of microseconds: up to 2**40 µs
_FADE_AT: Final = 512.0
_LEARNED: Final = 8.0
_LEAST_S: Final = 0.0005  # a shorter sleep costs more than it saves


class HoldWithin:
    """Holds for at most `promise_s` seconds. full: with so many, nothing is held any more.

    >>> hold = HoldWithin(0.1)
    >>> for at in range(100):
    ...     hold.arrived(at / 100)
    >>> hold.wait_s(0.991, 0.99, 1) > 0  # every 10 ms something came: wait for more
    True
    >>> hold.wait_s(1.06, 0.99, 1) > 0  # now it is quiet for longer than ever: go on
    False
    """

    def __init__(self, promise_s: float, full: int = _FULL) -> None:
        self._promise_s, self._full = promise_s, full
        self._last_s: float | None = None
        self._counts = [0.0] * _BINS
        self._total = 0.0

    def arrived(self, at_s: float) -> None:
        """Count how long it was quiet before this; see `Hold`."""
        if self._last_s is not None:
            self._counts[_bin(at_s - self._last_s)] += 1.0
            self._total += 1.0
            if self._total >= _FADE_AT:
                self._counts = [count / 2 for count in self._counts]
                self._total /= 2
        self._last_s = at_s

    def wait_s(self, now_s: float, first_s: float, count: int) -> float:
        """Say how long to hold on; see `Hold`."""
        left = first_s + self._promise_s - now_s
        if left < _LEAST_S or count >= self._full or self._total < _LEARNED:
            return 0.0
        last_s = first_s if self._last_s is None else self._last_s
        quiet = max(now_s - last_s, 0.0)
        end = quiet + left
        if self._chance(0.0, self._promise_s) < LEAST_CHANCE or self._is_over(quiet, end):
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
        chance = self._chance(quiet, end)
        return chance < LEAST_CHANCE and chance < _TELLING * self._chance(0.0, end - quiet)

    def _chance(self, quiet: float, end: float) -> float:
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


def _bin(gap_s: float) -> int:
    micros = int(max(gap_s, 0.0) * 1e6)
    return min((micros * micros).bit_length(), _BINS - 1)


def _edge(at: int) -> float:
    """Give the shortest gap of a bin, s."""
    return 0.0 if at == 0 else float(2 ** ((at - 1) / 2)) / 1e6
