"""Plan routes from a file, compare with the best that is known, draw and record what came out.

This module refuses to record a plan that nobody asked to be recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.extras import brings
from counterfoil.ops.decisions import parse_time
from counterfoil.ops.files import keep_input, read_file, read_input, write_file
from counterfoil.ops.place import open_for_writing
from counterfoil.ops.supply.seeds import seed_of
from counterfoil.ports import STANDARD_STREAM, Channel, Param, Progress, no_progress

with brings("supply"):
    from counterfoil.apps.supply.plan.changes import Proposal, read_changes
    from counterfoil.apps.supply.plan.pictures import draw_plan
    from counterfoil.apps.supply.plan.plans import Plan, read_plan
    from counterfoil.apps.supply.plan.problem import PROBLEM_MAX_BYTES, Problem, read_problem
    from counterfoil.apps.supply.plan.recorded import record_plan
    from counterfoil.apps.supply.plan.reroute_recorded import record_reroute
    from counterfoil.apps.supply.plan.rerouting import REROUTE_ITERATIONS
    from counterfoil.apps.supply.plan.rerouting import reroute as compare
    from counterfoil.apps.supply.plan.routes import ITERATIONS, gap_of, plan_routes
    from counterfoil.apps.supply.plan.solver import Budget
    from counterfoil.apps.supply.plan.vrplib_files import read_solution, read_vrplib
    from counterfoil.drawing.routes import standalone

__all__ = ["Rerouted", "Routed", "reroute", "route"]

_SOLUTION_MAX_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Routed:
    """A plan.

    best: cost that is known, where somebody named it. gap: how much dearer ours is, as a share.
    index: of the decision, where it was recorded.
    """

    plan: Plan
    best: int | None
    gap: float | None
    index: int | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**self.plan.to_json(), "best": self.best, "gap": self.gap, "index": self.index}


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A proposal. index: of the decision, where it was recorded."""

    proposal: Proposal
    index: int | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**self.proposal.to_json(), "index": self.index}


def route(
    file: Annotated[
        Path, Param("A problem as JSON, or VRPLIB (.vrp), or -.", "FILE", holds="file")
    ],
    *,
    best: Annotated[
        Path | None, Param("The best that is known, as VRPLIB (.sol).", "FILE", holds="file")
    ] = None,
    seconds: Annotated[int | None, Param("Search so long, each time.", "S")] = None,
    iterations: Annotated[
        int | None, Param(f"Search so many steps, each time; {ITERATIONS} by itself.", "N")
    ] = None,
    seed: Annotated[int, Param("Of the search; the same again plans the same.", "N")] = 0,
    svg: Annotated[
        Path | None, Param("Draw the routes, too.", "FILE", holds="output", ending=".svg")
    ] = None,
    ledger: Annotated[
        Path | None, Param("Record the plan as a decision here.", "DIR", holds="also-ledger")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Routed:
    """Plan which vehicle takes what where, within windows, room, shelf life and cold.

    Raises InputError with code plan.* or supply.seed.
    """
    keep_input(file, svg)
    problem = _problem(file, read_input(file, channel, PROBLEM_MAX_BYTES))
    known = None if best is None else read_solution(read_file(best, _SOLUTION_MAX_BYTES)).cost
    if seconds is None and iterations is None:
        iterations = ITERATIONS
    plan = plan_routes(problem, Budget(iterations, seconds), seed=seed_of(seed), progress=progress)
    drawn = None if svg is None else standalone(draw_plan(problem, plan))
    if svg is not None and drawn is not None:
        write_file(svg, drawn.encode())
    index = None
    if ledger is not None:
        with open_for_writing(ledger) as opened:
            index = record_plan(opened, problem, plan)
    return Routed(plan, known, None if known is None else gap_of(plan, known), index)


def reroute(
    file: Annotated[Path, Param("The problem that was planned.", "FILE", holds="file")],
    plan: Annotated[
        Path, Param("Its plan, as `supply route --json` printed it.", "PLAN", holds="file")
    ],
    changes: Annotated[Path, Param("What changed, as JSON, or -.", "CHANGES", holds="file")],
    *,
    now: Annotated[
        str | None, Param("The moment, such as 2030-01-01T12:00:00Z; else now.", "TIME")
    ] = None,
    iterations: Annotated[int, Param("Search so many steps, each time.", "N")] = REROUTE_ITERATIONS,
    seed: Annotated[int, Param("Of the search.", "N")] = 0,
    ledger: Annotated[
        Path | None, Param("Record the proposal as a decision here.", "DIR", holds="also-ledger")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Rerouted:
    """Say whether to stay with a plan when things changed, and what another way saves.

    Raises InputError with code plan.* or supply.seed, VerificationError with code
    plan.problem-digest or plan.infeasible where the plan is none of the problem.
    """
    clock = datetime.now(UTC)
    now_ms = int(clock.timestamp() * 1000) if now is None else parse_time(now, clock)
    problem = _problem(file, read_file(file, PROBLEM_MAX_BYTES))
    planned = read_plan(read_file(plan, PROBLEM_MAX_BYTES))
    changed = read_changes(read_input(changes, channel, _SOLUTION_MAX_BYTES))
    found = compare(
        problem,
        planned,
        now_ms,
        changed,
        budget=Budget(iterations),
        seed=seed_of(seed),
        progress=progress,
    )
    if ledger is None:
        return Rerouted(found, None)
    with open_for_writing(ledger) as opened:
        return Rerouted(found, record_reroute(opened, problem, planned, changed, found))


def _problem(file: Path, data: bytes) -> Problem:
    if file.suffix.lower() == ".vrp" or (file == STANDARD_STREAM and data.lstrip()[:1] != b"{"):
        return read_vrplib(data)
    return read_problem(data)
