"""Cards of decisions: one on record with its reasons, and one that is being made.

This module refuses to score, to explain and to open what is sealed: a card shows what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from counterfoil.drawing import contributions
from counterfoil.drawing.card import card, content, facts, mark, note, table, when
from counterfoil.errors import CounterfoilError
from counterfoil.formats.sealed import sealed_of

if TYPE_CHECKING:
    from counterfoil.ledger.decisions.decision import Decision
    from counterfoil.ledger.decisions.found import FoundDecision

__all__ = ["decision_card", "found_decision_card"]


def found_decision_card(found: FoundDecision) -> str:
    """Write a decision, its reasons and what came of it as a card: HTML."""
    said = found.said
    parts = []
    if found.replaced_by is not None:
        parts.append(mark("wait", f"replaced by entry {found.replaced_by:,}"))
    accountable = said.get("accountable") or {}
    parts.append(
        facts(
            ("Score", said.get("score")),
            ("Threshold", said.get("threshold")),
            ("Model", (said.get("model") or {}).get("name")),
            ("Decided by", said.get("by", "model")),
            ("Answers for it", accountable.get("name")),
            ("Purpose", said.get("purpose")),
            ("Said at", when(found.at_ms)),
            ("Note", said.get("note")),
            ("Leaf", found.leaf),
        )
    )
    parts.append(_reasons(said))
    if said.get("inputs"):
        parts.append(content(said["inputs"], "Inputs"))
    if found.actions:
        rows = (
            (one.index, one.content.get("action"), one.content.get("result"), when(one.at_ms))
            for one in found.actions
        )
        parts.append(table(("Entry", "Action", "Result", "Said at"), rows, len(found.actions)))
    return card(f"Decision at entry {found.index:,}: {said.get('outcome')}", *parts)


def decision_card(made: Decision) -> str:
    """Write a decision that is being made, or that was handed over to be recorded: HTML."""
    handle = made.recorded
    try:
        done = made.given()
    except CounterfoilError:  # a threshold without two outcomes: told when the block ends
        done = {}
    if handle is None:
        state = mark("wait", "not recorded: its block has not ended, or ended without an outcome")
    elif not handle.done():
        state = mark("wait", "is being recorded")
    elif (error := Future.exception(handle)) is not None:  # to look is not to be told
        state = mark("bad", f"was not recorded: {error}")
    else:
        state = mark("ok", f"recorded as entry {Future.result(handle):,}")
    return card(
        "Decision",
        state,
        facts(
            ("Outcome", done.get("outcome")),
            ("Score", done.get("score")),
            ("Threshold", made.threshold),
            ("Note", made.note),
        ),
        content(made.inputs, "Inputs"),
    )


def _reasons(said: Mapping[str, Any]) -> str:
    explained = said.get("explanation") or {}
    shares = explained.get("contributions")
    sealed = [group for groups in sealed_of(said).values() for group in groups]
    if not shares:
        whose = ", ".join(f"{len(group.names)} fields of {group.person}" for group in sealed)
        return note(f"Sealed: {whose}.") if sealed else ""
    unit = str(explained.get("unit") or "")
    return contributions("What each input added", _numbers(shares), unit=unit)


def _numbers(shares: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for name, text in shares.items():
        try:
            found[name] = float(text)
        except (TypeError, ValueError):
            continue
    return found
