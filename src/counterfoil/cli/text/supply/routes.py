"""Text of `ops.supply.routes`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.apps.supply.plan.plans import Plan, Route
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import counted, number, plain, time_of
from counterfoil.ops.supply.routes import Rerouted, Routed

__all__ = ["plan_lines", "reroute", "route"]


def route(found: Routed, paint: Paint) -> Iterator[str]:
    """Show the plan, the gap to the best that is known, and where it was recorded."""
    yield from plan_lines(found.plan, paint)
    if found.best is not None and found.gap is not None:
        yield f"best known {number(found.best)}: ours is {100 * found.gap:.2f} % dearer"
    if found.index is not None:
        yield f"recorded as entry {found.index}"


def reroute(found: Rerouted, paint: Paint) -> Iterator[str]:
    """Show what is proposed, why, and the way that would be taken."""
    one = found.proposal
    yield paint.strong(one.outcome)
    yield plain(one.says)
    taken = one.other if one.outcome == "reroute" else one.keep
    yield from _route_lines(taken.routes)
    for said in taken.broken:
        yield f"{paint.warn('broken')} {plain(said)}"
    if found.index is not None:
        yield f"recorded as entry {found.index}"


def plan_lines(plan: Plan, paint: Paint) -> Iterator[str]:
    """Show each route with its stops, and what stays behind with its reason."""
    yield (
        f"{paint.strong(f'cost {number(plan.cost)}')}, {counted(len(plan.routes), 'route')}, "
        f"{plan.distance_m / 1000:,.1f} km, {plan.duration_s / 3600:,.1f} h"
    )
    yield from _route_lines(plan.routes)
    for left in plan.unserved:
        says = left.says.removeprefix(f"{left.stop}: ")
        yield f"{paint.bad('not served')} {plain(left.stop)}: {plain(says)}"


def _route_lines(routes: tuple[Route, ...]) -> Iterator[str]:
    for one in routes:
        yield (
            f"{plain(one.vehicle)} {one.number}  {time_of(one.depart_ms)} to "
            f"{time_of(one.return_ms)}  {one.distance_m / 1000:,.1f} km, cost {number(one.cost)}"
        )
        yield f"  {plain(' '.join(one.stops))}"
