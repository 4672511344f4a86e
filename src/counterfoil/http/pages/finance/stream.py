"""The stream of decided payments: score against bar, held or paid, by whom, as they come.

This module refuses to decide, and to open what is sealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from counterfoil.apps.finance.held.cases import payment_of
from counterfoil.drawing import Mark, timeline
from counterfoil.http.pages.addresses import changed, condition
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.summaries import decimal_of
from counterfoil.http.site import Site
from counterfoil.ledger import RecordView
from counterfoil.ops.finance import cases
from counterfoil.ops.searches import search

__all__ = ["LOOKS", "PAGES"]

_PATH: Final = "/apps/finance"
_SHOWN: Final = 50
_DRAWN: Final = 200
_CASES: Final = 200

LOOKS: Final = {
    "pay": "ok",
    "pass": "ok",
    "release": "ok",
    "report": "wait",
    "flag": "wait",
    "hold": "bad",
    "return": "bad",
}
"""Outcome -> how it looks; others are neutral."""


def _stream(site: Site, asked: Asked) -> dict[str, Any]:
    place, outcome = site.ledger.layout.folder, asked.one("outcome")
    after = asked.integer("after", -1)
    terms = ["kind=decision based_on.role=payment"]
    found = search(
        (*terms, condition("outcome", outcome)) if outcome else tuple(terms),
        ledger=place,
        limit=_DRAWN,
        after=None if after < 0 else after,
    )
    rows = [_row(one) for one in found.hits]
    waiting = sum(one.state == "open" for one in cases.brief(limit=_CASES, ledger=place)[0])
    last = rows[_SHOWN - 1]["index"] if len(rows) > _SHOWN else None
    return {
        "payments": rows[:_SHOWN],
        "recent": len(rows),
        "outcomes": dict(Counter(row["outcome"] for row in rows)),
        "waiting": waiting,
        "cases_looked": _CASES,
        "_looks": LOOKS,
        "_drawn": _drawn(rows),
        "_facets": _facets(rows, asked, outcome),
        "_older": changed(_PATH, asked.query, after=last) if last is not None else "",
        "_first": changed(_PATH, asked.query) if after >= 0 else "",
        "_live": after < 0,
    }


def _row(view: RecordView) -> dict[str, Any]:
    said = view.content
    person = said.get("by") == "person"
    maker = said.get("accountable") if person else said.get("model")
    score, bar = decimal_of(said.get("score")), decimal_of(said.get("threshold"))
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "payment": payment_of(said),
        "outcome": said.get("outcome"),
        "score": score,
        "threshold": bar,
        "by": (maker or {}).get("name"),
        "person": person,
        "case": view.index if said.get("outcome") == "hold" and not person else None,
        "note": str(said.get("note") or "")[:200],
    }


def _drawn(rows: Sequence[dict[str, Any]]) -> str:
    """Draw scores over time, those that are held apart from the others."""
    marks = [
        Mark(
            row["at_ms"] / 1000,
            row["score"],
            f"{row['payment']}: {row['outcome']} at {row['score']:.3g}",
            "bad" if row["outcome"] == "hold" else "accent",
            f"/records/{row['index']}",
        )
        for row in reversed(rows)
        if row["score"] is not None and row["at_ms"] is not None
    ]
    return timeline("Scores of payments", marks) if len(marks) > 1 else ""


def _facets(rows: Sequence[dict[str, Any]], asked: Asked, on: str) -> list[dict[str, Any]]:
    counts = Counter(str(row["outcome"]) for row in rows)
    values = [
        {
            "value": value,
            "count": count,
            "on": value == on,
            "href": changed(_PATH, asked.query, outcome=None if value == on else value),
        }
        for value, count in counts.most_common()
    ]
    return [{"label": "Outcome", "values": values}]


PAGES: Final = (
    Page(_PATH, "Payments", _stream, "finance/stream.html", nav="finance", rows="payments",
         words=("finance",)),
)  # fmt: skip
