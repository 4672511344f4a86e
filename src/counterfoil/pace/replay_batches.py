"""Replay arrivals through one writer: how long records wait, and what the commits cost.

The writer does one commit at a time; what comes meanwhile is in the next. What a commit costs is
given, as measured. This module refuses to sleep: time is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, inf
from typing import Final

from counterfoil.pace.hold_within import HoldWithin

__all__ = [
    "BATCH_POLICIES",
    "Batched",
    "CommitCost",
    "at_once",
    "counterfoil",
    "fixed_interval",
    "hindsight",
    "p95",
    "replay_batches",
    "size_or_timer",
]

GROUP_MAX: Final = 8_192

Next = Callable[[Sequence[float], int, float], float]
"""(arrivals, first that waits, when the writer is free) -> when it goes on."""


@dataclass(frozen=True, slots=True)
class CommitCost:
    """What a commit takes: CPU seconds for itself and for each record in it, and seconds it lasts.

    The defaults were measured by `bench/pace.py` on two shared cores, with SQLite on a local disk.
    """

    commit_cpu_s: float = 0.0009
    record_cpu_s: float = 0.0002
    commit_s: float = 0.005
    record_s: float = 0.0001


@dataclass(frozen=True, slots=True)
class Batched:
    """What a policy did: seconds that each record waited until durable, in order; and its cost."""

    waits: list[float]
    commits: int
    cpu_s: float


def replay_batches(arrivals: Sequence[float], when: Next, cost: CommitCost) -> Batched:
    """Run arrivals, rising seconds, through one writer that goes on when `when` says."""
    waits, commits, free, at = [], 0, -inf, 0
    while at < len(arrivals):
        start = max(when(arrivals, at, max(free, arrivals[at])), arrivals[at], free)
        end = at
        while end < len(arrivals) and arrivals[end] <= start and end - at < GROUP_MAX:
            end += 1
        free = start + cost.commit_s + cost.record_s * (end - at)
        waits += [free - one for one in arrivals[at:end]]
        commits += 1
        if isinstance(when, _Ours):
            when.answered(free)
        at = end
    return Batched(waits, commits, commits * cost.commit_cpu_s + at * cost.record_cpu_s)


def at_once(arrivals: Sequence[float], first: int, ready: float) -> float:
    """Go on as soon as the writer is free: what the log does where nothing was promised."""
    del arrivals, first
    return ready


def fixed_interval(every_s: float) -> Next:
    """Go on at even times only."""

    def when(arrivals: Sequence[float], first: int, ready: float) -> float:
        del arrivals, first
        return (floor(ready / every_s) + 1) * every_s

    return when


def size_or_timer(longest_s: float, size: int = GROUP_MAX) -> Next:
    """Go on once the oldest waited so long, or so many wait."""

    def when(arrivals: Sequence[float], first: int, ready: float) -> float:
        full = arrivals[first + size - 1] if first + size <= len(arrivals) else inf
        return max(min(arrivals[first] + longest_s, full), ready)

    return when


def hindsight(longest_s: float) -> Next:
    """Go on with the last that comes in time: fewest commits, then shortest waits."""

    def when(arrivals: Sequence[float], first: int, ready: float) -> float:
        until, last = arrivals[first] + longest_s, first
        while last + 1 < len(arrivals) and arrivals[last + 1] <= until:
            last += 1
        return max(arrivals[last], ready)

    return when


class _Ours:
    """Holds as `HoldWithin` does, and keeps what it learned."""

    def __init__(self, promise_s: float) -> None:
        self._hold, self._heard = HoldWithin(promise_s), 0

    def __call__(self, arrivals: Sequence[float], first: int, ready: float) -> float:
        now, begin = ready, arrivals[first]
        while True:
            while self._heard < len(arrivals) and arrivals[self._heard] <= now:
                self._hold.arrived(arrivals[self._heard])
                self._heard += 1
            more = self._hold.wait_s(now, begin, self._heard - first)
            if more <= 0:
                return now
            now += more

    def answered(self, at_s: float) -> None:
        self._hold.answered(at_s)


def counterfoil(promise_s: float) -> Next:
    """Hold as `HoldWithin` does. Keeps what it learned: use it for one replay."""
    return _Ours(promise_s)


BATCH_POLICIES: Final[dict[str, Callable[[float], Next]]] = {
    "at_once": lambda promise_s: at_once,  # noqa: ARG005
    "fixed_interval": fixed_interval,
    "size_or_timer": size_or_timer,
    "counterfoil": counterfoil,
    "hindsight": hindsight,
}
"""Name -> what makes the policy for a longest wait, s."""


def p95(waits: Sequence[float]) -> float:
    """Give the wait that 95 in 100 do not exceed; 0 of none."""
    ranked = sorted(waits)
    return ranked[min(int(0.95 * len(ranked)), len(ranked) - 1)] if ranked else 0.0
