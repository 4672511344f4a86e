"""What is left of a plan at a moment: who is where, with what on board, and what is to load.

It is a routing problem of its own. A vehicle under way starts from where it is, carries only what
it has on board, and nobody else may carry that, unless a transfer says so. This module refuses to
move anything that was done, and a transfer that nobody named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from counterfoil.apps.supply.plan.changes import Changes, Position, wrong_changes
from counterfoil.apps.supply.plan.plans import Plan, Route, Unserved
from counterfoil.apps.supply.plan.problem import Place, Problem, Stop, Vehicle

__all__ = ["Situation", "drivable", "situation_of"]


@dataclass(frozen=True, slots=True)
class Situation:
    """A moment of a plan.

    problem: what is left to do; its vehicles are routes under way, by their names, and free ones;
    each stop says which of them may carry its goods. orders: how the plan goes on, (vehicle,
    stops). under_way: names of routes that have left. stranded: vehicles that cannot go on. parts:
    cost that is spent whatever comes, such as the ways to a transfer.
    """

    problem: Problem
    orders: tuple[tuple[str, tuple[str, ...]], ...]
    under_way: frozenset[str]
    stranded: frozenset[str]
    parts: int = 0


@dataclass(slots=True)
class _Making:
    """A situation while it is made."""

    places: dict[str, Place]
    vehicles: list[Vehicle] = field(default_factory=list)
    stops: dict[str, Stop] = field(default_factory=dict)
    orders: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    busy: Counter[str] = field(default_factory=Counter)
    under_way: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)


def situation_of(problem: Problem, plan: Plan, now_ms: int, changes: Changes) -> Situation:
    """Tell where a plan stands. now_ms: Unix ms. Raises InputError with code plan.changes."""
    _check(problem, plan, changes)
    stops = {one.id: one for one in problem.stops if one.id not in changes.cancelled}
    kinds = {one.id: one for one in problem.vehicles}
    made = _Making({one.id: one for one in problem.places})
    for route in plan.routes:
        _route(made, kinds[route.vehicle], route, stops, now_ms, changes)
    for kind in problem.vehicles:
        if (free := kind.count - made.busy[kind.id]) > 0:
            begin = max(now_ms, kind.from_ms or 0)
            made.vehicles.append(msgspec.structs.replace(kind, count=free, from_ms=begin))
            made.kinds[kind.id] = kind.id
    waiting = [stops[one.stop] for one in plan.unserved if one.stop in stops]
    for stop in [*waiting, *changes.added]:
        made.stops[stop.id] = stop
    left = msgspec.structs.replace(
        problem,
        places=tuple(made.places.values()),
        vehicles=tuple(made.vehicles),
        stops=tuple(_at_start(made, one, now_ms, changes) for one in made.stops.values()),
        start_ms=max(problem.start_ms, now_ms),
    )
    stranded = frozenset(changes.stranded) & {one.id for one in made.vehicles}
    return Situation(left.check(), tuple(made.orders), frozenset(made.under_way), stranded)


def _route(
    made: _Making,
    kind: Vehicle,
    route: Route,
    stops: Mapping[str, Stop],
    now: int,
    changes: Changes,
) -> None:
    """Put a route into the situation: not begun, under way, or over."""
    name = _name(route)
    late = 1000 * changes.delays_s.get(name, 0)
    cools = kind.cold and name not in changes.warm
    if route.depart_ms + late > now and not any(one.route == name for one in changes.positions):
        order = tuple(one for one in route.stops if one in stops)
        made.stops.update({one: stops[one] for one in order})
        if late or name in changes.stranded or cools != kind.cold:
            made.busy[kind.id] += 1
            begin = max(now, route.depart_ms + late if late else kind.from_ms or 0)
            own = msgspec.structs.replace(kind, id=name, count=1, from_ms=begin, cold=cools)
            made.vehicles.append(own)
            made.kinds[name] = kind.id
        made.orders.append((name if name in made.kinds else kind.id, order))
        return
    if route.return_ms + late <= now:
        return  # it is back, and free
    made.busy[kind.id] += 1
    made.under_way.add(name)
    ahead = [one for one in route.visits if one.start_ms + late > now]
    aboard = [one.stop for one in ahead if one.stop in stops]
    place, free = _whereabouts(made, kind, route, stops, now, changes)
    for stop in aboard:
        made.stops[stop] = _aboard(stops[stop], name, route, now, changes, cools=cools)
    spent = max(free - route.depart_ms, 0) // 1000
    own = msgspec.structs.replace(
        kind,
        id=name,
        start=place,
        end=kind.end or kind.start,
        count=1,
        cold=cools,
        from_ms=free,
        route_max_s=None if kind.route_max_s is None else max(kind.route_max_s - spent, 0),
        cost_fixed=0,
    )
    made.vehicles.append(own)
    made.orders.append((name, tuple(aboard)))


def _whereabouts(
    made: _Making,
    kind: Vehicle,
    route: Route,
    stops: Mapping[str, Stop],
    now: int,
    changes: Changes,
) -> tuple[str, int]:
    """Tell from which place and when a vehicle can go elsewhere: (place, Unix ms)."""
    name = _name(route)
    late = 1000 * changes.delays_s.get(name, 0)
    for one in changes.positions:
        if one.route == name:
            return _place_of(made, one), max(one.at_ms or now, now)
    places = {stop: stops[stop].place for stop in route.stops if stop in stops}
    for visit in route.visits:
        if visit.start_ms + late <= now < visit.leave_ms + late:
            return _known_place(places, visit.stop, kind), visit.leave_ms + late
        if visit.start_ms + late > now:
            return _known_place(places, visit.stop, kind), max(visit.arrive_ms + late, now)
    return kind.end or kind.start, route.return_ms + late


def _known_place(places: Mapping[str, str], stop: str, kind: Vehicle) -> str:
    if stop not in places:
        raise wrong_changes(
            f"{kind.id} is on its way to {stop}, which is cancelled: say where it is (positions)"
        )
    return places[stop]


def _place_of(made: _Making, one: Position) -> str:
    if one.place is not None:
        return one.place
    place = Place(f"@{one.route}"[:255], one.latitude, one.longitude, one.x, one.y)
    if place.point() is None:
        raise wrong_changes(f"the position of {one.route} has neither place nor coordinates")
    made.places[place.id] = place
    return place.id


def _aboard(
    stop: Stop, name: str, route: Route, now: int, changes: Changes, *, cools: bool
) -> Stop:
    """Bind a stop to the vehicle that has its goods, and to the time that they have left."""
    hours = changes.life_h.get(stop.id, changes.life_h.get(name) if stop.cold else None)
    ends = stop.good_until_ms if hours is None else now + int(hours * 3_600_000)
    if stop.on_board_max_s is not None:
        latest = route.depart_ms + 1000 * stop.on_board_max_s
        ends = latest if ends is None else min(ends, latest)
    return msgspec.structs.replace(
        stop, vehicles=(name,), starts=(), ready_ms=None, on_board_max_s=None,
        good_until_ms=None if ends is None else max(ends, 0), cold=stop.cold and cools,
    )  # fmt: skip


def _at_start(made: _Making, stop: Stop, now: int, changes: Changes) -> Stop:
    """Bind a stop whose goods were not loaded yet to vehicles that are free."""
    if set(stop.vehicles) & made.under_way:
        return stop
    free = tuple(one for one in made.kinds if not stop.vehicles or made.kinds[one] in stop.vehicles)
    hours = changes.life_h.get(stop.id)
    ends = stop.good_until_ms if hours is None else now + int(hours * 3_600_000)
    return msgspec.structs.replace(stop, vehicles=free, good_until_ms=ends)


def drivable(found: Situation) -> tuple[Problem | None, tuple[Unserved, ...]]:
    """Give the problem without what cannot go on, None where nothing can; and what that loses."""
    able = tuple(one for one in found.problem.vehicles if one.id not in found.stranded)
    names = {one.id for one in able}
    stops, lost = [], []
    for stop in found.problem.stops:
        may = tuple(one for one in stop.vehicles if one in names)
        if may:
            stops.append(msgspec.structs.replace(stop, vehicles=may))
        else:
            stuck = any(one in found.stranded for one in stop.vehicles)
            says = f"{', '.join(stop.vehicles)} cannot go on" if stuck else "no vehicle is free"
            code = "stranded" if stuck else "vehicles"
            lost.append(Unserved(stop.id, code, f"{stop.id}: {says}."))
    if not able:
        return None, tuple(lost)
    left = msgspec.structs.replace(found.problem, vehicles=able, stops=tuple(stops))
    return left.check(), tuple(lost)


def _name(route: Route) -> str:
    return f"{route.vehicle} {route.number}"


def _check(problem: Problem, plan: Plan, changes: Changes) -> None:
    """Refuse changes that name what is not there: they would change nothing, silently."""
    routes = {_name(one) for one in plan.routes}
    stops = {one.id for one in problem.stops}
    places = {one.id for one in problem.places}
    named: list[tuple[str, set[str], set[str]]] = [
        ("route", set(changes.delays_s), routes),
        ("route", {one.route for one in changes.positions}, routes),
        ("route", {*changes.warm, *changes.stranded}, routes),
        ("route or stop", set(changes.life_h), routes | stops | {one.id for one in changes.added}),
        ("stop", set(changes.cancelled), stops),
        ("route", {one.giver for one in changes.transfers}, routes),
        ("route or vehicle", {one.taker for one in changes.transfers},
         routes | {one.id for one in problem.vehicles}),
        ("place", {one.place for one in changes.transfers}, places),
        ("place", {one.place for one in changes.positions if one.place is not None}, places),
        ("place", {one.place for one in changes.added}, places),
    ]  # fmt: skip
    for what, names, known in named:
        for name in sorted(names - known):
            raise wrong_changes(f"there is no {what} {name[:60]!a}")
    for one in changes.positions:
        if one.place is None and problem.distance_m is not None:
            raise wrong_changes(f"{one.route} is at no place, and the problem's ways are a matrix")
    for stop in changes.added:
        if stop.id in stops:
            raise wrong_changes(f"the stop {stop.id[:60]!a} is there already")
