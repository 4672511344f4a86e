"""Forecasts and plans on record, each the same way: made by a method, closed by what came of it.

A method that is computed, and no trained model, is a text with a digest (`ledger.written`), and
its decisions hold the inputs that suffice to compute them again. What was measured later closes a
decision by a statement of its own; corrections learn from these, and only from those that were
known by the time they ask about. This module refuses to say how good a forecast was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.apps.supply.records import SUPPLY_OUTCOME
from counterfoil.apps.supply.searching import hits_of
from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.provenance.decisions import schema_digest
from counterfoil.provenance.statements.parts import Reference, decimal_text

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, RecordView

__all__ = ["Closed", "outcomes_of", "record_foreseen", "record_outcome"]


def record_foreseen(
    ledger: Ledger,
    maker: Reference,
    inputs: Mapping[str, Any],
    *,
    outcome: str,
    purpose: str,
    note: str,
    score: float | None = None,
    contributions: Mapping[str, float] | None = None,
    base: float = 0.0,
    unit: str = "share",
    method: str = "parts",
    based_on: Sequence[Reference] = (),
    accountable: str | None = None,
) -> int:
    """Record what a method foresees or plans as a decision, wait until it is durable; its index.

    maker: as `record_written` gives it. inputs: name -> JSON value, none of it personal. purpose:
    `supply.` and a word, such as `supply.spoilage`: decisions and outcomes are found by it. note:
    why, in plain words. contributions: input or part -> its share of what the score is above
    `base`, in `unit`, found by `method`. based_on: at most 64. A decision with contributions needs
    the app's `replay` to compute them again. Raises as `Ledger.record_statement`.
    """
    fields: dict[str, Any] = {
        "model": msgspec.to_builtins(maker),
        "outcome": outcome,
        "inputs": dict(inputs),
        "input_schema": schema_digest(inputs),
        "purpose": purpose,
        "note": note,
    }
    if score is not None:
        fields["score"] = decimal_text(score)
    if based_on:
        fields["based_on"] = [msgspec.to_builtins(one) for one in based_on]
    if accountable is not None:
        fields["accountable"] = {"name": accountable}
    if contributions is not None:
        fields["explanation"] = {
            "method": method,
            "unit": unit,
            "exact": True,
            "base": decimal_text(base),
            "contributions": {name: decimal_text(value) for name, value in contributions.items()},
        }
    subject = Subject(digest={"sha256": maker.digest or maker.leaf or ""}, name="method")
    return ledger.record_statement("decision", fields, subjects=[subject]).index


@dataclass(frozen=True, slots=True)
class Closed:
    """What came of a forecast. decision: index of its entry. inputs, score: as it was recorded.

    measured: name -> what was measured. known_ms: from when on it was known, Unix ms. index: of
    the statement that says so.
    """

    index: int
    decision: int
    outcome: str
    score: float | None
    inputs: Mapping[str, Any]
    measured: Mapping[str, float]
    known_ms: int


def record_outcome(
    ledger: Ledger,
    decision: int,
    measured: Mapping[str, float],
    *,
    known_ms: int,
    note: str = "",
    based_on: Sequence[Reference] = (),
) -> int:
    """Record what came of a forecast, and wait until it is durable; give the entry's index.

    decision: index of the forecast. measured: 1 to 64 names, such as `late_days`. known_ms: from
    when on it was known, Unix ms: learning never looks ahead of it. based_on: such as the events
    that show it. Raises InputError with code supply.outcome, and as `Ledger.record_statement`.
    """
    view = ledger.get(decision)
    if view.kind != "decision" or not str(view.content.get("purpose", "")).startswith("supply."):
        raise InputError(
            "supply.outcome",
            f"expected a forecast or plan of the supply app at entry {decision}, found "
            f"{view.kind[:60]!a}",
            hint="`counterfoil decision ls` lists decisions and their purposes.",
        )
    fields: dict[str, Any] = {
        "decision": {"leaf": view.leaf, "role": "forecast"},
        "purpose": view.content["purpose"],
        "measured": {name: decimal_text(value) for name, value in measured.items()},
        "known_ms": known_ms,
    }
    if note:
        fields["note"] = note
    if based_on:
        fields["based_on"] = [msgspec.to_builtins(one) for one in based_on]
    subject = Subject(digest={"sha256": view.leaf}, name="decision")
    return ledger.record_statement(SUPPLY_OUTCOME.uri, fields, subjects=[subject]).index


def outcomes_of(ledger: Ledger, purpose: str, *, until_ms: int | None = None) -> Iterator[Closed]:
    """List what came of forecasts of a purpose, the newest statement first.

    until_ms: only what was known by then, Unix ms; so that nothing is learned ahead of its time.
    A later statement about the same forecast stands beside the earlier one. What names no forecast
    of that purpose is left out: whoever may write could record it, and nothing else would be read.
    """
    made = _Made(ledger, purpose)
    for view in hits_of(ledger, f'kind=supply-outcome purpose="{purpose}"'):
        said = view.content
        if until_ms is not None and said["known_ms"] > until_ms:
            continue
        forecast = made.find(str(said["decision"].get("leaf")))
        if forecast is None:
            continue
        score = forecast.content.get("score")
        yield Closed(
            view.index,
            forecast.index,
            forecast.content["outcome"],
            None if score is None else float(score),
            forecast.content.get("inputs") or {},
            {name: float(value) for name, value in said["measured"].items()},
            said["known_ms"],
        )


class _Made:
    """Forecasts of a purpose by their leaves, read as far back as they are asked for.

    Looking each up by itself would read the log's tail for every one.
    """

    def __init__(self, ledger: Ledger, purpose: str) -> None:
        self._ledger = ledger
        self._left = hits_of(ledger, f'kind=decision purpose="{purpose}"')
        self._known: dict[str, RecordView] = {}

    def find(self, leaf: str) -> RecordView | None:
        """Give the entry of a forecast; None where no forecast of the purpose has this leaf."""
        while leaf not in self._known:
            view = next(self._left, None)
            if view is None:
                return None
            self._known[view.leaf] = view
        return self._known[leaf]
