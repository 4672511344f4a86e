"""Routes on the X instances of CVRPLIB, beside the best known, savings and nearest neighbour.

A plan goes through `plan_routes` as anybody's file would, and our own evaluator judges it. Plain:
four instances, 5 s each. `--campaign`: every instance of the folder, 60 s each, and the share of
them within 2 % of the best known. Rivals: Clarke and Wright's savings (Operations Research 12,
1964), and always the nearest stop that still fits.

    ./dev bench supply_routes [--campaign]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import table
from counterfoil.apps.supply.plan.problem import Problem
from counterfoil.apps.supply.plan.routes import gap_of, plan_routes
from counterfoil.apps.supply.plan.schedule import Judge
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.apps.supply.plan.starting import savings_routes
from counterfoil.apps.supply.plan.vrplib_files import read_solution, read_vrplib

__all__ = ["nearest"]

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")
PLAIN = 4

Routes = Sequence[Sequence[int]]


def nearest(problem: Problem) -> Routes:
    """Drive to the nearest stop that still fits, and home when none does."""
    metres, demand, room = _parts(problem)
    left, routes = set(range(1, len(demand))), []
    while left:
        here, load, route = 0, 0, []
        while fitting := [one for one in left if load + demand[one] <= room]:
            here = min(fitting, key=lambda one: (metres[here][one], one))
            load += demand[here]
            left.discard(here)
            route.append(here)
        routes.append(route)
    return routes


def _parts(problem: Problem) -> tuple[list[list[int]], list[int], int]:
    assert problem.distance_m is not None
    demand = [0, *(sum(one.demand.values()) for one in problem.stops)]
    return problem.distance_m, demand, problem.vehicles[0].capacity["units"]


def main(seconds: float, most: int | None) -> None:
    """Plan and print."""
    rows, gaps = [], []
    files = sorted((DATA / "vrp_cvrp_x").glob("*.vrp"))
    for file in files[:: max(len(files) // most, 1)][:most] if most else files:
        problem = read_vrplib(file.read_bytes())
        known = read_solution(file.with_suffix(".sol").read_bytes()).cost
        began = time.perf_counter()
        plan = plan_routes(problem, Budget(seconds=seconds), seed=1)
        took = time.perf_counter() - began
        judge = Judge(problem)
        near = [("vehicle", [str(one) for one in route]) for route in nearest(problem)]
        rivals = [judge.plan(made).cost for made in (savings_routes(judge, problem.stops), near)]
        assert not plan.unserved
        gaps.append(gap_of(plan, known))
        shares = [f"{100 * (cost / known - 1):.2f}" for cost in (plan.cost, *rivals)]
        rows.append([file.stem, str(known), str(plan.cost), *shares, str(plan.iterations[0]),
                     f"{took:.0f}"])  # fmt: skip
        print(f"{file.stem}: {shares[0]} %", file=sys.stderr, flush=True)
    heads = ["", "best known", "ours", "gap %", "savings %", "nearest %", "iterations", "s"]
    table(f"{seconds:.0f} s a search, seed 1; gaps to the best known", heads, rows)
    within = sum(gap <= 0.02 for gap in gaps)
    print(f"\nwithin 2 %: {within} of {len(gaps)}; mean gap {100 * sum(gaps) / len(gaps):.2f} %, "
          f"largest {100 * max(gaps):.2f} %")  # fmt: skip


if __name__ == "__main__":
    campaign = "--campaign" in sys.argv
    main(60.0 if campaign else 5.0, None if campaign else PLAIN)
