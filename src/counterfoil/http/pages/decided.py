"""A decision for its page: who decided what, by which model and why, and what came of it.

What is sealed stays sealed here: an auditor opens it with `replay` or `explain`, which is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from counterfoil.drawing import contributions
from counterfoil.errors import CounterfoilError
from counterfoil.http.pages.addresses import condition, searched
from counterfoil.http.pages.summaries import shown
from counterfoil.ledger import Ledger, RecordView

__all__ = ["Decided", "decided"]

_INPUTS_MAX: Final = 200
_MOST: Final = 12


@dataclass(frozen=True, slots=True)
class Decided:
    """facts: for the page and its data. drawing: of the explanation, or empty."""

    facts: dict[str, Any]
    drawing: str


def decided(ledger: Ledger, view: RecordView) -> Decided:
    """Gather what a decision's page says beyond its record."""
    said = view.content
    found = ledger.decisions.get(view.index)
    explanation = said.get("explanation") or {}
    facts = {
        "outcome": said.get("outcome"),
        "by": said.get("by", "model"),
        "score": said.get("score"),
        "score_of": said.get("score_of"),
        "threshold": said.get("threshold"),
        "alternatives": said.get("alternatives"),
        "purpose": said.get("purpose"),
        "note": said.get("note", ""),
        "accountable": _named(said.get("accountable"), "name", "role"),
        "latency_us": said.get("latency_us"),
        "runtime": _named(said.get("runtime"), "library", "version", "machine"),
        "model": _model(ledger, said.get("model") or {}),
        "inputs": _inputs(said),
        "sealed": _sealed(view),
        "explanation": _explanation(explanation),
        "actions": [
            {
                "index": one.index,
                "action": one.content.get("action"),
                "target": one.content.get("target"),
                "result": one.content.get("result"),
                "at_ms": one.at_ms,
            }
            for one in found.actions
        ],
        "replaced_by": found.replaced_by,
        "same_outcome": searched('kind="decision"', condition("outcome", said.get("outcome"))),
    }
    return Decided(facts, _drawn(explanation, said.get("inputs") or {}))


def _named(said: Any, *names: str) -> dict[str, Any] | None:
    return {name: said.get(name) for name in names} if isinstance(said, dict) else None


def _model(ledger: Ledger, reference: dict[str, Any]) -> dict[str, Any]:
    """Say of the maker what a reader wants to know first, as far as its statement is here."""
    named = {key: reference.get(key) for key in ("name", "digest", "leaf")}
    unknown: dict[str, Any] = {
        **named,
        "kind": "model",
        "index": None,
        "format": None,
        "metrics": [],
        "trained_on": [],
    }
    try:
        if named["leaf"]:
            view = ledger.get(ledger.find_leaf(str(named["leaf"])))
            if view.kind != "model":  # rules decide, too
                return {**unknown, "kind": view.kind, "index": view.index}
            model = ledger.models.get(view.index)
        else:
            model = ledger.models.get(str(named["digest"]))
    except CounterfoilError:
        return unknown
    said = model.model
    return {
        "name": model.title,
        "digest": model.digest,
        "leaf": model.leaf,
        "kind": "model",
        "index": model.index,
        "format": said.format,
        "metrics": [{"name": one.name, "value": one.value} for one in said.metrics[:6]],
        "trained_on": [
            {"name": one.name or "a data set", "to": one.leaf or one.digest}
            for one in said.trained_on
        ],
    }


def _inputs(said: dict[str, Any]) -> list[dict[str, Any]]:
    given = said.get("inputs")
    if not isinstance(given, dict):
        return []
    return [
        {
            "name": name,
            "value": shown(value),
            "href": searched('kind="decision"', condition(f"inputs.{name}", value)),
        }
        for name, value in list(given.items())[:_INPUTS_MAX]
    ]


def _sealed(view: RecordView) -> list[dict[str, Any]]:
    return [
        {
            "names": list(one.names),
            "data_class": one.data_class,
            "person": one.person,
            "state": one.state,
        }
        for one in view.personal
    ]


def _explanation(said: dict[str, Any]) -> dict[str, Any] | None:
    if not said:
        return None
    values = said.get("contributions")
    return {
        "method": said.get("method"),
        "unit": said.get("unit"),
        "exact": said.get("exact", False),
        "base": said.get("base"),
        "outcome": said.get("outcome"),
        "contributions": values if isinstance(values, dict) else None,
    }


def _drawn(said: dict[str, Any], inputs: dict[str, Any]) -> str:
    values = said.get("contributions")
    if not isinstance(values, dict) or not values:
        return ""
    return contributions(
        "What each input added to the score",
        {name: float(value) for name, value in values.items()},
        inputs={name: shown(value) for name, value in inputs.items()},
        unit=str(said.get("unit") or ""),
        most=_MOST,
    )
