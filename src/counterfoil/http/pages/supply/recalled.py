"""Recall: everything downstream of a bad lot, by where it is now, with the entries that prove it.

This module refuses to call a thing back: it says what to look for, and where.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import names_of
from counterfoil.apps.supply.events.trace import Affected, recall
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.supply.asking import as_of, thing_asked
from counterfoil.http.pages.supply.naming import PATH, Naming, address, thing_of
from counterfoil.http.site import Site

__all__ = ["PAGES"]

_HOME: Final = f"{PATH}/recall"
_SHOWN: Final = 500
_EVIDENCE: Final = 200


def _recalled(site: Site, asked: Asked) -> dict[str, Any]:
    thing = thing_asked(asked)
    if not thing:
        return {"title": "Recall", "thing": "", "affected": [], "_named": Naming({})}
    return _of(site, asked, thing)


def _at_path(site: Site, asked: Asked) -> dict[str, Any]:
    return _of(site, asked, thing_of(str(asked.path["thing"])))


def _of(site: Site, asked: Asked, thing: str) -> dict[str, Any]:
    by, chosen, state = as_of(asked), asked.one("place"), asked.one("state")
    with index_of(site.ledger) as index:
        found = recall(index, thing, as_of_ms=by)
        naming = Naming(names_of(index))
    rows = [_row(one) for one in found.affected]
    kept = [
        row
        for row in rows
        if chosen in ("", row["place"] or "unknown") and state in ("", row["state"])
    ]
    here = address(found.thing, "recall")
    path, _, _ = here.partition("?")
    query = {**asked.query, "thing": [found.thing]} if "?" in here else dict(asked.query)
    return {
        "title": "Recall",
        "thing": found.thing,
        "_named": naming,
        "as_of_ms": by,
        "affected": kept,
        "total": len(rows),
        "still": sum(not row["gone"] for row in rows),
        "levels": max((row["level"] for row in rows), default=0),
        "evidence": list(found.evidence[:_EVIDENCE]),
        "evidence_total": len(found.evidence),
        "_shown": kept[:_SHOWN],
        "_facets": [
            _facet("Where it is", "place", Counter(row["place"] or "unknown" for row in rows),
                   naming, path, query, chosen),
            _facet("State", "state", Counter(row["state"] for row in rows), naming, path, query,
                   state),
        ],
    }  # fmt: skip


def _row(one: Affected) -> dict[str, Any]:
    return {
        "thing": one.thing,
        "level": one.level,
        "state": one.gone or "still there",
        "place": one.place,
        "within": one.within,
        "holder": one.holder,
        "gone": one.gone,
        "last_ms": one.at_ms,
        "entry": one.index,
    }


def _facet(
    label: str,
    name: str,
    counts: Counter[str],
    naming: Naming,
    path: str,
    query: dict[str, Any],
    on: str,
) -> dict[str, Any]:
    return {
        "label": label,
        "values": [
            {
                "value": naming.words(value),
                "count": count,
                "on": value == on,
                "href": changed(path, query, **{name: None if value == on else value}),
            }
            for value, count in counts.most_common(30)
        ],
    }


PAGES: Final = (
    Page(_HOME, "Recall", _recalled, "supply/recall.html", nav="apps", rows="affected",
         words=("supply", "recall")),
    Page(f"{_HOME}/{{thing:path}}", "Recall", _at_path, "supply/recall.html", nav="apps",
         rows="affected", words=("supply", "recall")),
)  # fmt: skip
