"""Routes keep every promise, serve what can be served, and say why the rest is not."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.supply.plan.mending import mend
from counterfoil.apps.supply.plan.plans import Plan
from counterfoil.apps.supply.plan.problem import Place, Problem, Stop, Vehicle
from counterfoil.apps.supply.plan.routes import plan_routes
from counterfoil.apps.supply.plan.schedule import COST_PARTS, Judge
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.apps.supply.plan.ways import ways_of
from counterfoil.errors import InputError, VerificationError
from tests.plans_made import HOUR_MS, START_MS, line, made

FEW = 60


def _slow_look(problem: Problem, plan: Plan) -> None:
    """Look at a plan once more, second by second, in code of its own."""
    stops = {one.id: one for one in problem.stops}
    vehicles = {one.id: one for one in problem.vehicles}
    ways = ways_of(problem)
    for route in plan.routes:
        vehicle = vehicles[route.vehicle]
        here, now, load = vehicle.start, route.depart_ms, dict.fromkeys(vehicle.capacity, 0)
        assert now >= problem.start_ms
        metres = 0
        for visit in route.visits:
            stop = stops[visit.stop]
            metres += ways.metres[ways.at[here]][ways.at[stop.place]]
            now += 1000 * ways.seconds[ways.at[here]][ways.at[stop.place]]
            assert visit.arrive_ms == now
            now = max(now, stop.from_ms or 0)
            assert now <= min(stop.until_ms or now, stop.good_until_ms or now)
            assert (
                stop.on_board_max_s is None or now - route.depart_ms <= stop.on_board_max_s * 1000
            )
            assert vehicle.cold or not stop.cold
            for name, amount in stop.demand.items():
                load[name] += amount
            now += stop.service_s * 1000
            here = stop.place
        now += 1000 * ways.seconds[ways.at[here]][ways.at[vehicle.end or vehicle.start]]
        metres += ways.metres[ways.at[here]][ways.at[vehicle.end or vehicle.start]]
        assert (now, metres) == (route.return_ms, route.distance_m)
        assert now <= (vehicle.until_ms or now)
        assert now - route.depart_ms <= 1000 * (vehicle.route_max_s or 10**9)
        assert all(load[name] <= room for name, room in vehicle.capacity.items())
    served = [stop for route in plan.routes for stop in route.stops]
    assert sorted([*served, *(one.stop for one in plan.unserved)]) == sorted(stops)
    for vehicle in problem.vehicles:
        assert sum(one.vehicle == vehicle.id for one in plan.routes) <= vehicle.count


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_keeps_every_promise(seed: int) -> None:
    """Windows, room, cold, shelf life, time on board, shifts and fleet hold; no stop is lost."""
    problem = made(seed)
    plan = plan_routes(problem, Budget(iterations=FEW), seed=seed)
    _slow_look(problem, plan)
    assert plan.routes


def test_the_same_seed_and_iterations_plan_the_same() -> None:
    """What was planned comes out the same again from its seed and iterations; so does its time."""
    problem = made(5, 12)
    plan = plan_routes(problem, Budget(seconds=0.2), seed=9)
    again = plan_routes(problem, Budget(exactly=plan.iterations), seed=9)
    assert again == plan


def test_small_problems_are_solved_as_well_as_by_trying_everything() -> None:
    """With one vehicle and six stops the plan costs what the best of all orders costs."""
    places = [f"k{at}" for at in (7, 2, 9, 4, 11, 1)]
    begin = [START_MS + at * 600_000 for at in range(len(places))]
    stops = [
        {"id": f"s{at}", "place": place, "from_ms": begin[at], "until_ms": begin[at] + HOUR_MS}
        for at, place in enumerate(places)
    ]
    problem = line(stops, cost_per_km=100, cost_per_h=6000)
    judge = Judge(problem)
    vehicle = problem.vehicles[0]
    walks = (judge.walk(vehicle, order) for order in permutations(problem.stops))
    best = min(one.parts for one in walks if not one.faults)
    plan = plan_routes(problem, Budget(iterations=200))
    assert len(plan.unserved) == 0
    assert abs(plan.cost - best / COST_PARTS) <= 0.5


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_leaving_later_makes_no_route_longer(data: st.DataObject) -> None:
    """The judge's departure gives the shortest route and time on board of its order of stops."""
    stops: list[dict[str, Any]] = []
    for at in range(data.draw(st.integers(1, 4))):
        begin = START_MS + 60_000 * data.draw(st.integers(0, 60))
        until = begin + 60_000 * data.draw(st.integers(0, 60))
        stops.append({"id": f"s{at}", "place": f"k{data.draw(st.integers(0, 5))}",
                      "from_ms": begin, "until_ms": until, "service_s": 60 * at})  # fmt: skip
    problem = line(stops)
    judge = Judge(problem)
    ours = judge.walk(problem.vehicles[0], problem.stops)
    places = [0, *(int(one.place[1:]) for one in problem.stops), 0]
    legs = [60_000 * abs(a - b) for a, b in pairwise(places)]

    def go(depart: int) -> tuple[int, list[int], bool]:
        now, starts, holds = depart, [], True
        for stop, leg in zip(problem.stops, legs[:-1], strict=True):
            now = max(now + leg, stop.from_ms or 0)
            starts.append(now - depart)
            holds = holds and now <= (stop.until_ms or now)
            now += stop.service_s * 1000
        return now + legs[-1] - depart, starts, holds

    found = [go(START_MS + 60_000 * minute) for minute in range(200)]
    fitting = [one for one in found if one[2]]
    assert bool(fitting) == (not ours.faults)
    if fitting:
        assert ours.return_ms - ours.depart_ms == min(one[0] for one in fitting)
        mine = [one.start_ms - ours.depart_ms for one in ours.visits]
        assert mine == [min(one[1][at] for one in fitting) for at in range(len(mine))]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("good_until_ms", START_MS + 4 * 60_000, "spoils"),
        ("until_ms", START_MS + 4 * 60_000, "window"),
        ("on_board_max_s", 240, "on-board"),
        ("cold", True, "cold"),
        ("demand", {"kg": 11}, "capacity"),
        ("starts", ["k1"], "start"),
    ],
)
def test_what_cannot_be_served_is_told(field: str, value: Any, code: str) -> None:
    """A stop that no vehicle can serve is left out with the promise that keeps it off the road."""
    stops: list[dict[str, Any]] = [{"id": "near", "place": "k1"}, {"id": "far", "place": "k5"}]
    stops[1][field] = value
    plan = plan_routes(line(stops, capacity={"kg": 10}), Budget(iterations=20))
    assert [(one.stop, one.code) for one in plan.unserved] == [("far", code)]
    assert "far" in plan.unserved[0].says
    assert [one.stops for one in plan.routes] == [("near",)]


def test_goods_that_spoil_are_named() -> None:
    """Who reads why a stop is left out learns which goods spoil, and by how much."""
    stops = [{"id": "shop", "place": "k5", "good_until_ms": START_MS, "goods": "strawberries"}]
    plan = plan_routes(line(stops))
    assert plan.unserved[0].says.startswith("strawberries for shop spoil 300 s before")
    assert (plan.iterations, plan.solver, plan.cost) == ((), "", 0)


def test_a_full_fleet_leaves_what_loses_least() -> None:
    """Where there is room for two of three, the least valuable stays, and is said to."""
    values = {"a": 500, "b": 90, "c": 700}
    stops = [
        {"id": name, "place": f"k{at}", "demand": {"kg": 5}, "value": value}
        for at, (name, value) in enumerate(values.items(), 1)
    ]
    plan = plan_routes(line(stops, capacity={"kg": 10}), Budget(iterations=50))
    assert [(one.stop, one.code) for one in plan.unserved] == [("b", "capacity")]
    assert "van would carry 15 kg" in plan.unserved[0].says


def test_time_on_board_is_bounded_where_a_cheaper_plan_would_break_it() -> None:
    """A longest time on board changes the order, or takes another vehicle, instead of breaking."""
    stops: list[dict[str, Any]] = [
        {"id": "first", "place": "k3", "service_s": 1800},
        {"id": "fish", "place": "k4"},
    ]
    free = plan_routes(line(stops, cost_fixed=10_000, count=2), Budget(iterations=50))
    assert len(free.routes) == 1
    stops[1]["on_board_max_s"] = 300
    stops[0]["until_ms"] = START_MS + 200_000
    bound = plan_routes(line(stops, cost_fixed=10_000, count=2), Budget(iterations=50))
    assert not bound.unserved
    assert len(bound.routes) == 2


def test_a_plan_that_was_changed_is_refused() -> None:
    """Another order, another time, a stop twice or left out, or another cost does not pass."""
    problem = made(1, 10)
    plan = plan_routes(problem, Budget(iterations=FEW))
    judge = Judge(problem)
    judge.check(plan)
    first = plan.routes[0]
    late = msgspec.structs.replace(first, depart_ms=first.depart_ms + 1000)
    changed = [
        msgspec.structs.replace(plan, cost=plan.cost - 1),
        msgspec.structs.replace(plan, routes=plan.routes[1:]),
        msgspec.structs.replace(plan, routes=(first, *plan.routes)),
        msgspec.structs.replace(plan, routes=(late, *plan.routes[1:])),
        msgspec.structs.replace(plan, problem="0" * 64),
    ]
    for other in changed:
        with pytest.raises(VerificationError, match="expected a plan"):
            judge.check(other)


def test_stops_at_the_start_alone_are_planned() -> None:
    """A problem of one place has no ways, and a plan."""
    plan = plan_routes(line([{"id": "a", "place": "k0"}, {"id": "b", "place": "k0"}]), Budget(5))
    assert (plan.distance_m, plan.unserved) == (0, ())


def test_numbers_whose_sums_are_not_exact_are_refused() -> None:
    """Costs that would overflow are told, instead of planning by wrong sums."""
    stops = [{"id": f"s{at}", "place": "k2"} for at in range(100)]
    problem = line(stops, cost_per_km=10**6, cost_per_h=999_983)
    far = msgspec.structs.replace(problem, distance_m=[[10**9] * 3] * 3)
    with pytest.raises(InputError, match="too large to be summed"):
        plan_routes(far, Budget(5))


def test_a_stop_that_only_another_leads_to_is_put_in() -> None:
    """Where ways lead to a stop through another one alone, it is not left out for coming first."""
    never = 1_000_000_000
    problem = Problem(
        places=tuple(Place(one) for one in ("depot", "near", "far")),
        vehicles=(Vehicle("van", "depot"),),
        stops=(Stop("far", "far", until_ms=3_600_000, value=9), Stop("near", "near")),
        distance_m=[[0, 1, 1], [1, 0, 1], [1, 1, 0]],
        duration_s=[[0, 60, never], [60, 0, 60], [60, 60, 0]],
    ).check()
    mended = mend(Judge(problem), [], ["far", "near"])
    assert mended.routes == (("van", ("near", "far")),)
    assert mended.left == ()
