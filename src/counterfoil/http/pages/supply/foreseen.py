"""Forecasts and plans on record: what each said, how sure it was, why, and what came of it.

Shown by what every decision has, so that whatever the app foresees is here. This module refuses to
say how good a forecast was: it puts what was measured beside it.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.drawing import Mark, timeline
from counterfoil.http.pages.addresses import changed, condition
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.summaries import decimal_of, timed
from counterfoil.http.pages.supply.naming import PATH
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger, RecordView

__all__ = ["PAGES"]

_PLACE: Final = f"{PATH}/forecasts"
_SHOWN: Final = 50
_LOOKED: Final = 1000
_OUR: Final = "supply."
_FROM, _BELOW = "supply.", "supply/"  # "/" follows "."
_UNITS: Final = ("h", "days", "units")
_LOW: Final = ("low", "p05", "p10", "lower")
_HIGH: Final = ("high", "p95", "p90", "upper")


def _forecasts(site: Site, asked: Asked) -> dict[str, Any]:
    ledger, purpose, outcome = site.ledger, asked.one("purpose"), asked.one("outcome")
    after = asked.integer("after", -1)
    ours = f'purpose>="{_FROM}" purpose<"{_BELOW}"'
    terms = ["kind=decision", condition("purpose", purpose) if purpose else ours]
    if outcome:
        terms.append(condition("outcome", outcome))
    page = ledger.search(" ".join(terms), limit=_SHOWN, after=None if after < 0 else after)
    views = timed(ledger, page.hits)
    looked = ledger.search(f"kind=decision {ours}", limit=_LOOKED).hits
    closed = _closed(ledger, views)
    rows = [_row(one, closed.get(one.leaf)) for one in views]
    return {
        "forecasts": rows,
        "looked": len(looked),
        "_facets": [
            _facet("For what", "purpose", [one.content.get("purpose") for one in looked], asked),
            _facet("Outcome", "outcome", [one.content.get("outcome") for one in looked], asked),
        ],
        "_drawn": _drawn(rows),
        "_older": changed(_PLACE, asked.query, after=page.next) if page.next is not None else "",
        "_first": changed(_PLACE, asked.query) if after >= 0 else "",
    }


def _closed(ledger: Ledger, views: list[RecordView]) -> dict[str, RecordView]:
    """Find the last word on what came of each."""
    found = {}
    for view in views:
        hits = ledger.search(f"kind=supply-outcome decision.leaf={view.leaf}", limit=1).hits
        if hits:
            found[view.leaf] = hits[0]
    return found


def _row(view: RecordView, closed: RecordView | None) -> dict[str, Any]:
    said = view.content
    inputs = said.get("inputs") if isinstance(said.get("inputs"), dict) else {}
    explanation = said.get("explanation") or {}
    values = explanation.get("contributions")
    strongest = sorted(
        (values if isinstance(values, dict) else {}).items(),
        key=lambda one: -abs(decimal_of(one[1]) or 0.0),
    )[:3]
    strongest = [one for one in strongest if decimal_of(one[1])]
    maker = said.get("model") or {}
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "purpose": said.get("purpose"),
        "outcome": said.get("outcome"),
        "score": decimal_of(said.get("score")),
        "band": _band(inputs),
        "by": maker.get("name"),
        "note": str(said.get("note") or "")[:400],
        "reasons": [f"{name} {decimal_of(value) or 0.0:+.3g}" for name, value in strongest],
        "unit": explanation.get("unit"),
        "measured": dict(closed.content.get("measured") or {}) if closed is not None else None,
        "came": "" if closed is None else _came(closed.content),
        "closed": closed.index if closed is not None else None,
        "known_ms": closed.content.get("known_ms") if closed is not None else None,
    }


def _came(said: Any) -> str:
    """Tell in words what came of a forecast; empty where its figures have to speak."""
    found = {name: decimal_of(value) for name, value in (said.get("measured") or {}).items()}
    words: list[str] = []
    spoiled, hours = found.get("spoiled"), found.get("hours")
    late, sold = found.get("late_days"), found.get("sold_units")
    if spoiled is not None and hours is not None:
        state = "still good" if not spoiled else "spoiled"
        if spoiled and found.get("used_from") != found.get("used_until"):
            state = "found spoiled"
        words.append(f"{state} {hours:.3g} h after it")
    elif late is not None:
        days = "a day" if late == 1 else f"{late:g} days"
        words.append("on time" if late <= 0 else f"{days} late")
    elif sold is not None:
        level = found.get("level")
        words.append(f"{sold:g} sold")
        if level is not None:
            words.append(f"no more than that in {level:.0%} of what was foreseen")
        if found.get("ran_out"):
            words.append("stock ran out")
    note = str(said.get("note") or "")[:200]
    return ", ".join([*words, note] if words and note else words)


def _band(inputs: Any) -> str:
    """Tell the band that a forecast has on record, where it names one."""
    numbers = {name: decimal_of(value) for name, value in inputs.items()}
    named = next((one for one in numbers if one.startswith(_LOW)), "")
    low = numbers.get(named)
    high = next((numbers[one] for one in numbers if one.startswith(_HIGH)), None)
    if low is None or high is None:
        return ""
    unit = named.partition("_")[2]
    return f"{round(low, 1):g} to {round(high, 1):g} {unit if unit in _UNITS else ''}".rstrip()


def _facet(label: str, name: str, values: list[Any], asked: Asked) -> dict[str, Any]:
    on = asked.one(name)
    counts: dict[str, int] = {}
    for value in values:
        counts[str(value)] = counts.get(str(value), 0) + 1
    return {
        "label": label,
        "values": [
            {
                "value": value.removeprefix(_OUR),
                "count": count,
                "on": value == on,
                "href": changed(_PLACE, asked.query, **{name: None if value == on else value}),
            }
            for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:20]
        ],
    }


def _drawn(rows: list[dict[str, Any]]) -> str:
    """Draw scores over time, a row for each purpose; those that are closed are filled as such."""
    marks = [
        Mark(
            row["at_ms"] / 1000,
            max(row["score"] or 0.0, 0.0),
            f"{row['outcome']}" + ("" if row["score"] is None else f" at {row['score']:.3g}"),
            "ok" if row["closed"] is not None else "accent",
            f"/records/{row['index']}",
            str(row["purpose"] or "").removeprefix(_OUR) or "other",
        )
        for row in reversed(rows)
        if row["at_ms"] is not None
    ]
    return timeline("Forecasts and plans", marks) if len(marks) > 1 else ""


PAGES: Final = (
    Page(_PLACE, "Forecasts", _forecasts, "supply/forecasts.html", nav="apps", rows="forecasts",
         words=("supply", "trace")),
)  # fmt: skip
