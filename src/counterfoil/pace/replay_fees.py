"""Replay a trace of fees: what each way of choosing the moment would have paid.

Two questions are told apart. *Each by itself*: something begins to wait at many moments, and is
anchored once; only the price counts. *All in a row*: whatever came is anchored again and again, so
that a later anchor also takes more along; how many there are counts, too.

This module refuses to let a way of choosing see a fee before its time; only hindsight does, which
nobody can have.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Final

from counterfoil.pace.fee_rule import LEAST, FeeRule, kept

__all__ = ["POLICIES", "FeeTrace", "Replayed", "replay_each", "replay_row"]

POLICIES: Final = ("at_once", "fixed_interval", "threshold", "counterfoil", "hindsight")
"""Ways of choosing the moment: as soon as something waits; as late as allowed, always; once the fee
is below the median of the last ten longest waits; ours; and as who knows all fees to come."""

_STARTS: Final = 2_000
_LOOKS_BACK: Final = 10  # longest waits, of the naive threshold
_LOOKS_MAX: Final = 2_000

Stop = Callable[[int], int]  # the place where something begins to wait -> where it is anchored


@dataclass(frozen=True, slots=True)
class FeeTrace:
    """What a replay is about.

    fees: one a step, oldest first, >= 0. horizon: longest wait, steps, >= 0. begin: place from
    which policies are judged; what is before it is only learned from. step_s: seconds between two
    fees; 0 where that is not known. arrivals: records a step; None: something comes at each.
    """

    fees: Sequence[float]
    horizon: int
    begin: int
    step_s: float = 0.0
    arrivals: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one policy would have done.

    fee_paid: sum over its anchors, in the unit of the fees for one unit of gas. stops: the place
    of each anchor. waits: steps that each record, or anchor, waited. late: how many waited longer
    than allowed. deciding_cpu_s: CPU seconds that its decisions took here.
    """

    fee_paid: float
    stops: list[int]
    waits: list[tuple[int, float]]
    late: int
    deciding_cpu_s: float


def replay_each(trace: FeeTrace) -> dict[str, Replayed]:
    """Anchor what begins to wait at each of up to 2,000 places by itself; gives policy -> what."""
    fees, horizon = trace.fees, trace.horizon
    last = len(fees) - 1 - horizon
    skip = max((last - trace.begin) // _STARTS, 1)
    places = range(trace.begin, last + 1, skip)
    found = {}
    for name in POLICIES:
        stop, began = _stopper(name, trace, lasting=False), time.process_time()
        if name == "hindsight":
            stops = [min(range(p, p + horizon + 1), key=lambda at: fees[at]) for p in places]
        else:
            stops = [stop(place) for place in places]
        spent = time.process_time() - began
        waits = [(at - place, 1.0) for at, place in zip(stops, places, strict=True)]
        found[name] = _replayed(fees, stops, waits, horizon, spent)
    return found


def replay_row(trace: FeeTrace) -> dict[str, Replayed]:
    """Anchor all that arrives, again and again; what waits at the end is anchored there."""
    fees, horizon = trace.fees, trace.horizon
    arriving = _arriving(trace)
    found = {}
    for name in POLICIES:
        stop, began = _stopper(name, trace, lasting=True), time.process_time()
        if name == "hindsight":
            stops = _cheapest(fees, horizon, arriving)
        else:
            stops, at = [], 0
            while at < len(arriving):
                stops.append(min(stop(arriving[at]), len(fees) - 1))
                while at < len(arriving) and arriving[at] <= stops[-1]:
                    at += 1
        spent = time.process_time() - began
        waits = _waits(trace, arriving, stops)
        found[name] = _replayed(fees, stops, waits, horizon, spent)
    return found


def _replayed(
    fees: Sequence[float],
    stops: list[int],
    waits: list[tuple[int, float]],
    horizon: int,
    spent_s: float,
) -> Replayed:
    late = sum(1 for wait, _ in waits if wait > horizon)
    return Replayed(sum(fees[at] for at in stops), stops, waits, late, spent_s)


def _arriving(trace: FeeTrace) -> list[int]:
    """List the places at which something arrives."""
    counts = trace.arrivals
    places = range(trace.begin, len(trace.fees))
    return list(places) if counts is None else [at for at in places if counts[at] > 0]


def _waits(trace: FeeTrace, arriving: list[int], stops: list[int]) -> list[tuple[int, float]]:
    counts, found, at = trace.arrivals, [], 0
    for place in arriving:
        while stops[at] < place:
            at += 1
        found.append((stops[at] - place, 1.0 if counts is None else float(counts[place])))
    return found


def _stopper(name: str, trace: FeeTrace, *, lasting: bool) -> Stop:
    horizon = trace.horizon
    if name == "at_once":
        return lambda begin: begin
    if name == "fixed_interval" and not lasting:
        return lambda begin: begin + horizon
    if name == "fixed_interval":
        every = max(horizon, 1)
        return lambda begin: begin + -begin % every
    if name == "threshold":
        return lambda begin: _threshold(trace.fees, begin, horizon)
    return _Learning(trace, lasting=lasting).stop


def _threshold(fees: Sequence[float], begin: int, horizon: int) -> int:
    back = min(max(_LOOKS_BACK * horizon, LEAST), _LOOKS_MAX)
    before = fees[max(begin - back, 0) : begin]
    bound = median(before) if before else inf
    places = range(begin, min(begin + horizon, len(fees)))
    return next((at for at in places if fees[at] <= bound), begin + horizon)


class _Learning:
    """Our policy, which learns again whenever an eighth more is known."""

    def __init__(self, trace: FeeTrace, *, lasting: bool) -> None:
        self._fees, self._horizon = trace.fees, trace.horizon
        self._rule = FeeRule(trace.horizon, lasting=lasting, idle=_idle(trace), step_s=trace.step_s)
        self._next = 0

    def stop(self, begin: int) -> int:
        """Tell where what begins to wait is anchored."""
        if begin >= self._next:
            self._learn(begin)
        price, base, end = self._price, self._base, begin + self._horizon
        for at in range(begin, min(end, len(self._fees))):
            if self._fees[at] <= price(at - base, end - at):
                return at
        return end

    def _learn(self, known: int) -> None:
        """Learn from the first `known` fees alone."""
        self._base = max(known - kept(self._horizon), 0)
        self._rule.learn(self._fees[self._base : known], self._base)
        self._next = known + max(known // 8, LEAST)
        until = self._next + self._horizon + 1
        self._price = self._rule.prices(self._fees[self._base : until], self._base)


def _idle(trace: FeeTrace) -> float:
    """Tell how many steps pass until something arrives, in the part that is learned from."""
    before = None if trace.arrivals is None else trace.arrivals[: trace.begin]
    if not before:
        return 0.0
    return len(before) / max(sum(1 for count in before if count > 0), 1) - 1


def _cheapest(fees: Sequence[float], horizon: int, arriving: list[int]) -> list[int]:
    """Find the anchors that cost least in all, knowing every fee: a shortest path.

    Each anchor takes along all that arrived since the one before it, the oldest of which must not
    wait longer than `horizon` steps, nor beyond the last fee.
    """
    if not arriving:
        return []
    begin, end = arriving[0], len(fees)
    following = [-1] * end  # place -> the first arrival after it
    upcoming = -1
    marks = set(arriving)
    for at in range(end - 1, begin - 1, -1):
        following[at] = upcoming
        upcoming = at if at in marks else upcoming
    cost, came = [inf] * end, [-2] * end
    window: deque[tuple[int, int, float]] = deque()  # (first arrival after it, place, cost)
    ready: deque[tuple[int, int, float]] = deque([(begin, -1, 0.0)])
    for at in range(begin, end):
        while ready and ready[0][0] <= at:
            one = ready.popleft()
            while window and window[-1][2] >= one[2]:
                window.pop()
            window.append(one)
        while window and window[0][0] + horizon < at:
            window.popleft()
        if window:
            cost[at], came[at] = window[0][2] + fees[at], window[0][1]
            if following[at] >= 0:
                ready.append((following[at], at, cost[at]))
    finals = [at for at in range(begin, end) if following[at] < 0]
    at = min(finals, key=lambda one: cost[one])
    stops = []
    while at >= 0:
        stops.append(at)
        at = came[at]
    return stops[::-1]
