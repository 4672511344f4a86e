"""A plan of routes as a picture: its places, the vehicles' ways, and what nobody serves.

This module refuses to draw a plan whose places have no coordinates.
"""

from __future__ import annotations

from counterfoil.apps.supply.plan.plans import Plan
from counterfoil.apps.supply.plan.problem import Problem
from counterfoil.drawing.routes import MapRoute, MapSpot, route_map
from counterfoil.errors import InputError

__all__ = ["draw_plan"]


def draw_plan(problem: Problem, plan: Plan) -> str:
    """Draw a plan as `<svg>`. Raises InputError with code plan.no-coordinates."""
    at = {one.id: one.point() for one in problem.places}
    places = {one.id: one.place for one in problem.stops}
    missing = {place for place in places.values() if at[place] is None}
    starts = {one.start for one in problem.vehicles} | {
        one.end or one.start for one in problem.vehicles
    }
    if missing or any(at[one] is None for one in starts):
        raise InputError(
            "plan.no-coordinates",
            "expected coordinates of every place, to draw the routes, found places without",
            hint="Give places x and y, or latitude and longitude, beside the matrix.",
        )
    why = {places[one.stop]: one.says for one in plan.unserved}
    spots = [
        MapSpot(
            one.id,
            point,
            "start" if one.id in starts else "bad" if one.id in why else "dot",
            f"{one.id}: {why[one.id]}" if one.id in why else one.id,
        )
        for one in problem.places
        if (point := at[one.id]) is not None
    ]
    vehicles = {one.id: one for one in problem.vehicles}
    routes = [
        MapRoute(
            f"{one.vehicle} {one.number}",
            (
                vehicles[one.vehicle].start,
                *(places[stop] for stop in one.stops),
                vehicles[one.vehicle].end or vehicles[one.vehicle].start,
            ),
            f"{one.vehicle} {one.number}: {len(one.visits)} stops, {one.distance_m / 1000:,.1f} km",
        )
        for one in plan.routes
    ]
    degrees = any(one.latitude is not None for one in problem.places)
    return route_map(problem.name or "Routes", spots, routes, degrees=degrees)
