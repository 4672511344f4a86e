"""Proposals to stay with a plan or to leave it, on record, and the same computed again.

This module refuses to record that anybody followed a proposal: that is an action or an outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from counterfoil.apps.supply.foreseen import record_foreseen
from counterfoil.apps.supply.plan.changes import Changes, Proposal, read_changes
from counterfoil.apps.supply.plan.plans import Plan, read_plan
from counterfoil.apps.supply.plan.problem import Problem, read_problem, text_of
from counterfoil.apps.supply.plan.recorded import differs, held, json_of, keep_apart
from counterfoil.apps.supply.plan.rerouting import reroute
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.ledger.written import record_written
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["PURPOSE", "record_reroute", "replay_reroute"]

PURPOSE: Final = "supply.reroute"
"""Purpose of decisions on re-routing."""

_METHOD: Final = (
    "Whether to stay with a plan of routes when things changed. Staying is played on with the new "
    "delays and lives of goods; other ways are planned anew from where the vehicles are, by the "
    "method of route planning, with and without each transfer that was named. What was done stays "
    "done, and goods on board stay on board otherwise. Cost of driving, value of goods lost and "
    "lateness are compared; the other way is taken where it is better by what was asked for."
)


def record_reroute(
    ledger: Ledger,
    problem: Problem,
    plan: Plan,
    changes: Changes,
    proposal: Proposal,
    *,
    based_on: tuple[Reference, ...] = (),
    accountable: str | None = None,
) -> int:
    """Record a proposal as a decision, and wait until it is durable; give its index.

    The outcome is `keep` or `reroute`, the score what the other way saves, minor units, and the
    note the proposal's own words. based_on: such as the decision on the plan, or the forecast of
    spoilage; at most 63. Raises as `Ledger.record_statement`.
    """
    maker = record_written(
        ledger, _METHOD, name="re-routing", outcome="keep or reroute", accountable=accountable
    )
    texts = {
        "problem": text_of(problem),
        "plan": json_of(plan),
        "changes": json_of(changes),
        "proposal": json_of(proposal),
    }
    inputs, apart = keep_apart(ledger, texts)
    return record_foreseen(
        ledger,
        maker,
        {"now_ms": proposal.now_ms, "plan_digest": proposal.plan, **inputs},
        outcome=proposal.outcome,
        purpose=PURPOSE,
        note=proposal.says,
        score=proposal.saves,
        based_on=(*apart, *based_on),
        accountable=accountable,
    )


def replay_reroute(ledger: Ledger, index: int) -> Proposal:
    """Compare again what a recorded proposal compared; give the proposal.

    Raises VerificationError with code plan.differs where another comes out, InputError with code
    plan.no-decision for another entry.
    """
    texts = held(ledger, index, PURPOSE)
    said = msgspec.json.decode(texts["proposal"], type=Proposal)
    again = reroute(
        read_problem(texts["problem"].encode()),
        read_plan(texts["plan"].encode()),
        said.now_ms,
        read_changes(texts["changes"].encode()),
        budget=Budget(exactly=said.iterations or (0,)),
        seed=said.seed,
    )
    view = ledger.get(index).content
    told = (view["outcome"], float(view["score"]), view["inputs"]["now_ms"])
    if again != said or told != (said.outcome, float(said.saves), said.now_ms):
        raise differs(index, said.solver)
    return again
