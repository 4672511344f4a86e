"""Hand a routing problem to PyVRP, and take nothing back but each vehicle's order of stops.

A longest time on board, which PyVRP does not know, is left to `mending`. This module refuses to
judge what comes back; `schedule` does.

Source: Wouda, Lan and Kool, PyVRP, INFORMS J. on Computing 36, 2024; since 0.12 an iterated local
search with late acceptance (Burke and Bykov, European J. of Operational Research 258, 2017).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

from counterfoil.apps.supply.plan.problem import Problem, Stop
from counterfoil.apps.supply.plan.translating import Found, Translated
from counterfoil.apps.supply.plan.ways import Ways
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.ports import Progress, no_progress

__all__ = ["Budget", "search", "solver_name"]

_STEP: Final = 100
_PLANS: Final = 50  # between looks at the prices of broken promises


def solver_name() -> str:
    """Name the solver and its version: with it a plan comes out the same again."""
    need("pyvrp", "supply")
    return f"pyvrp {version('pyvrp')}"


@dataclass(slots=True)
class Budget:
    """How long each search may take: so many iterations, or so many seconds, or as one before did.

    iterations, seconds: of one search; whichever ends first. exactly: iterations of each search in
    order, to do again what was done before. done: what each search took.
    """

    iterations: int | None = None
    seconds: float | None = None
    exactly: tuple[int, ...] = ()
    done: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        given = [one for one in (self.iterations, self.seconds) if one is not None]
        if not self.exactly and (not given or not all(0 < one < 10_000_000 for one in given)):
            raise InputError(
                "plan.budget",
                f"expected iterations or seconds above 0, found {self.iterations}, {self.seconds}",
                hint="For example --iterations 5000 or --seconds 60.",
            )

    def criterion(self, progress: Progress) -> _Stop:
        """Make what ends the next search."""
        stop: Any = need("pyvrp.stop", "supply")
        at = len(self.done)
        if self.exactly:
            limit = self.exactly[at] if at < len(self.exactly) else 0
            return _Stop([stop.MaxIterations(limit)], limit, progress)
        parts = [] if self.iterations is None else [stop.MaxIterations(self.iterations)]
        parts += [] if self.seconds is None else [stop.MaxRuntime(self.seconds)]
        return _Stop(parts, self.iterations, progress)


class _Stop:
    """Ends a search by the first of several criteria, and tells how far it is."""

    def __init__(self, parts: Sequence[Any], total: int | None, progress: Progress) -> None:
        self._parts, self._total, self._progress, self._asked = parts, total, progress, 0

    def __call__(self, best_cost: int) -> bool:
        self._asked += 1
        if self._asked % _STEP == 1:
            self._progress(self._asked - 1, self._total, "iterations")
        return any(one(best_cost) for one in self._parts)


def search(
    problem: Problem,
    ways: Ways,
    stops: Sequence[Stop],
    budget: Budget,
    *,
    seed: int,
    optional: bool = False,
    latest_ms: Mapping[str, int] | None = None,
    start: Sequence[tuple[str, Sequence[str]]] = (),
    progress: Progress = no_progress,
) -> Found:
    """Search for cheap routes through some of a problem's stops.

    optional: stops may be left out, for so much that none is where it could be served. latest_ms:
    stop -> when handing over has to begin at the latest, beside what the stop says, Unix ms.
    start: routes to begin from. Raises Unavailable with code extra.missing.
    """
    if not stops:
        budget.done.append(0)
        return Found((), ())
    pyvrp: Any = need("pyvrp", "supply")
    data = Translated(pyvrp, problem, ways, stops, latest_ms or {}, optional=optional)
    first = data.solution(start) if start else None
    with warnings.catch_warnings():  # where a penalty is at its top it says so; we judge ourselves
        warnings.simplefilter("ignore")
        result = _run(pyvrp, data, seed, first, budget.criterion(progress))
    budget.done.append(result.num_iterations)
    return data.read(result.best)


def _run(pyvrp: Any, data: Translated, seed: int, first: Any, stop: _Stop) -> Any:
    """Search as `pyvrp.solve` does, but for the price of a broken promise.

    PyVRP 0.14 begins at half of the largest price and looks at it every 500 plans: within a minute
    it hardly comes to search among plans that break promises. Here a broken unit costs at first as
    much as 20 usual edges, over what a usual client or edge has of it (so Vidal, Computers &
    Operations Research 140, 2022, 3.2, scales it, with 1), so that short searches end in plans that
    hold; and every 50 plans it is looked at, so that long ones soon find its balance.
    """
    inner: Any = need("pyvrp.search", "supply")
    made, top = data.made, data.price_max()
    penalty = pyvrp.PenaltyParams(max_penalty=top, solutions_between_updates=_PLANS)
    params = pyvrp.SolveParams(penalty=penalty)
    chance = pyvrp.RandomNumberGenerator(seed=seed)
    neighbours = inner.compute_neighbours(made, params.neighbourhood)
    moves = inner.LocalSearch(
        made, chance, neighbours, inner.PerturbationManager(params.perturbation)
    )
    for kind in params.operators:
        if kind.supports(made):
            moves.add_operator(kind(made))
    prices = pyvrp.PenaltyManager(data.prices(), params.penalty)
    if first is None:
        begin = pyvrp.Solution.make_random(made, chance)
        first = moves(begin, prices.max_cost_evaluator(), exhaustive=True)
    search_ = pyvrp.IteratedLocalSearch(made, prices, moves, first, params.ils)
    return search_.run(stop, False, False)
