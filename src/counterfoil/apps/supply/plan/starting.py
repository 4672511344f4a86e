"""Where a search begins: routes joined end to end where that saves most.

A good beginning matters where there are many stops and little time. This module refuses problems
with vehicles of several kinds: which of them a route is for would be a guess.

Source: Clarke and Wright, Operations Research 12, 1964; only ends that are near each other are
tried, as in Arnold, Gendreau and Sörensen, Computers & Operations Research 107, 2019.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from counterfoil.apps.supply.plan.problem import Stop, Vehicle
from counterfoil.apps.supply.plan.schedule import Judge
from counterfoil.extras import need

__all__ = ["savings_routes"]

_NEAR: Final = 100


def savings_routes(judge: Judge, stops: Sequence[Stop]) -> list[tuple[str, tuple[str, ...]]]:
    """Join routes of one stop each while they hold; give (vehicle, stops in order).

    Empty where there are several kinds of vehicles, or too few vehicles for what comes out. Each
    stop has to hold alone.
    """
    if len(judge.problem.vehicles) != 1 or not stops:
        return []
    vehicle = judge.problem.vehicles[0]
    route_of = {at: [at] for at in range(len(stops))}
    load_of = {at: Counter(one.demand) for at, one in enumerate(stops)}
    for a, b in _nearest_first(judge, vehicle, stops):
        first, second = route_of[a], route_of[b]
        if first is second or not ({a, b} <= {first[0], first[-1], second[0], second[-1]}):
            continue
        load = load_of[first[0]] + load_of[second[0]]
        if vehicle.capacity and any(load[n] > vehicle.capacity.get(n, 0) for n in load):
            continue
        joined = _joined(judge, vehicle, stops, (first, a), (second, b))
        if joined is not None:
            route_of.update(dict.fromkeys(joined, joined))
            load_of[joined[0]] = load_of[joined[-1]] = load
    made = list({id(one): one for one in route_of.values()}.values())
    if len(made) > vehicle.count:
        return []
    return [(vehicle.id, tuple(stops[at].id for at in one)) for one in made]


def _nearest_first(
    judge: Judge, vehicle: Vehicle, stops: Sequence[Stop]
) -> Iterator[tuple[int, int]]:
    """List pairs of stops by what driving from one to the other saves, the most first."""
    np: Any = need("numpy", "supply")
    ways = judge.ways
    metres = np.asarray(ways.metres, np.int64)
    places = np.asarray([ways.at[one.place] for one in stops])
    home, end = ways.at[vehicle.start], ways.at[vehicle.end or vehicle.start]
    apart = metres[np.ix_(places, places)]
    saves = metres[places, end][:, None] + metres[home, places][None, :] - apart
    count = min(_NEAR, len(stops) - 1)
    order = np.argsort(apart, axis=1, kind="stable")[:, : count + 1]
    rows = np.repeat(np.arange(len(stops)), order.shape[1])
    columns = order.ravel()
    ranked = np.argsort(-saves[rows, columns], kind="stable")
    for at in ranked.tolist():
        a, b = int(rows[at]), int(columns[at])
        if a != b:
            yield a, b


def _joined(
    judge: Judge, vehicle: Vehicle, stops: Sequence[Stop],
    first: tuple[list[int], int], second: tuple[list[int], int],
) -> list[int] | None:  # fmt: skip
    """Join two routes so that one's end is next to the other's; None where that does not hold."""
    for (before, a), (after, b) in ((first, second), (second, first)):
        left = before if before[-1] == a else before[::-1]
        right = after if after[0] == b else after[::-1]
        if left[-1] == a and right[0] == b:
            order = [*left, *right]
            if not judge.walk(vehicle, [stops[at] for at in order]).faults:
                return order
    return None
