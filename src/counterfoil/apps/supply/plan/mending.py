"""Mend routes that break a promise: take out what cannot stay, and put it where it can.

The solver knows no longest time on board, and runs out of time on hard problems; what it gives
back is made to hold here, by the judge's own walks. This module refuses to leave a broken route,
and to leave out a stop that some vehicle could take without changing the order of others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from counterfoil.apps.supply.plan.problem import Stop, Vehicle
from counterfoil.apps.supply.plan.schedule import Judge, Walk
from counterfoil.apps.supply.plan.translating import may_carry

__all__ = ["Mended", "mend"]

_Order = tuple[str, list[Stop]]


@dataclass(frozen=True, slots=True)
class Mended:
    """Routes that hold, what had to be left out, and the cost in parts (`schedule.COST_PARTS`)."""

    routes: tuple[tuple[str, tuple[str, ...]], ...]
    left: tuple[str, ...]
    parts: int


def mend(judge: Judge, routes: Iterable[tuple[str, Sequence[str]]], left: Iterable[str]) -> Mended:
    """Make routes hold. left: stops on no route so far, which are put in where they can be."""
    orders: list[_Order] = [(v, [judge.stops[name] for name in names]) for v, names in routes]
    homeless = [judge.stops[name] for name in left]
    for vehicle, stops in orders:
        homeless += _thin(judge, judge.vehicles[vehicle], stops)
    orders = [one for one in orders if one[1]]
    stay, before = _hardest_first(homeless), -1
    while len(stay) != before:  # by one that was put in, ways may lead to one that was not
        before = len(stay)
        stay = [one for one in stay if not _insert(judge, orders, one)]
    kept = tuple((vehicle, tuple(one.id for one in stops)) for vehicle, stops in orders)
    parts = sum(judge.walk(judge.vehicles[v], stops).parts for v, stops in orders)
    return Mended(kept, tuple(sorted(one.id for one in stay)), parts)


def _thin(judge: Judge, vehicle: Vehicle, stops: list[Stop]) -> Iterator[Stop]:
    """Take stops out of a route, in place, until it holds; give what was taken out."""
    while stops and (faults := judge.walk(vehicle, stops).faults):
        named = {one.stop for one in faults if one.stop}
        options = []
        for at, stop in enumerate(stops):
            rest = judge.walk(vehicle, [*stops[:at], *stops[at + 1 :]])
            options.append((len(rest.faults), stop.id not in named, stop.value, rest.parts, at))
        yield stops.pop(min(options)[-1])


def _hardest_first(stops: Sequence[Stop]) -> list[Stop]:
    """Put first what loses most and is most bound to its time."""
    never = 1 << 60

    def tight(one: Stop) -> tuple[int, int, str]:
        ends = (one.until_ms, one.good_until_ms)
        return (-one.value, min(never if end is None else end for end in ends), one.id)

    return sorted(stops, key=tight)


def _insert(judge: Judge, orders: list[_Order], stop: Stop) -> bool:
    """Put a stop where it costs least and breaks nothing; tell whether there was such a place."""
    used = Counter(vehicle for vehicle, _ in orders)
    best: tuple[int, int, int, str] | None = None
    for number, (name, stops) in enumerate(orders):
        vehicle = judge.vehicles[name]
        if not may_carry(vehicle, stop):
            continue
        before = judge.walk(vehicle, stops).parts
        for at in range(len(stops) + 1):
            walk = judge.walk(vehicle, [*stops[:at], stop, *stops[at:]])
            best = _better(best, walk, before, (number, at, name))
    for vehicle in judge.problem.vehicles:
        if used[vehicle.id] < vehicle.count and may_carry(vehicle, stop):
            best = _better(best, judge.walk(vehicle, [stop]), 0, (len(orders), 0, vehicle.id))
    if best is None:
        return False
    _, number, at, name = best
    if number == len(orders):
        orders.append((name, [stop]))
    else:
        orders[number][1].insert(at, stop)
    return True


def _better(
    best: tuple[int, int, int, str] | None, walk: Walk, before: int, place: tuple[int, int, str]
) -> tuple[int, int, int, str] | None:
    if walk.faults:
        return best
    found = (walk.parts - before, *place)
    return found if best is None else min(best, found)
