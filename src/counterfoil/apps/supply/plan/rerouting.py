"""Say whether to stay with a plan when things changed, and what another one costs and saves.

Staying is played on as the vehicles would go; other ways are planned anew from where they are, with
and without each transfer that was named. A promise that cannot be kept any more, such as a window,
counts as lateness there too, so that both are measured alike. This module refuses to propose what
does not save anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from counterfoil.apps.supply.plan.changes import Changes, Course, Proposal, Transfer
from counterfoil.apps.supply.plan.plans import Plan, Route, Unserved
from counterfoil.apps.supply.plan.problem import Problem, Stop
from counterfoil.apps.supply.plan.routes import plan_routes
from counterfoil.apps.supply.plan.schedule import Judge, Walk, rounded, route_of
from counterfoil.apps.supply.plan.situation import Situation, drivable, situation_of
from counterfoil.apps.supply.plan.solver import Budget, solver_name
from counterfoil.apps.supply.plan.transferring import with_transfers
from counterfoil.formats import json_text
from counterfoil.ports import Progress, no_progress

__all__ = ["REROUTE_ITERATIONS", "digest_of_plan", "reroute"]

REROUTE_ITERATIONS: Final = 500
"""Iterations of each search where nobody says: a few vehicles and what they have on board."""

_LATE_MAX_MS: Final = 24 * 3_600_000
_NAMED: Final = 6


def reroute(
    problem: Problem,
    plan: Plan,
    now_ms: int,
    changes: Changes,
    *,
    budget: Budget | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Proposal:
    """Compare staying with a plan with the best way on that is found.

    problem, plan: as planned. now_ms: Unix ms. What was done stays done; goods on board stay on
    board unless a transfer is named; what was not loaded may go with any vehicle that is free.
    Costs count from now on. With values on no stop, what loses fewer stops is better, then what is
    less late, then what is cheaper; else all is money.
    Raises InputError with code plan.changes or plan.problem; VerificationError where the plan is
    none of the problem.
    """
    Judge(problem).check(plan)
    limit = budget or Budget(iterations=REROUTE_ITERATIONS)
    here = situation_of(problem, plan, now_ms, changes)
    windows = {one.id: one.until_ms for one in [*problem.stops, *changes.added]}
    keep = _course(here, here.orders, windows, changes)
    best: Course | None = None
    for transfers in _choices(changes.transfers):
        begun = with_transfers(here, transfers)
        if begun is None:
            continue
        for soft in (False, True):
            orders, left = _planned(begun, limit, seed, progress, soft=soft)
            course = _course(begun, orders, windows, changes, transfers, left)
            if best is None or _order(here, course) < _order(here, best):
                best = course
            if not course.lost:
                break  # later windows would lose no less
    assert best is not None  # noqa: S101 - no transfer is one of the choices
    saves = keep.total - best.total
    better = _order(here, best) < _order(here, keep) and saves >= changes.min_saving
    searched = any(limit.done)
    return Proposal(
        digest_of_plan(plan),
        now_ms,
        "reroute" if better else "keep",
        keep,
        best,
        saves,
        _says(keep, best, saves, better=better),
        seed if searched else 0,
        tuple(limit.done),
        solver_name() if searched else "",
    )


def digest_of_plan(plan: Plan) -> str:
    """Name a plan: SHA-256 of its canonical JSON, hexadecimal."""
    return sha256(json_text.canonicalise(msgspec.to_builtins(plan))).hexdigest()


def _choices(transfers: Sequence[Transfer]) -> list[tuple[Transfer, ...]]:
    """List none, each alone, and all together."""
    each = [(one,) for one in transfers]
    return [(), *each, *([tuple(transfers)] if len(transfers) > 1 else [])]


def _planned(
    here: Situation, budget: Budget, seed: int, progress: Progress, *, soft: bool
) -> tuple[list[tuple[str, tuple[str, ...]]], Sequence[Unserved]]:
    """Plan anew from a situation; give orders of stops, and what is left.

    soft: windows may be a day late, so that goods still come.
    """
    problem, _ = drivable(here)
    if problem is None or not problem.stops:
        return [], ()
    if soft:
        later = (_softened(one, here.problem.start_ms) for one in problem.stops)
        problem = msgspec.structs.replace(problem, stops=tuple(later))
    made = plan_routes(problem, budget, seed=seed, progress=progress)
    return [(one.vehicle, one.stops) for one in made.routes], made.unserved


def _softened(stop: Stop, now: int) -> Stop:
    if stop.until_ms is None:
        return stop
    return msgspec.structs.replace(stop, until_ms=max(stop.until_ms, now) + _LATE_MAX_MS)


def _course(
    here: Situation,
    orders: Iterable[tuple[str, Sequence[str]]],
    windows: Mapping[str, int | None],
    changes: Changes,
    transfers: tuple[Transfer, ...] = (),
    unserved: Sequence[Unserved] = (),
) -> Course:
    """Tell what a way of going on comes to, promises kept or not."""
    _, stuck = drivable(here)
    lost = list(stuck)
    gone = {one.stop for one in stuck}
    routes: list[Route] = []
    broken: list[str] = []
    late: dict[str, int] = {}
    parts = here.parts
    judge = Judge(here.problem)
    numbers: dict[str, int] = {}
    served: set[str] = set()
    for vehicle, names in orders:
        if vehicle in here.stranded:
            continue
        stops = [judge.stops[name] for name in names if name in judge.stops and name not in gone]
        if not stops and vehicle not in here.under_way:
            continue
        walk = judge.walk(judge.vehicles[vehicle], stops)
        numbers[vehicle] = numbers.get(vehicle, 0) + 1
        routes.append(route_of(vehicle, numbers[vehicle], walk))
        parts += walk.parts
        served |= {one.id for one in stops}
        lost += _ruined(walk)
        broken += [
            one.says for one in walk.faults if one.code in ("capacity", "return", "duration")
        ]
        late |= _late(walk, windows, {one.stop for one in lost})
    idle = here.under_way - numbers.keys() - here.stranded
    for vehicle in sorted(idle & judge.vehicles.keys()):  # it has nothing more to do: home it goes
        parts += judge.walk(judge.vehicles[vehicle], []).parts
    why = {one.stop: one for one in unserved}
    lost += [
        why.get(one, Unserved(one, "unserved", f"{one} is not served."))
        for one in judge.stops
        if one not in served and one not in gone
    ]
    value = sum(judge.stops[one.stop].value for one in lost)
    cost, late_s = rounded(parts), sum(late.values())
    total = cost + value + late_s * changes.late_cost_per_h // 3600
    return Course(
        cost, late_s, late, tuple(lost), value, total, tuple(routes), transfers, tuple(broken)
    )


def _ruined(walk: Walk) -> list[Unserved]:
    """Find goods that come, but come spoiled, or warm where they have to be cold."""
    found = {one.stop: one for one in walk.faults if one.code in ("spoils", "cold", "on-board")}
    return [Unserved(one.stop, one.code, f"{one.says}.") for one in found.values()]


def _late(walk: Walk, windows: Mapping[str, int | None], lost: set[str]) -> dict[str, int]:
    found = {}
    for visit in walk.visits:
        ends = windows.get(visit.stop)
        if ends is not None and visit.start_ms > ends and visit.stop not in lost:
            found[visit.stop] = -(-(visit.start_ms - ends) // 1000)
    return found


def _order(here: Situation, course: Course) -> tuple[int, ...]:
    """Order courses: by money where goods have values, else by what is lost, late and dear."""
    if any(one.value for one in here.problem.stops):
        return (course.total, len(course.lost), course.late_s)
    return (len(course.lost), course.late_s, course.total)


def _says(keep: Course, other: Course, saves: int, *, better: bool) -> str:
    words = ["Take the other way." if better else "Stay with the plan."]
    words.append(f"Staying {_comes_to(keep)}.")
    words.append(f"The {'other' if better else 'best other'} way {_comes_to(other)}.")
    if other.transfers:
        moved = ", ".join(
            f"from {one.giver} to {one.taker} at {one.place}" for one in other.transfers
        )
        words.append(f"Goods go over {moved}.")
    words.append(f"It saves {saves:,} minor units." if saves >= 0 else f"It costs {-saves:,} more.")
    return " ".join(words)[:8000]


def _comes_to(one: Course) -> str:
    words = f"costs {one.cost:,} minor units"
    if one.late:
        words += (
            f", is {one.late_s // 60:,} min late at {len(one.late)} stop{'s' * (len(one.late) > 1)}"
        )
    if not one.lost:
        return f"{words} and loses no goods"
    why = " ".join(lost.says for lost in one.lost[:_NAMED])
    return f"{words} and loses goods worth {one.lost_value:,} ({why})".replace(".)", ")")
