"""Compute a decision by rules again, from the log and the text beside it.

This module refuses to guess: inputs that are erased, and rules that are gone, are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterfoil.apps.finance.rules.application import Applied, evaluate_rule
from counterfoil.apps.finance.rules.recorded import (
    RULE_ROLE,
    RULES_ALONE,
    contributions_of,
    find_rules,
)
from counterfoil.apps.finance.rules.ruleset import OUTCOMES
from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["Replayed", "replay_decision"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision computed again.

    recorded, recomputed: outcomes. different: conditions that came out otherwise. same: nothing
    differs.
    """

    index: int
    rules: str
    recorded: str
    recomputed: str
    different: tuple[str, ...]
    same: bool


def replay_decision(ledger: Ledger, index: int, *, actor: str) -> Replayed:
    """Compute a decision by rules again, from the log and the text beside it.

    actor: who looks; that sealed inputs are opened for them is recorded first. Raises InputError
    with code rules.no-decision, as `find_rules`, and as `People.open` for what is erased.
    """
    view = ledger.get(index)
    said = view.content
    model = said.get("model") or {}
    if view.kind != "decision" or model.get("role") != RULE_ROLE:
        raise InputError(
            "rules.no-decision",
            f"expected a decision by rules at entry {index}, found {view.kind[:60]!a}",
            hint="`counterfoil decision get` shows what it is.",
        )
    _, rules = find_rules(ledger, str(model.get("digest")))
    given, explanation = said.get("inputs") or {}, said.get("explanation") or {}
    if said.get("sealed") is not None:
        opened = ledger.people.open(index, actor=actor, purpose="replay")["sealed"]
        given = {name.removeprefix("inputs/"): value for name, value in opened.items()}
        explanation = opened["explanation"]
    payment, windows = given["payment"], given["windows"]
    applied = tuple(
        evaluate_rule(rule, payment, windows.get(rule.name, {}))
        for rule in rules.rules
        if rule.in_force(payment["at_ms"]) and _was_applied(rule.name, explanation)
    )
    again = contributions_of(applied)
    different = _differences(explanation.get("contributions") or {}, again)
    outcome = _gravest(applied)
    alone = said.get("purpose") == RULES_ALONE
    same = not different and (outcome == said["outcome"] or not alone)
    return Replayed(index, rules.title, said["outcome"], outcome, different, same)


def _was_applied(rule: str, explanation: Mapping[str, Any]) -> bool:
    """Tell whether a rule was asked: those of other jurisdictions may have been left out."""
    named = explanation.get("contributions") or {}
    return any(condition.startswith(f"{rule}: ") for condition in named)


def _gravest(applied: Sequence[Applied]) -> str:
    return OUTCOMES[max((OUTCOMES.index(one.outcome) for one in applied), default=0)]


def _differences(recorded: Mapping[str, str], again: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in {**recorded, **again} if recorded.get(name) != again.get(name))
