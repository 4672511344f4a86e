"""Plans on record: a decision that holds the problem and the plan, and is computed again from them.

Seed and iterations make a search come out the same with the same version of the solver. A problem
that is too large for its statement is recorded by itself, and the decision names it. This module
refuses a plan that the judge refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.supply.foreseen import record_foreseen
from counterfoil.apps.supply.plan.plans import Plan
from counterfoil.apps.supply.plan.problem import Problem, digest_of, read_problem, text_of
from counterfoil.apps.supply.plan.routes import plan_routes
from counterfoil.apps.supply.plan.schedule import Judge
from counterfoil.apps.supply.plan.solver import Budget, solver_name
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import ContentRef
from counterfoil.ledger.written import record_written
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = [
    "PURPOSE",
    "differs",
    "held",
    "json_of",
    "keep_apart",
    "outcome_of",
    "record_plan",
    "replay_plan",
]

PURPOSE: Final = "supply.route"
"""Purpose of decisions on routes."""

_METHOD: Final = (
    "Routes that serve every stop some vehicle could serve, as cheaply as a search of so many "
    "iterations finds: PyVRP's iterated local search from a seed, mended and judged by "
    "counterfoil.apps.supply.plan. Nothing is planned that arrives after its window or after its "
    "goods' shelf life, that is longer on board than it may be, that is not kept cold, or that "
    "finds no room. What is left out is told with the reason."
)

_INLINE_MAX: Final = 30_000
_LEFT_SHOWN: Final = 12


def record_plan(
    ledger: Ledger, problem: Problem, plan: Plan, *, accountable: str | None = None
) -> int:
    """Record a plan as a decision, and wait until it is durable; give its index.

    The outcome is `planned`, or `planned-in-part` where a stop is left out; the score is the cost
    in minor units. Raises as `Judge.check` and `Ledger.record_statement`.
    """
    Judge(problem).check(plan)
    maker = record_written(
        ledger, _METHOD, name="route planning", outcome="planned or planned-in-part",
        accountable=accountable,
    )  # fmt: skip
    texts = {"problem": text_of(problem), "plan": json_of(plan)}
    inputs, apart = keep_apart(ledger, texts)
    return record_foreseen(
        ledger,
        maker,
        {"problem_digest": digest_of(problem), **inputs},
        outcome=outcome_of(plan),
        purpose=PURPOSE,
        note=_note(plan),
        score=plan.cost,
        based_on=apart,
        accountable=accountable,
    )


def outcome_of(plan: Plan) -> str:
    """Tell in a word what came of planning."""
    return "planned-in-part" if plan.unserved else "planned"


def replay_plan(ledger: Ledger, index: int) -> Plan:
    """Plan a recorded decision's routes again; give the plan.

    Raises VerificationError with code plan.differs where another comes out, and as `Judge.check`
    where the recorded one breaks a promise; InputError with code plan.no-decision for another
    entry.
    """
    texts = held(ledger, index, PURPOSE)
    problem = read_problem(texts["problem"].encode())
    said = msgspec.json.decode(texts["plan"], type=Plan)
    Judge(problem).check(said)
    again = plan_routes(problem, Budget(exactly=said.iterations or (0,)), seed=said.seed)
    view = ledger.get(index).content
    told = (outcome_of(said), float(said.cost))
    if again != said or (view["outcome"], float(view["score"])) != told:
        raise differs(index, said.solver)
    return again


def keep_apart(
    ledger: Ledger, texts: dict[str, str]
) -> tuple[dict[str, str], tuple[Reference, ...]]:
    """Keep texts in a decision's inputs where they are short together, else in a record before it.

    Gives the inputs, and what the decision is based on.
    """
    if sum(map(len, texts.values())) <= _INLINE_MAX:
        return texts, ()
    done = ledger.record({"supply_plan": texts})
    view = ledger.get(done.index)
    return {}, (Reference(leaf=view.leaf, role="inputs", name=", ".join(texts)),)


def json_of(part: Any) -> str:
    """Write a plan, or another part of what is recorded, as canonical JSON (RFC 8785)."""
    return json_text.canonicalise(msgspec.to_builtins(part)).decode()


def held(ledger: Ledger, index: int, purpose: str) -> dict[str, str]:
    """Find the texts that a decision of a purpose was recorded with; see `keep_apart`.

    Raises InputError with code plan.no-decision.
    """
    view = ledger.get(index)
    said = view.content
    if view.kind != "decision" or said.get("purpose") != purpose:
        raise InputError(
            "plan.no-decision",
            f"expected a decision for {purpose} at entry {index}, found {view.kind[:60]!a}",
            hint="`counterfoil decision ls` lists decisions and their purposes.",
        )
    apart = [one for one in said.get("based_on", ()) if one.get("role") == "inputs"]
    if not apart:
        found: dict[str, str] = said["inputs"]
        return found
    content = ledger.get(ledger.find_leaf(apart[0]["leaf"])).content
    if "supply_plan" not in content:
        reference = msgspec.convert(content["content_ref"], ContentRef)
        content = json_text.parse(ledger.kept(reference))
    texts: dict[str, str] = content["supply_plan"]
    return texts


def differs(index: int, solver: str) -> VerificationError:
    """Make the error of a plan that comes out otherwise."""
    now = solver_name()
    other = f"It was made by {solver}; this is {now}. " if solver not in ("", now) else ""
    return VerificationError(
        "plan.differs",
        f"expected the plan of entry {index} to come out the same again, and another one did",
        hint=f"{other}The recorded plan keeps its promises; that it was found so is not shown.",
    )


def _note(plan: Plan) -> str:
    served = sum(len(one.visits) for one in plan.routes)
    spare = [v.spare_s for one in plan.routes for v in one.visits if v.spare_s is not None]
    words = [
        f"{len(plan.routes)} vehicles serve {served} stops over {plan.distance_m / 1000:,.1f} km "
        f"at a cost of {plan.cost:,} minor units."
    ]
    if spare:
        words.append(f"The closest arrival has {min(spare) // 60} min to spare.")
    if plan.unserved:
        shown = plan.unserved[:_LEFT_SHOWN]
        words.append(f"Not served, {len(plan.unserved)}: " + " ".join(one.says for one in shown))
    return " ".join(words)[:8000]
