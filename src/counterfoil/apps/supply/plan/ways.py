"""How far and how long the ways between places are: given as matrices, or made from coordinates.

Distances are those of the sphere, or of the plane, times a detour. This module refuses to ask a
road map: whoever has one gives its matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.plan.problem import Problem, wrong_problem
from counterfoil.extras import need

__all__ = ["NEVER_S", "Ways", "ways_of"]

NEVER_S: Final = 10_000_000_000
"""A time that is later than every other, seconds after a problem's start: 300 years."""

_EARTH_M: Final = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways between places, by their position in the problem.

    metres, seconds: rows from, columns to, whole numbers. at: place -> position.
    """

    at: dict[str, int]
    metres: list[list[int]]
    seconds: list[list[int]]


def ways_of(problem: Problem) -> Ways:
    """Give the ways of a problem.

    Without duration_s they take what the speed says. Raises Unavailable with code extra.missing.
    """
    at = {one.id: number for number, one in enumerate(problem.places)}
    metres = _whole(problem.distance_m) if problem.distance_m else _metres(problem)
    if problem.duration_s is not None:
        return Ways(at, metres, _whole(problem.duration_s))
    np: Any = need("numpy", "supply")
    seconds = np.rint(np.asarray(metres) * 3.6 / problem.speed_kmh).astype(int).tolist()
    return Ways(at, metres, seconds)


def _whole(matrix: list[list[int]]) -> list[list[int]]:
    """Copy a matrix; from a place to itself there is no way."""
    return [
        [0 if at == here else one for here, one in enumerate(row)] for at, row in enumerate(matrix)
    ]


def _metres(problem: Problem) -> list[list[int]]:
    np: Any = need("numpy", "supply")
    points = [one.point() for one in problem.places]
    if any(one is None for one in points):
        raise wrong_problem("a place has no coordinates, and there is no matrix distance_m")
    east, north = np.array(points, float).T
    if problem.places[0].latitude is None:
        far = np.hypot(east[:, None] - east, north[:, None] - north)
    else:
        far = _sphere(np, np.radians(north), np.radians(east))
    found: list[list[int]] = np.rint(far * problem.detour_pct / 100).astype(int).tolist()
    return found


def _sphere(np: Any, north: Any, east: Any) -> Any:
    """Compute distances on a sphere, metres; the haversine formula."""
    half = np.sin((north[:, None] - north) / 2) ** 2
    half = half + np.cos(north[:, None]) * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    return 2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
