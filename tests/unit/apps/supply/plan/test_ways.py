"""Ways between places: what is given stays, what is missing follows from coordinates."""

from __future__ import annotations

import pytest

from counterfoil.apps.supply.plan.ways import ways_of
from tests.plans_made import line, problem_of

VAN = [{"id": "van", "start": "a"}]


def test_degrees_are_measured_on_the_sphere() -> None:
    """A degree of latitude is 111.2 km, one of longitude half of that at 60 degrees."""
    places = [
        {"id": "a", "latitude": 60.0, "longitude": 5.0},
        {"id": "b", "latitude": 61.0, "longitude": 5.0},
        {"id": "c", "latitude": 60.0, "longitude": 6.0},
    ]
    said = {"places": places, "vehicles": VAN, "stops": [], "detour_pct": 100, "speed_kmh": 100}
    ways = ways_of(problem_of(said))
    assert ways.metres[0][1] == pytest.approx(111_195, abs=5)
    assert ways.metres[0][2] == pytest.approx(111_195 / 2, rel=0.001)
    assert ways.seconds[0][1] == pytest.approx(111.195 * 36, abs=1)
    longer = ways_of(problem_of(said | {"detour_pct": 150}))
    assert longer.metres[0][1] == pytest.approx(1.5 * ways.metres[0][1], abs=1)


def test_a_plane_is_measured_straight() -> None:
    """Metres on a plane are those of Pythagoras."""
    places = [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 300, "y": 400}]
    said = {"places": places, "vehicles": VAN, "stops": [], "detour_pct": 100, "speed_kmh": 36}
    ways = ways_of(problem_of(said))
    assert (ways.metres[1][0], ways.seconds[1][0]) == (500, 50)


def test_a_matrix_stays_as_it_is_given() -> None:
    """Given ways count, and there is none from a place to itself."""
    problem = line([{"id": "s", "place": "k2"}])
    assert problem.distance_m is not None
    problem.distance_m[1][1] = 9
    ways = ways_of(problem)
    assert ways.metres == [[0, 1000, 2000], [1000, 0, 1000], [2000, 1000, 0]]
    assert ways.at == {"k0": 0, "k1": 1, "k2": 2}
