"""A routing problem in PyVRP's words, and its answer in ours: orders of stops, and nothing else.

What PyVRP does not know is put in its words: what only some vehicles may carry is a load that the
others have no room for, so that it holds in every plan (cold, starts, vehicles). A longest time on
board has no such words: whoever searches gives later bounds on windows instead. This module refuses
to search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import Any, Final

from counterfoil.apps.supply.plan.problem import Problem, Stop, Vehicle, wrong_problem
from counterfoil.apps.supply.plan.schedule import latest_of
from counterfoil.apps.supply.plan.ways import NEVER_S, Ways
from counterfoil.extras import need

__all__ = ["Found", "Translated", "may_carry"]

_PRIZE_MAX: Final = 1 << 40
_SUM_MAX: Final = 1 << 58
_EDGES: Final = 20.0  # what a broken promise costs at first


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. routes: (vehicle, stops in order). left: stops that it left out."""

    routes: tuple[tuple[str, tuple[str, ...]], ...]
    left: tuple[str, ...]


class Translated:
    """A problem in PyVRP's words, in whole seconds after the problem's start."""

    def __init__(
        self,
        pyvrp: Any,
        problem: Problem,
        ways: Ways,
        stops: Sequence[Stop],
        latest_ms: Mapping[str, int],
        *,
        optional: bool,
    ) -> None:
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
            clients=[self._client(one, ways, prize, latest_ms.get(one.id)) for one in stops],
            depots=[pyvrp.Depot(location=ways.at[place]) for place in depots],
            vehicle_types=[
                self._vehicle(one, cost)
                for one, cost in zip(problem.vehicles, self._costs, strict=True)
            ],
            distance_matrices=[metres],
            duration_matrices=[seconds],
        )

    def price_max(self) -> float:
        """Give the largest price of a broken unit with which no sum is too large for 64 bits.

        Raises InputError with code plan.problem where costs alone, or amounts, are too large.
        """
        visits = 2 * len(self._stops) + 2
        metres, seconds = self._reach
        per_m, per_s = (max(cost[at] for cost in self._costs) for at in (1, 2))
        fixed = max(cost[0] for cost in self._costs)
        longest = visits * (seconds + max(one.service_s for one in self._stops))
        first = max(self._seconds_up(one.from_ms) for one in self._stops)
        leaves = max(self._seconds_up(one.ready_ms) for one in self._stops)
        begin = max(first, leaves, *self._early.values())
        rows = [self._loads.of(stop) for stop in self._stops]
        loads = [sum(row[at] for row in rows) for at in range(len(rows[0]))]
        costs = visits * (per_m * metres + fixed) + per_s * (longest + begin)
        broken = max(begin + longest, visits * metres, *loads, 1)
        price: float = min(max(100_000.0, 10.0 * self.unit_max), _SUM_MAX / broken)
        if costs > _SUM_MAX or price < 100:
            raise wrong_problem("its distances, times, amounts or costs are too large to be summed")
        return price

    def _client(self, stop: Stop, ways: Ways, prize: int, latest_ms: int | None) -> Any:
        early = self._seconds_up(stop.from_ms)
        ends = latest_of(stop) if latest_ms is None else min(latest_of(stop), latest_ms)
        late = min((ends - self._origin) // 1000, NEVER_S)
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

    def prices(self) -> tuple[list[float], float, float]:
        """Give first prices of a unit too much of each load, of time, and of distance."""
        np: Any = need("numpy", "supply")
        metres, seconds = self.made.distance_matrix(0), self.made.duration_matrix(0)
        apart = ~np.eye(len(metres), dtype=bool)
        pairs = max(int(apart.sum()), 1)
        far, long = (max(float(one[apart].sum()) / pairs, 1.0) for one in (metres, seconds))
        per_m, per_s = (float(np.mean(one)) for one in np.transpose(self._costs)[1:])
        edge = _EDGES * max(per_m * far + per_s * long, 1.0)
        loads = np.asarray([self._loads.of(one) for one in self._stops], float)
        usual = loads.sum(axis=0) / np.maximum((loads > 0).sum(axis=0), 1)
        return (edge / np.maximum(usual, 1.0)).tolist(), edge / long, edge / far

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
        return Found(tuple(routes), left)

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
