"""Hand a routing problem to PyVRP, and take nothing back but each vehicle's order of stops.

What PyVRP does not know is put in its words: what only some vehicles may carry is a load that the
others have no room for, so that it holds in every plan (cold, starts, vehicles). A longest time on
board has no such words: windows are narrowed where that is safe, and the rest is mended in
`mending`. This module refuses to judge what comes back; `schedule` does.

Source: Wouda, Lan and Kool, PyVRP, INFORMS J. on Computing 36, 2024; since 0.12 an iterated local
search with late acceptance (Burke and Bykov, European J. of Operational Research 258, 2017).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib.metadata import version
from math import gcd
from typing import Any, Final

from counterfoil.apps.supply.plan.problem import Problem, Stop, Vehicle
from counterfoil.apps.supply.plan.schedule import latest_of
from counterfoil.apps.supply.plan.ways import NEVER_S, Ways
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.ports import Progress, no_progress

__all__ = ["Budget", "Found", "may_carry", "search", "solver_name"]

_PRIZE_MAX: Final = 1 << 40
_STEP: Final = 100


def solver_name() -> str:
    """Name the solver and its version: with it a plan comes out the same again."""
    need("pyvrp", "supply")
    return f"pyvrp {version('pyvrp')}"


@dataclass(slots=True)
class Budget:
    """How long each search may take: so many iterations, or so many seconds, or as one before did.

    iterations, seconds: of one search; whichever ends first. exactly: iterations of each search in
    order, to do again what was done before. done: what each search took.
    """

    iterations: int | None = None
    seconds: float | None = None
    exactly: tuple[int, ...] = ()
    done: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        given = [one for one in (self.iterations, self.seconds) if one is not None]
        if not self.exactly and (not given or not all(0 < one < 10_000_000 for one in given)):
            raise InputError(
                "plan.budget",
                f"expected iterations or seconds above 0, found {self.iterations}, {self.seconds}",
                hint="For example --iterations 5000 or --seconds 60.",
            )

    def criterion(self, progress: Progress) -> _Stop:
        """Make what ends the next search."""
        stop: Any = need("pyvrp.stop", "supply")
        at = len(self.done)
        if self.exactly:
            limit = self.exactly[at] if at < len(self.exactly) else 0
            return _Stop([stop.MaxIterations(limit)], limit, progress)
        parts = [] if self.iterations is None else [stop.MaxIterations(self.iterations)]
        parts += [] if self.seconds is None else [stop.MaxRuntime(self.seconds)]
        return _Stop(parts, self.iterations, progress)


class _Stop:
    """Ends a search by the first of several criteria, and tells how far it is."""

    def __init__(self, parts: Sequence[Any], total: int | None, progress: Progress) -> None:
        self._parts, self._total, self._progress, self._asked = parts, total, progress, 0

    def __call__(self, best_cost: int) -> bool:
        self._asked += 1
        if self._asked % _STEP == 1:
            self._progress(self._asked - 1, self._total, "iterations")
        return any(one(best_cost) for one in self._parts)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. routes: (vehicle, stops in order). left: stops that it left out."""

    routes: tuple[tuple[str, tuple[str, ...]], ...]
    left: tuple[str, ...]
    feasible: bool


def search(
    problem: Problem,
    ways: Ways,
    stops: Sequence[Stop],
    budget: Budget,
    *,
    seed: int,
    optional: bool = False,
    narrow: bool = True,
    start: Sequence[tuple[str, Sequence[str]]] = (),
    progress: Progress = no_progress,
) -> Found:
    """Search for cheap routes through some of a problem's stops.

    optional: stops may be left out, for so much that none is where it could be served. narrow:
    windows are cut to what the longest times on board leave when vehicles go as early as they can,
    wherever that leaves anything. start: routes to begin from. Raises Unavailable with code
    extra.missing.
    """
    if not stops:
        budget.done.append(0)
        return Found((), (), True)
    pyvrp: Any = need("pyvrp", "supply")
    data = _Data(pyvrp, problem, ways, stops, optional=optional, narrow=narrow)
    first = data.solution(start) if start else None
    top = max(100_000.0, 10.0 * data.unit_max)
    params = pyvrp.SolveParams(penalty=pyvrp.PenaltyParams(max_penalty=top))
    with warnings.catch_warnings():  # where a penalty is at its top it says so; we judge ourselves
        warnings.simplefilter("ignore")
        result = pyvrp.solve(
            data.made,
            budget.criterion(progress),
            seed=seed,
            collect_stats=False,
            display=False,
            params=params,
            initial_solution=first,
        )
    budget.done.append(result.num_iterations)
    return data.read(result.best)


class _Data:
    """A problem in PyVRP's words, in whole seconds after the problem's start."""

    def __init__(
        self, pyvrp: Any, problem: Problem, ways: Ways, stops: Sequence[Stop], *,
        optional: bool, narrow: bool,
    ) -> None:  # fmt: skip
        np: Any = need("numpy", "supply")
        self._pyvrp, self._problem, self._stops = pyvrp, problem, stops
        self._origin = problem.start_ms
        self._early = {one.id: self._from(one) for one in problem.vehicles}
        costs = [(18_000 * one.cost_fixed, 18 * one.cost_per_km, 5 * one.cost_per_h)
                 for one in problem.vehicles]  # fmt: skip
        common = reduce(gcd, (part for cost in costs for part in cost), 0) or 1
        self._costs = [tuple(part // common for part in cost) for cost in costs]
        self._money = max(18_000 // common, 1)
        self.unit_max = max((max(cost[1:]) for cost in self._costs), default=1)
        metres = np.asarray(ways.metres, np.int64)
        seconds = np.asarray(ways.seconds, np.int64)
        self._reach = int(metres.max()), int(seconds.max())
        self._loads = _loads(problem, stops)
        depots = sorted({p for one in problem.vehicles for p in (one.start, one.end or one.start)})
        self._depots = {place: at for at, place in enumerate(depots)}
        prize = self._prize() if optional else 0
        self.made = pyvrp.ProblemData(
            locations=[pyvrp.Location(*(one.point() or (0.0, 0.0))) for one in problem.places],
            clients=[self._client(one, ways, prize, narrow=narrow) for one in stops],
            depots=[pyvrp.Depot(location=ways.at[place]) for place in depots],
            vehicle_types=[
                self._vehicle(one, cost)
                for one, cost in zip(problem.vehicles, self._costs, strict=True)
            ],
            distance_matrices=[metres],
            duration_matrices=[seconds],
        )

    def _client(self, stop: Stop, ways: Ways, prize: int, *, narrow: bool) -> Any:
        early = self._seconds_up(stop.from_ms)
        late = min((latest_of(stop) - self._origin) // 1000, NEVER_S)
        if stop.on_board_max_s is not None and narrow:
            leaves = min(self._early[one.id] for one in self._problem.vehicles)
            cut = max(leaves, self._seconds_up(stop.ready_ms)) + stop.on_board_max_s
            late = min(late, cut) if cut >= early else late
        return self._pyvrp.Client(
            location=ways.at[stop.place],
            delivery=self._loads.of(stop),
            service_duration=stop.service_s,
            tw_early=early,
            tw_late=max(late, early),
            release_time=min(self._seconds_up(stop.ready_ms), max(late, early)),
            prize=min(prize + stop.value * self._money, _PRIZE_MAX) if prize else 0,
            required=not prize,
        )

    def _vehicle(self, vehicle: Vehicle, cost: Sequence[int]) -> Any:
        early = self._early[vehicle.id]
        late = NEVER_S if vehicle.until_ms is None else (vehicle.until_ms - self._origin) // 1000
        limits = {"shift_duration": vehicle.route_max_s, "max_distance": vehicle.route_max_m}
        return self._pyvrp.VehicleType(
            num_available=min(vehicle.count, max(len(self._stops), 1)),
            capacity=self._loads.room(vehicle),
            start_depot=self._depots[vehicle.start],
            end_depot=self._depots[vehicle.end or vehicle.start],
            fixed_cost=cost[0],
            unit_distance_cost=cost[1],
            unit_duration_cost=cost[2],
            tw_early=early,
            tw_late=max(late, early),
            **{name: value for name, value in limits.items() if value is not None},
        )

    def _prize(self) -> int:
        """Price leaving a stop out above any route that could serve it."""
        metres, seconds = self._reach
        dearest = max(
            cost[0] + 2 * cost[1] * metres + 3 * cost[2] * seconds for cost in self._costs
        )
        return max(min(2 * dearest + 1, _PRIZE_MAX), 1)

    def solution(self, start: Sequence[tuple[str, Sequence[str]]]) -> Any:
        """Turn routes into where a search begins."""
        kinds = {one.id: at for at, one in enumerate(self._problem.vehicles)}
        places = {one.id: at for at, one in enumerate(self._stops)}
        routes = [
            self._pyvrp.Route(self.made, [places[s] for s in stops if s in places], kinds[vehicle])
            for vehicle, stops in start
            if any(s in places for s in stops)
        ]
        return self._pyvrp.Solution(self.made, routes)

    def read(self, best: Any) -> Found:
        """Take the orders of stops out of a solution."""
        routes = []
        for route in best.routes():
            order = tuple(self._stops[one.idx].id for one in route if one.is_client())
            routes.append((self._problem.vehicles[route.vehicle_type()].id, order))
        served = {name for _, order in routes for name in order}
        left = tuple(one.id for one in self._stops if one.id not in served)
        return Found(tuple(routes), left, best.is_feasible() and not left)

    def _from(self, vehicle: Vehicle) -> int:
        return self._seconds_up(vehicle.from_ms)

    def _seconds_up(self, at_ms: int | None) -> int:
        return 0 if at_ms is None else min(max(-((self._origin - at_ms) // 1000), 0), NEVER_S)


@dataclass(frozen=True, slots=True)
class _Loads:
    """What is loaded, dimension by dimension: amounts first, then who may carry what.

    names: dimensions of amounts. only: for each group of stops that some vehicles may not carry,
    the vehicles that may. groups: stop -> places in `only`.
    """

    names: tuple[str, ...]
    only: tuple[frozenset[str], ...]
    groups: Mapping[str, int]
    much: int

    def of(self, stop: Stop) -> list[int]:
        """Give a stop's load."""
        group = self.groups.get(stop.id)
        only = [int(at == group) * self.much for at in range(len(self.only))]
        return [*(stop.demand.get(name, 0) for name in self.names), *only]

    def room(self, vehicle: Vehicle) -> list[int]:
        """Give a vehicle's room."""
        room = [
            vehicle.capacity.get(name, 0) if vehicle.capacity else NEVER_S for name in self.names
        ]
        return [*room, *(NEVER_S if vehicle.id in one else 0 for one in self.only)]


def _loads(problem: Problem, stops: Sequence[Stop]) -> _Loads:
    names = tuple(sorted({name for stop in stops for name in stop.demand}))
    everybody = frozenset(one.id for one in problem.vehicles)
    groups: dict[str, int] = {}
    only: dict[frozenset[str], int] = {}
    for stop in stops:
        may = frozenset(one.id for one in problem.vehicles if may_carry(one, stop))
        if may != everybody:
            groups[stop.id] = only.setdefault(may, len(only))
    most = max((max(one.capacity.values(), default=1) for one in problem.vehicles), default=1)
    much = max(1, most // 10)  # as heavy in a penalty as a tenth of a vehicle
    return _Loads(names, tuple(only), groups, min(much, 10_000))


def may_carry(vehicle: Vehicle, stop: Stop) -> bool:
    """Tell whether a vehicle is of a kind that may carry a stop's goods, whatever else it has."""
    kind = not stop.vehicles or vehicle.id in stop.vehicles
    return (
        kind
        and (vehicle.cold or not stop.cold)
        and (not stop.starts or vehicle.start in stop.starts)
    )
