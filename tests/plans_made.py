"""Routing problems with everything at once, made from a seed: for tests of plans."""

from __future__ import annotations

import random
from typing import Any, Final

from counterfoil.apps.supply.plan.problem import Problem, read_problem
from counterfoil.formats import json_text

__all__ = ["HOUR_MS", "START_MS", "line", "made", "problem_of"]

START_MS: Final = 1_900_000_000_000
HOUR_MS: Final = 3_600_000


def problem_of(said: dict[str, Any]) -> Problem:
    """Read a problem as it would stand in a file."""
    return read_problem(json_text.format(said))


def made(seed: int, stops: int = 20) -> Problem:
    """Make a problem with windows, room, cold, shelf life, and longest times on board."""
    chance = random.Random(seed)
    places = [{"id": "hub", "latitude": 52.0, "longitude": 5.0}]
    told = []
    for at in range(stops):
        north, east = chance.uniform(-0.5, 0.5), chance.uniform(-0.7, 0.7)
        places.append({"id": f"p{at}", "latitude": 52.0 + north, "longitude": 5.0 + east})
        begin = START_MS + chance.randrange(8) * HOUR_MS
        stop: dict[str, Any] = {
            "id": f"s{at}",
            "place": f"p{at}",
            "demand": {"kg": chance.randrange(10, 200), "pallets": 1},
            "from_ms": begin,
            "until_ms": begin + 3 * HOUR_MS,
            "service_s": 600,
            "value": chance.randrange(1000, 90_000),
            "goods": "berries",
        }
        if chance.random() < 0.4:
            stop["cold"] = True
        if chance.random() < 0.4:
            stop["on_board_max_s"] = chance.randrange(3600, 3 * 3600)
        if chance.random() < 0.3:
            stop["good_until_ms"] = begin + chance.randrange(-HOUR_MS, 5 * HOUR_MS)
        told.append(stop)
    room = {"pallets": 6}
    reefer = {"count": 4, "capacity": {"kg": 800, **room}, "cold": True, "cost_fixed": 20_000}
    van = {"count": 6, "capacity": {"kg": 600, **room}, "cost_fixed": 12_000}
    vehicles = [
        {"id": "reefer", "start": "hub", **reefer, "cost_per_km": 120, "cost_per_h": 3000,
         "until_ms": START_MS + 14 * HOUR_MS},
        {"id": "van", "start": "hub", **van, "cost_per_km": 80, "cost_per_h": 2500,
         "route_max_s": 9 * 3600},
    ]  # fmt: skip
    return problem_of({"start_ms": START_MS, "places": places, "stops": told, "vehicles": vehicles})


def line(stops: list[dict[str, Any]], **vehicle: Any) -> Problem:
    """Make a problem on a line: place `k0` is the hub, `kN` lies N km and N minutes from it.

    stops: each with at least `id` and `place`. vehicle: fields of the one kind there is.
    """
    count = 1 + max(int(one["place"][1:]) for one in stops)
    apart = [[abs(a - b) for a in range(count)] for b in range(count)]
    return problem_of(
        {
            "start_ms": START_MS,
            "places": [{"id": f"k{at}", "x": 1000.0 * at, "y": 0.0} for at in range(count)],
            "vehicles": [{"id": "van", "start": "k0", **vehicle}],
            "stops": stops,
            "distance_m": [[1000 * cell for cell in row] for row in apart],
            "duration_s": [[60 * cell for cell in row] for row in apart],
        }
    )
