"""Plan routes: what can be served at all, by which vehicle and when, and why the rest cannot.

A stop is never dropped silently: it is on a route, or it is told which promise keeps it off every
one. What comes out was checked by `schedule.Judge`. This module refuses a plan that breaks a
promise, such as goods that would spoil on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from counterfoil.apps.supply.plan.mending import Mended, mend
from counterfoil.apps.supply.plan.plans import Plan, Unserved
from counterfoil.apps.supply.plan.problem import Problem, Stop, Vehicle
from counterfoil.apps.supply.plan.schedule import Fault, Judge
from counterfoil.apps.supply.plan.solver import Budget, search, solver_name
from counterfoil.apps.supply.plan.starting import savings_routes
from counterfoil.apps.supply.plan.translating import Found, may_carry
from counterfoil.ports import Progress, no_progress

__all__ = ["ITERATIONS", "gap_of", "plan_routes"]

ITERATIONS: Final = 3000
"""Iterations of a search where nobody says: a few seconds for 200 stops, mostly within 3 %."""

_ROUNDS: Final = 3
_MANY: Final = 400  # with fewer a search is as well begun anywhere, and less bound to its beginning

_Orders = Sequence[tuple[str, Sequence[str]]]


def plan_routes(
    problem: Problem,
    budget: Budget | None = None,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Plan:
    """Plan the routes of a problem as cheaply as the budget allows.

    First it looks for a plan that serves every stop that some vehicle could serve alone; where
    none is found, for one that leaves out as few as it can. Where something may be on board only
    for so long, it looks again, from the best plan so far. budget: of each search; `ITERATIONS`
    where it is left out. Raises InputError with code plan.problem, Unavailable with code
    extra.missing.
    """
    judge = Judge(problem.check())
    limit = budget or Budget(iterations=ITERATIONS)
    before = len(limit.done)
    hopeless = list(_hopeless(judge))
    names = {one.stop for one in hopeless}
    stops = [one for one in problem.stops if one.id not in names]
    best = _best(judge, stops, limit, seed, progress)
    left = [_crowded(judge, best, name) for name in best.left]
    done = limit.done[before:]
    searched = any(done)
    return judge.plan(
        best.routes,
        sorted([*hopeless, *left], key=lambda one: one.stop),
        seed=seed if searched else 0,
        iterations=done if searched else (),
        solver=solver_name() if searched else "",
    )


def gap_of(plan: Plan, known: int) -> float:
    """Tell how much dearer a plan is than the best that is known, as a share: 0.02 is 2 %."""
    return plan.cost / known - 1


def _best(
    judge: Judge, stops: Sequence[Stop], budget: Budget, seed: int, progress: Progress
) -> Mended:
    """Search; where time on board is bounded, with windows cut, without, and about the best."""

    def look(latest: Mapping[str, int], begin: _Orders) -> Mended:
        return _searched(judge, stops, budget, seed, latest, begin, progress)

    begin: _Orders = savings_routes(judge, stops) if len(stops) > _MANY else ()
    if all(one.on_board_max_s is None for one in stops):
        return look({}, begin)
    best = look(_cuts(judge, stops, {}), begin)
    if best.left:
        best = min(best, look({}, begin), key=lambda one: _loss(judge, one))
    for _ in range(_ROUNDS):
        departs = {
            stop: judge.walk(judge.vehicles[vehicle], [judge.stops[one] for one in order]).depart_ms
            for vehicle, order in best.routes
            for stop in order
        }
        again = look(_cuts(judge, stops, departs), best.routes)
        if _loss(judge, again) >= _loss(judge, best):
            break
        best = again
    return best


def _cuts(judge: Judge, stops: Sequence[Stop], departs: Mapping[str, int]) -> dict[str, int]:
    """Bound handing over by the longest time on board after a vehicle leaves.

    departs: stop -> when its vehicle leaves, Unix ms; else as early as any could, which is safe. A
    bound that is before a window begins would leave nothing, and is left out.
    """
    first = min(max(one.from_ms or 0, judge.problem.start_ms) for one in judge.problem.vehicles)
    found = {}
    for stop in stops:
        if stop.on_board_max_s is not None:
            leaves = departs.get(stop.id, max(first, stop.ready_ms or 0))
            ends = leaves + 1000 * stop.on_board_max_s
            if ends >= (stop.from_ms or 0):
                found[stop.id] = ends
    return found


def _searched(
    judge: Judge, stops: Sequence[Stop], budget: Budget, seed: int, latest: Mapping[str, int],
    start: _Orders, progress: Progress,
) -> Mended:  # fmt: skip
    def look(optional: bool, begin: _Orders) -> Found:
        return search(judge.problem, judge.ways, stops, budget, seed=seed, optional=optional,
                      latest_ms=latest, start=begin, progress=progress)  # fmt: skip

    found = look(False, start)
    mended = mend(judge, found.routes, found.left)
    if not mended.left:
        return mended
    found = look(True, mended.routes)
    fewer = mend(judge, found.routes, found.left)
    return min(mended, fewer, key=lambda one: _loss(judge, one))


def _loss(judge: Judge, mended: Mended) -> tuple[int, int, int]:
    """Order plans: fewer stops left out, then less value, then less cost."""
    value = sum(judge.stops[name].value for name in mended.left)
    return len(mended.left), value, mended.parts


def _hopeless(judge: Judge) -> Iterator[Unserved]:
    """Find the stops that no vehicle could serve even with nothing else to do."""
    for stop in judge.problem.stops:
        tries = [_alone(judge, one, stop) for one in judge.problem.vehicles]
        if all(faults for _, faults in tries):
            fault = min(tries, key=lambda one: (one[0], len(one[1])))[1][0]
            yield Unserved(stop.id, fault.code, f"{_named(stop, fault)}, even on its own way.")


def _named(stop: Stop, fault: Fault) -> str:
    return fault.says if stop.id in fault.says else f"{stop.id}: {fault.says}"


def _alone(judge: Judge, vehicle: Vehicle, stop: Stop) -> tuple[bool, list[Fault]]:
    """Tell whether a vehicle may not carry a stop, and what breaks with it alone on board."""
    faults = judge.walk(vehicle, [stop]).faults
    first = sorted(faults, key=lambda one: one.code not in ("cold", "start", "vehicle"))
    return not may_carry(vehicle, stop), first


def _crowded(judge: Judge, mended: Mended, name: str) -> Unserved:
    """Say why a stop that could be served alone is not: what it would break where it fits best."""
    stop = judge.stops[name]
    nearest: tuple[int, str, str] | None = None
    for vehicle, order in mended.routes:
        kind = judge.vehicles[vehicle]
        if not may_carry(kind, stop):
            continue
        for at in range(len(order) + 1):
            stops = [judge.stops[one] for one in (*order[:at], name, *order[at:])]
            faults = judge.walk(kind, stops).faults
            best = (len(faults), faults[0].code, faults[0].says)
            nearest = best if nearest is None else min(nearest, best)
    says = f"{name}: every vehicle that could carry it is on the road"
    if nearest is None:
        return Unserved(name, "vehicles", f"{says}.")
    return Unserved(name, nearest[1], f"{says}, and with it on board, {nearest[2]}.")
