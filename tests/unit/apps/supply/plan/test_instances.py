"""Instances of the literature: read as they are meant, and solved close to the best known."""

from __future__ import annotations

import msgspec
import pytest

from counterfoil.apps.supply.plan.routes import gap_of, plan_routes
from counterfoil.apps.supply.plan.schedule import Judge
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.apps.supply.plan.starting import savings_routes
from counterfoil.apps.supply.plan.vrplib_files import read_solution, read_vrplib
from counterfoil.errors import InputError
from tests.shared_data import data_path

SMALL = """NAME : small
TYPE : CVRPTW
DIMENSION : 4
CAPACITY : 10
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : LOWER_ROW
EDGE_WEIGHT_SECTION
5
6 7
8 9 4
DEMAND_SECTION
1 0
2 4
3 5
4 6
TIME_WINDOW_SECTION
1 0 100
2 0 50
3 0 50
4 0 50
SERVICE_TIME : 2
DEPOT_SECTION
1
-1
EOF
"""


@pytest.mark.parametrize("name", ["X-n101-k25", "X-n143-k7"])
def test_instances_are_solved_close_to_the_best_known(name: str) -> None:
    """With few iterations a plan of an X instance is at most 5 % dearer than the best known."""
    folder = data_path("vrp_cvrp_x")
    problem = read_vrplib((folder / f"{name}.vrp").read_bytes())
    known = read_solution((folder / f"{name}.sol").read_bytes())
    plan = plan_routes(problem, Budget(iterations=700), seed=1)
    assert not plan.unserved
    assert 0 <= gap_of(plan, known.cost) < 0.05


def test_best_known_solutions_cost_what_their_files_say() -> None:
    """Our judge gives each published solution its published cost: distances are rounded alike."""
    files = sorted(data_path("vrp_cvrp_x").glob("*.vrp"))
    assert files
    for file in files:
        known = read_solution(file.with_suffix(".sol").read_bytes())
        judge = Judge(read_vrplib(file.read_bytes()))
        assert judge.plan([("vehicle", route) for route in known.routes]).cost == known.cost


def test_a_matrix_with_windows_is_read() -> None:
    """An explicit triangle, windows, service times, and the depot's closing come out as meant."""
    problem = read_vrplib(SMALL.encode())
    assert problem.distance_m == [[0, 5, 6, 8], [5, 0, 7, 9], [6, 7, 0, 4], [8, 9, 4, 0]]
    assert [(one.id, one.demand, one.until_ms, one.service_s) for one in problem.stops] == [
        ("1", {"units": 4}, 50_000, 2),
        ("2", {"units": 5}, 50_000, 2),
        ("3", {"units": 6}, 50_000, 2),
    ]
    plan = plan_routes(problem, Budget(iterations=50))
    assert plan.cost == 5 + 7 + 6 + 2 * 8


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("TYPE : CVRPTW", "TYPE : PDPTW", "TYPE is 'PDPTW'"),
        ("EXPLICIT", "GEO", "EDGE_WEIGHT_TYPE is 'GEO'"),
        ("LOWER_ROW", "UPPER_COL", "EDGE_WEIGHT_FORMAT"),
        ("8 9 4", "8 9", "has 6 weights, and 5 are there"),
        ("4 6\n", "3 6\n", "DEMAND_SECTION"),
        ("2 4\n", "2 -4\n", "DEMAND has '-4'"),
        ("DEPOT_SECTION\n1", "DEPOT_SECTION\n2", "another depot"),
        ("NAME : small", "BACKHAUL_SECTION", "the field 'BACKHAUL_SECTION'"),
        ("DIMENSION : 4", "DIMENSION : 99999999", "DIMENSION"),
        ("NAME : small", "3 4", "numbers where a field should be"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(old: str, new: str, words: str) -> None:
    """No field is left out silently, and none is taken for another."""
    with pytest.raises(InputError, match=words) as caught:
        read_vrplib(SMALL.replace(old, new).encode())
    assert caught.value.code == "plan.vrplib"


def test_a_file_that_is_no_solution_is_refused() -> None:
    """Without a cost there is nothing to compare with."""
    for data in (b"Route #1: 1 2\n", b"Cost nothing\n", b"\xff\xfe"):
        with pytest.raises(InputError):
            read_solution(data)


def test_routes_are_joined_where_that_saves() -> None:
    """Savings hold, cost at most a sixth more than the best known, and need one kind of vehicle."""
    folder = data_path("vrp_cvrp_x")
    problem = read_vrplib((folder / "X-n110-k13.vrp").read_bytes())
    known = read_solution((folder / "X-n110-k13.sol").read_bytes()).cost
    judge = Judge(problem)
    assert known <= judge.plan(savings_routes(judge, problem.stops)).cost < 7 / 6 * known
    few = msgspec.structs.replace(problem.vehicles[0], count=2)
    other = msgspec.structs.replace(problem.vehicles[0], id="other")
    for vehicles in ((few,), (problem.vehicles[0], other)):
        changed = Judge(msgspec.structs.replace(problem, vehicles=vehicles))
        assert savings_routes(changed, problem.stops) == []


def test_routes_are_not_joined_where_a_window_would_break() -> None:
    """A stop that has to be first on its route stays so, or stays alone."""
    problem = read_vrplib(SMALL.replace("3 0 50", "3 0 6").encode())
    judge = Judge(problem)
    assert {stops for _, stops in savings_routes(judge, problem.stops)} == {("2", "1"), ("3",)}


def test_many_stops_begin_from_savings() -> None:
    """With hundreds of stops one step of search is already no dearer than joining routes."""
    points = [(at * 37 % 101, at * 53 % 97) for at in range(420)]
    places = "".join(f"{at} {x} {y}\n" for at, (x, y) in enumerate(points, 1))
    demand = "".join(f"{at} {min(at - 1, 1) * 10}\n" for at in range(1, 421))
    problem = read_vrplib(
        f"TYPE : CVRP\nDIMENSION : 420\nCAPACITY : 100\nNODE_COORD_SECTION\n{places}"
        f"DEMAND_SECTION\n{demand}".encode()
    )
    judge = Judge(problem)
    joined = judge.plan(savings_routes(judge, problem.stops)).cost
    assert plan_routes(problem, Budget(iterations=1)).cost <= joined
