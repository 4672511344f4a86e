"""Say when a vehicle is where on a route, what that costs, and which promise it would break.

This is the judge of plans: it shares no code with the solver, takes nothing from it but the order
of stops, and counts in whole milliseconds. This module refuses to change an order.

A vehicle leaves as late as it can without being back later: that makes the route shortest, and
each stop's time on board the least that this order allows (waiting is moved to the start; compare
Savelsbergh, ORSA J. on Computing 4, 1992, on forward time slack).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from counterfoil.apps.supply.plan.plans import Plan, Route, Unserved, Visit
from counterfoil.apps.supply.plan.problem import Problem, Stop, Vehicle, digest_of
from counterfoil.apps.supply.plan.ways import NEVER_S, ways_of
from counterfoil.errors import VerificationError

__all__ = ["COST_PARTS", "Fault", "Judge", "Walk", "latest_of", "rounded", "route_of"]

COST_PARTS: Final = 18_000_000
"""Parts of a minor unit in which costs of metres and milliseconds are whole."""

_NEVER_MS: Final = NEVER_S * 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """A promise that a route breaks. stop: whose; empty for the vehicle's own. code: which."""

    stop: str
    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Walk:
    """A route as it would go.

    parts: its cost in `COST_PARTS` of a minor unit. late_ms: stop -> how much later than its
    window. spoiled: stops whose goods are not good any more. faults: every promise that breaks.
    """

    depart_ms: int
    return_ms: int
    metres: int
    parts: int
    visits: tuple[Visit, ...]
    late_ms: Mapping[str, int]
    spoiled: tuple[str, ...]
    faults: tuple[Fault, ...]


def latest_of(stop: Stop) -> int:
    """Tell by when handing over has to begin: window and shelf life, Unix ms."""
    return min(_or(stop.until_ms, _NEVER_MS), _or(stop.good_until_ms, _NEVER_MS))


class Judge:
    """Walks routes of one problem, and judges its plans."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.stops = {one.id: one for one in problem.stops}
        self.vehicles = {one.id: one for one in problem.vehicles}
        self.ways = ways_of(problem)

    def walk(self, vehicle: Vehicle, stops: Sequence[Stop]) -> Walk:
        """Walk a route; it need not keep any promise."""
        at = self.ways.at
        places = [at[vehicle.start], *(at[one.place] for one in stops)]
        places.append(at[vehicle.end or vehicle.start])
        legs = [self.ways.seconds[a][b] * 1000 for a, b in pairwise(places)]
        metres = sum(self.ways.metres[a][b] for a, b in pairwise(places))
        depart = max(_or(vehicle.from_ms, 0), self.problem.start_ms,
                     *(_or(one.ready_ms, 0) for one in stops), 0)  # fmt: skip
        depart += self._delay(stops, legs, depart)
        visits, now = [], depart
        for stop, leg in zip(stops, legs[:-1], strict=True):
            arrive = now + leg
            start = max(arrive, _or(stop.from_ms, 0))
            now = start + stop.service_s * 1000
            visits.append(_visit(stop, arrive, start, now))
        back = now + legs[-1]
        parts = COST_PARTS * vehicle.cost_fixed + 18_000 * vehicle.cost_per_km * metres
        parts += 5 * vehicle.cost_per_h * (back - depart)
        faults = [*_carried(vehicle, stops), *_times(stops, visits, depart)]
        faults += _of_vehicle(vehicle, metres, depart, back)
        spoiled = [s.id for s, v in zip(stops, visits, strict=True) if _or(v.life_s, 0) < 0]
        late = {
            s.id: v.start_ms - s.until_ms
            for s, v in zip(stops, visits, strict=True)
            if s.until_ms is not None and v.start_ms > s.until_ms
        }
        return Walk(depart, back, metres, parts, tuple(visits), late, tuple(spoiled), tuple(faults))

    def _delay(self, stops: Sequence[Stop], legs: Sequence[int], depart: int) -> int:
        """Tell by how much to leave later: it takes waiting away, and makes nothing late."""
        now, waited, least = depart, 0, _NEVER_MS
        for stop, leg in zip(stops, legs[:-1], strict=True):
            wait = max(_or(stop.from_ms, 0) - now - leg, 0)
            waited += wait
            now += leg + wait
            least = min(least, latest_of(stop) - now + waited)
            now += stop.service_s * 1000
        return max(min(waited, least), 0)

    def plan(
        self,
        routes: Iterable[tuple[str, Sequence[str]]],
        unserved: Sequence[Unserved] = (),
        *,
        seed: int = 0,
        iterations: Sequence[int] = (),
        solver: str = "",
    ) -> Plan:
        """Write down a plan from each vehicle's order of stops, as this module times it.

        Raises VerificationError with code plan.infeasible where a promise would be broken.
        """
        used: Counter[str] = Counter()
        walks, made = [], []
        for vehicle, names in routes:
            if not names:
                continue
            used[vehicle] += 1
            walk = self.walk(self.vehicles[vehicle], [self.stops[name] for name in names])
            walks.append(walk)
            made.append(route_of(vehicle, used[vehicle], walk))
        spent = sum(one.return_ms - one.depart_ms for one in walks)
        found = Plan(
            digest_of(self.problem),
            tuple(made),
            tuple(unserved),
            rounded(sum(one.parts for one in walks)),
            sum(one.metres for one in walks),
            spent // 1000,
            seed,
            tuple(iterations),
            solver,
        )
        self.check(found)
        return found

    def check(self, plan: Plan) -> None:
        """Check a plan against its problem, taking nothing from it but the orders of stops.

        Raises VerificationError with code plan.problem-digest or plan.infeasible, which names the
        first promise that it breaks.
        """
        if plan.problem != digest_of(self.problem):
            raise VerificationError(
                "plan.problem-digest",
                f"expected a plan of the problem {digest_of(self.problem)[:16]}, found one of "
                f"{plan.problem[:16]}",
                hint="Each plan names the problem that it solves by its digest.",
            )
        for what in self._wrong(plan):
            raise VerificationError(
                "plan.infeasible",
                f"expected a plan that keeps its promises, but: {what}",
                hint="It was changed, or is no plan of this problem.",
            )

    def _wrong(self, plan: Plan) -> Iterable[str]:
        told = Counter([*(s for r in plan.routes for s in r.stops),
                        *(one.stop for one in plan.unserved)])  # fmt: skip
        for name in self.stops.keys() | told.keys():
            if told[name] != 1 or name not in self.stops:
                yield f"the stop {name[:60]!a} is there {told[name]} times"
        used: Counter[str] = Counter()
        parts = 0
        for route in plan.routes:
            vehicle = self.vehicles.get(route.vehicle)
            used[route.vehicle] += 1
            if vehicle is None or used[route.vehicle] > vehicle.count:
                yield f"there is no vehicle {route.vehicle[:60]!a} number {used[route.vehicle]}"
                return
            walk = self.walk(vehicle, [self.stops[name] for name in route.stops])
            parts += walk.parts
            yield from (f"{route.vehicle} {route.number}: {one.says}" for one in walk.faults)
            if route != route_of(route.vehicle, used[route.vehicle], walk):
                yield f"the times or figures of {route.vehicle[:60]!a} {route.number} are others"
        if plan.cost != rounded(parts):
            yield f"its cost is {rounded(parts)}, and {plan.cost} is said"


def rounded(parts: int) -> int:
    """Turn parts of minor units into minor units, half up."""
    return (2 * parts + COST_PARTS) // (2 * COST_PARTS)


def route_of(vehicle: str, number: int, walk: Walk) -> Route:
    """Write a walk down as a vehicle's route; number: which of its kind, from 1."""
    cost = rounded(walk.parts)
    return Route(vehicle, number, walk.depart_ms, walk.return_ms, walk.metres, cost, walk.visits)


def _visit(stop: Stop, arrive: int, start: int, leave: int) -> Visit:
    latest = latest_of(stop)
    spare = None if latest == _NEVER_MS else (latest - start) // 1000
    life = None if stop.good_until_ms is None else (stop.good_until_ms - start) // 1000
    return Visit(stop.id, arrive, start, leave, spare, life)


def _carried(vehicle: Vehicle, stops: Sequence[Stop]) -> Iterable[Fault]:
    if vehicle.capacity:
        load: Counter[str] = Counter()
        for stop in stops:
            load.update(stop.demand)
        for name, amount in load.items():
            room = vehicle.capacity.get(name, 0)
            if amount > room:
                says = f"{vehicle.id} would carry {amount} {name}, and has room for {room}"
                yield Fault(stops[0].id if len(stops) == 1 else "", "capacity", says)
    for stop in stops:
        if stop.cold and not vehicle.cold:
            yield Fault(
                stop.id, "cold", f"{stop.id} has to be cold, and {vehicle.id} does not cool"
            )
        if stop.starts and vehicle.start not in stop.starts:
            yield Fault(stop.id, "start", f"{stop.id} has its goods at {', '.join(stop.starts)}")
        if stop.vehicles and vehicle.id not in stop.vehicles:
            yield Fault(stop.id, "vehicle", f"only {', '.join(stop.vehicles)} may carry {stop.id}")


def _times(stops: Sequence[Stop], visits: Sequence[Visit], depart: int) -> Iterable[Fault]:
    for stop, visit in zip(stops, visits, strict=True):
        if stop.until_ms is not None and visit.start_ms > stop.until_ms:
            late = -(-(visit.start_ms - stop.until_ms) // 1000)
            yield Fault(stop.id, "window", f"{stop.id} is reached {late} s after its window")
        if stop.good_until_ms is not None and visit.start_ms > stop.good_until_ms:
            late = -(-(visit.start_ms - stop.good_until_ms) // 1000)
            goods = stop.goods or "the goods"
            says = f"{goods} for {stop.id} spoil {late} s before they are handed over"
            yield Fault(stop.id, "spoils", says)
        aboard = visit.start_ms - depart
        if stop.on_board_max_s is not None and aboard > stop.on_board_max_s * 1000:
            says = (
                f"{stop.id} is {aboard // 1000} s on board, and {stop.on_board_max_s} are allowed"
            )
            yield Fault(stop.id, "on-board", says)


def _of_vehicle(vehicle: Vehicle, metres: int, depart: int, back: int) -> Iterable[Fault]:
    if vehicle.until_ms is not None and back > vehicle.until_ms:
        late = -(-(back - vehicle.until_ms) // 1000)
        yield Fault("", "return", f"{vehicle.id} is back {late} s too late")
    if vehicle.route_max_s is not None and back - depart > vehicle.route_max_s * 1000:
        yield Fault("", "duration", f"the route takes longer than {vehicle.route_max_s} s")
    if vehicle.route_max_m is not None and metres > vehicle.route_max_m:
        yield Fault("", "distance", f"the route is longer than {vehicle.route_max_m} m")


def _or(value: int | None, other: int) -> int:
    return other if value is None else value
