"""What watchers saw: alerts with their reasons, when they came, and who said what of them.

A person says of each alert whether it was real; that is a statement, too. This module refuses to
judge one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from math import log10
from typing import Any, Final, Literal, cast
from urllib.parse import urlencode

from counterfoil.drawing import Mark, timeline
from counterfoil.errors import InputError
from counterfoil.http.pages.page import Action, Asked, Page
from counterfoil.http.pages.summaries import decimal_of
from counterfoil.http.site import Site
from counterfoil.ops import alerts, watchers
from counterfoil.watch import Alerts

__all__ = ["PAGES"]

_SHOWN: Final = 100
_READ: Final = 1000
_EVIDENCE: Final = 50
_STATES: Final = {None: "new", "real": "real", "false": "false"}
_LOOKS: Final[dict[str, Literal["ok", "wait", "bad"]]] = {
    "new": "wait",
    "real": "bad",
    "false": "ok",
}
_CHOICES: Final = ("state", "severity", "watcher")
_MORE: Final = ("leaf", "why", "kind", "group", "note", "acknowledged_ms", "closed")


def _watch(site: Site, asked: Asked) -> dict[str, Any]:
    place = site.ledger.layout.folder
    rows = [_row(one.to_json()) for one in islice(alerts.listing(ledger=place, limit=_READ), _READ)]
    chosen = {name: asked.one(name) for name in _CHOICES if asked.one(name)}
    found = [row for row in rows if all(row[name] == value for name, value in chosen.items())]
    listed = list(watchers.listing(ledger=place))
    return {
        "alerts": found[:_SHOWN],
        "matching": len(found),
        "total": len(rows),
        "more": len(rows) == _READ,
        "states": Counter(row["state"] for row in rows),
        "watchers": [
            {
                "name": one.name,
                "version": one.version,
                "summary": one.summary,
                "reads": one.reads,
                "states": [{name: state[name] for name in state if name != "folder"}
                           for state in one.states],
            }
            for one in sorted(listed, key=lambda one: (not one.states, one.name))
        ],
        "_facets": _facets(rows, chosen),
        "_timeline": _timeline(found[:_SHOWN]),
    }  # fmt: skip


def _alert(site: Site, asked: Asked) -> dict[str, Any]:
    one = Alerts(site.ledger).get(asked.path["index"])
    found = one.to_json()
    return {
        "title": f"Alert {one.begun.index}",
        "alert": {**_row(found), **{name: found[name] for name in _MORE},
                  "said": one.said and one.said.index},
        "evidence": [_shown(each) for each in found["evidence"][:_EVIDENCE]],
        "more_evidence": max(len(found["evidence"]) - _EVIDENCE, 0),
    }  # fmt: skip


def _acknowledge(site: Site, asked: Asked) -> str:
    index, verdict = asked.path["index"], asked.form.get("verdict", "")
    if verdict not in ("real", "false"):
        raise InputError(
            "page.parameter",
            f"expected the verdict real or false, found {verdict[:40]!a}",
            hint="Choose one of the two, and send the form again.",
        )
    alerts.ack(
        str(index),
        verdict=cast("Literal['real', 'false']", verdict),
        by=asked.principal.name if asked.principal else "",
        role=asked.form.get("role", "").strip() or None,
        note=asked.form.get("note", "").strip(),
        ledger=site.ledger.layout.folder,
    )
    return f"/watch/{index}"


def _row(found: dict[str, Any]) -> dict[str, Any]:
    chance = decimal_of(found["chance"])
    return {
        "index": found["index"],
        "state": _STATES[found["verdict"]],
        "severity": found["severity"],
        "title": found["title"],
        "watcher": str(found["watcher"]).rpartition(" ")[0] or found["watcher"],
        "watches": found["watches"],
        "count": found["count"],
        "first_ms": found["first_ms"],
        "last_ms": found["last_ms"],
        "score": decimal_of(found["score"]),
        "chance": chance,
        "by": found["by"],
    }


def _shown(evidence: dict[str, Any]) -> dict[str, Any]:
    """Flatten a piece of evidence: an entry of this log has an index, others only a name."""
    entry = evidence.get("entry") or {}
    return {
        "index": evidence.get("index"),
        "name": entry.get("name") or "",
        "origin": entry.get("origin") or "",
        "hash": entry.get("leaf") or entry.get("digest") or "",
    }


def _timeline(rows: Sequence[dict[str, Any]]) -> str:
    """Draw when alerts came, a lane each watcher, larger where chance explains them less."""
    marks = [
        Mark(
            row["first_ms"] / 1000,
            -log10(max(row["chance"], 1e-12)) if row["chance"] else 1.0,
            f"{row['title']} ({row['watcher']})",
            _LOOKS[row["state"]],
            f"/watch/{row['index']}",
            row["watcher"],
        )
        for row in reversed(rows)
        if isinstance(row["first_ms"], int)
    ]
    return timeline("Alerts over time", marks) if marks else ""


def _facets(rows: Iterable[dict[str, Any]], chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Offer what to choose by, each with how many there are beside what else is chosen."""
    groups = []
    for name in _CHOICES:
        others = {each: value for each, value in chosen.items() if each != name}
        beside = [row for row in rows if all(row[each] == v for each, v in others.items())]
        counts = Counter(str(row[name]) for row in beside)
        values = []
        for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:12]:
            on = chosen.get(name) == value
            query = urlencode(others if on else {**others, name: value})
            href = f"/watch?{query}" if query else "/watch"
            values.append({"value": value, "href": href, "on": on, "count": count})
        groups.append({"label": name.capitalize(), "values": values})
    return groups


PAGES: Final = (
    Page("/watch", "Watch", _watch, "watch.html", nav="watch", rows="alerts", words=("watch",)),
    Page("/watch/{index:int}", "Alert", _alert, "alert.html", nav="watch", words=("watch",)),
    Action("/watch/{index:int}/acknowledge", _acknowledge, "writer", ("watch", "ack")),
)
