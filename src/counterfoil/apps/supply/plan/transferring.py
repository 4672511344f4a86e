"""Let goods go over from one vehicle to another, at a place that both drive to.

Both wait until the later one is there and the goods are handled; from then on either may deliver
what the giver had, and each still delivers its own. This module refuses transfers that nobody
named, and places that a stranded vehicle cannot come to.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from counterfoil.apps.supply.plan.changes import Transfer
from counterfoil.apps.supply.plan.problem import Vehicle
from counterfoil.apps.supply.plan.schedule import COST_PARTS
from counterfoil.apps.supply.plan.situation import Situation
from counterfoil.apps.supply.plan.ways import ways_of

__all__ = ["with_transfers"]


def with_transfers(found: Situation, transfers: Sequence[Transfer]) -> Situation | None:
    """Give the situation once transfers are made; None where one of them cannot be."""
    for one in transfers:
        moved = _with_transfer(found, one)
        if moved is None:
            return None
        found = moved
    return found


def _with_transfer(found: Situation, one: Transfer) -> Situation | None:
    vehicles = {vehicle.id: vehicle for vehicle in found.problem.vehicles}
    giver, taker = vehicles.get(one.giver), vehicles.get(one.taker)
    stuck = one.giver in found.stranded
    if giver is None or taker is None or giver is taker or one.giver not in found.under_way:
        return None
    if one.taker in found.stranded or (stuck and giver.start != one.place):
        return None
    meeting = (taker,) if stuck else (giver, taker)
    ways = ways_of(found.problem)
    at = ways.at[one.place]
    reached = [_from(v) + 1000 * ways.seconds[ways.at[v.start]][at] for v in meeting]
    ready = max([*reached, _from(giver)]) + 1000 * one.handling_s
    parts = found.parts
    for vehicle in meeting:
        parts += 18_000 * vehicle.cost_per_km * ways.metres[ways.at[vehicle.start]][at]
        parts += 5 * vehicle.cost_per_h * (ready - _from(vehicle))
    free = taker.id not in found.under_way
    took = f"{taker.id} for {giver.id}"[:255] if free else taker.id
    parts += COST_PARTS * taker.cost_fixed if free else 0
    made = [v for v in found.problem.vehicles if v not in meeting]
    if free and taker.count > 1:
        made.append(msgspec.structs.replace(taker, count=taker.count - 1))
    if not stuck:
        made.append(_met(giver, giver.id, one.place, ready))
    made.append(_met(taker, took, one.place, ready))
    carriers = (took,) if stuck else (giver.id, took)
    stops = tuple(
        msgspec.structs.replace(stop, vehicles=carriers)
        if stop.vehicles == (giver.id,)
        else msgspec.structs.replace(
            stop, vehicles=tuple(v for v in stop.vehicles if v in _ids(made))
        )
        for stop in found.problem.stops
    )
    problem = msgspec.structs.replace(found.problem, vehicles=tuple(made), stops=stops)
    way = found.under_way | {took}
    return Situation(problem, found.orders, way, found.stranded, parts)


def _met(vehicle: Vehicle, name: str, place: str, ready: int) -> Vehicle:
    """Give a vehicle as it is after a transfer: at its place, with its fixed cost spent."""
    spent = max(ready - _from(vehicle), 0) // 1000
    longest = None if vehicle.route_max_s is None else max(vehicle.route_max_s - spent, 0)
    return msgspec.structs.replace(
        vehicle, id=name, count=1, start=place, end=vehicle.end or vehicle.start, from_ms=ready,
        cost_fixed=0, route_max_s=longest,
    )  # fmt: skip


def _ids(vehicles: Sequence[Vehicle]) -> set[str]:
    return {one.id for one in vehicles}


def _from(vehicle: Vehicle) -> int:
    return vehicle.from_ms or 0
