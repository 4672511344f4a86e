"""The pages of models: each version, how good it is, for whom, what it decided, who allows it.

This module refuses to judge a model: it shows what was measured and recorded, and draws it.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import msgspec

from counterfoil.drawing import line_with_band
from counterfoil.http.pages.addresses import changed, condition, searched
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.surroundings import surroundings
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.models import RecordedModel
from counterfoil.ops import models
from counterfoil.ops.models import ModelShown

__all__ = ["PAGES"]

_LIMIT: Final = 50
_RELATED: Final = 20
_SCORES: Final = 1000
_BINS: Final = 24
_LAST: Final = 10


def _list(site: Site, asked: Asked) -> dict[str, Any]:
    ledger = site.ledger
    skip = asked.integer("after", 0)
    found = models.listing(asked.one("name") or None, ledger=ledger.layout.folder)
    shown = list(islice(found, skip, skip + _LIMIT + 1))
    return {
        "models": [_row(ledger, one) for one in shown[:_LIMIT]],
        "name": asked.one("name"),
        "_older": changed("/models", asked.query, after=skip + _LIMIT)
        if len(shown) > _LIMIT
        else "",
        "_newer": changed("/models", asked.query) if skip else "",
    }


def _row(ledger: Ledger, one: RecordedModel) -> dict[str, Any]:
    said = one.model
    view = ledger.get(one.index)
    return {
        "index": one.index,
        "name": said.name,
        "version": said.version,
        "digest": one.digest,
        "format": said.format,
        "task": said.task,
        "features": len(said.features),
        "metrics": ", ".join(f"{m.name} {float(m.value):.4g}" for m in said.metrics[:3]),
        "accountable": said.accountable.name if said.accountable else None,
        "at_ms": view.at_ms,
    }


def _one(site: Site, asked: Asked) -> dict[str, Any]:
    ledger = site.ledger
    found = models.get(str(asked.path["model"]), ledger=ledger.layout.folder)
    if not isinstance(found, ModelShown):
        raise TypeError("a model was asked for, not its bytes")
    model, said = found.found, found.found.model
    page = ledger.decisions.ls(model=model.digest, limit=_LAST)
    scores = _scores(ledger, model.digest)
    return {
        "title": f"Model {model.title}"[:120],
        "model": {
            **msgspec.to_builtins(said),
            "title": model.title,
            "index": model.index,
            "leaf": model.leaf,
        },
        "at_ms": ledger.get(model.index).at_ms,
        "metrics": _measured(msgspec.to_builtins(said.metrics)),
        "trained_on": [_reference(one) for one in msgspec.to_builtins(said.trained_on)],
        "versions": [_row(ledger, one) for one in islice(ledger.models.ls(said.name), _RELATED)],
        "evaluations": [_evaluation(one) for one in found.evaluations[:_RELATED]],
        "checks": [_check(one) for one in _about(ledger, "check", "about", model)],
        "decisions": {
            "total": page.total,
            "outcomes": page.outcomes,
            "last": [
                {
                    "index": one.index,
                    "at_ms": one.at_ms,
                    "outcome": one.said.get("outcome"),
                    "score": one.said.get("score"),
                }
                for one in page.hits
            ],
        },
        "approvals": [_approval(one) for one in _about(ledger, "governance", "model", model)],
        "alerts": [_alert(one) for one in _mentioning(ledger, "alert", model)],
        "around": surroundings(ledger, model.index),
        "card": said.card,
        "scores": scores,
        "_scores": _drawn(scores),
        "_decisions": searched('kind="decision"', f"subject.sha256={model.digest}"),
        "_outcomes": {
            name: searched(
                'kind="decision"', f"subject.sha256={model.digest}", condition("outcome", name)
            )
            for name in page.outcomes
        },
    }


def _measured(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: one.get(name) for name in ("name", "value", "low", "high", "unit", "rows")}
        for one in said
    ]


def _reference(said: Any) -> dict[str, Any]:
    said = said if isinstance(said, dict) else {}
    to = said.get("leaf") or said.get("digest")
    return {"name": said.get("name") or "unnamed", "role": said.get("role"), "to": to}


def _evaluation(view: RecordView) -> dict[str, Any]:
    said = view.content
    slices = [
        {"where": one["where"], "metrics": _measured(one["metrics"])}
        for one in said.get("slices", ())
    ]
    names = list(dict.fromkeys(m["name"] for one in slices for m in one["metrics"]))
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "data": _reference(said.get("data")),
        "method": said.get("method", ""),
        "metrics": _measured(said["metrics"]),
        "slices": slices,
        "slice_metrics": names,
    }


def _check(view: RecordView) -> dict[str, Any]:
    said = view.content
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "check": said.get("check"),
        "passed": said.get("passed"),
        "items": [
            {
                "name": one.get("name"),
                "passed": one.get("passed"),
                "value": (one.get("measured") or {}).get("value"),
                "at_most": one.get("at_most"),
                "at_least": one.get("at_least"),
                "found": one.get("found", ""),
            }
            for one in said.get("items", ())
        ],
    }


def _approval(view: RecordView) -> dict[str, Any]:
    said = view.content
    terms = said.get("terms") or {}
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "action": said.get("action"),
        "scope": said.get("scope"),
        "chain_id": said.get("chain_id"),
        "registry": said.get("registry"),
        "cap": terms.get("cap"),
        "until_ms": terms["until_s"] * 1000 if "until_s" in terms else None,
        "why": said.get("why", ""),
    }


def _alert(view: RecordView) -> dict[str, Any]:
    said = view.content
    names = ("title", "severity", "state", "kind")
    return {"index": view.index, "at_ms": view.at_ms} | {name: said.get(name) for name in names}


def _about(ledger: Ledger, kind: str, field: str, model: RecordedModel) -> list[RecordView]:
    """Find statements of a kind whose reference names the model by digest or leaf."""
    found: dict[int, RecordView] = {}
    for term in (f"{field}.digest={model.digest}", f"{field}.leaf={model.leaf}"):
        for hit in ledger.search(f"kind={kind} {term}", limit=_RELATED).hits:
            found[hit.index] = hit
    return [found[index] for index in sorted(found, reverse=True)]


def _mentioning(ledger: Ledger, kind: str, model: RecordedModel) -> list[RecordView]:
    found: dict[int, RecordView] = {}
    for word in (model.digest, model.leaf):
        for hit in ledger.search(f"kind={kind} {word}", limit=_RELATED).hits:
            found[hit.index] = hit
    return [found[index] for index in sorted(found, reverse=True)]


def _scores(ledger: Ledger, digest: str) -> list[dict[str, Any]]:
    """Give the mean score of the last decisions in bins of as many each, oldest first."""
    hits = ledger.search(f"kind=decision subject.sha256={digest}", limit=_SCORES).hits
    known = [
        (one.at_ms, float(one.content["score"]))
        for one in reversed(hits)
        if one.at_ms is not None and one.content.get("score") is not None
    ]
    size = max(len(known) // _BINS, 1)
    bins = [known[at : at + size] for at in range(0, len(known), size)] if known else []
    return [
        {
            "at_ms": one[-1][0],
            "mean": sum(score for _, score in one) / len(one),
            "decisions": len(one),
        }
        for one in bins
    ]


def _drawn(scores: list[dict[str, Any]]) -> str:
    if len(scores) < 2:
        return ""
    points = [(one["at_ms"] / 1000, max(one["mean"], 0.0)) for one in scores]
    return line_with_band("Mean score of its decisions over time", points, names=("mean score", ""))


PAGES: Final = (
    Page("/models", "Models", _list, "models.html", nav="models", rows="models"),
    Page("/models/{model}", "Model", _one, "model.html", nav="models"),
)
