"""Track records: every forecast that was committed, when it was bound, and whether it counts.

What figures say needs prices, which a command takes. This module refuses to leave a strategy out,
and to judge one.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final

from counterfoil.extras import brings
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.tried import tried
from counterfoil.http.site import Site

__all__ = ["PAGES"]

_PATH: Final = "/apps/quant"
_SHOWN: Final = 200


def _quant(site: Site, asked: Asked) -> dict[str, Any]:
    chosen = asked.one("strategy")
    found, problem = tried(lambda: _track(site))
    rows, cut = found or ([], None)
    named: dict[str, Counter[str]] = {}
    for row in rows:
        named.setdefault(row["strategy"], Counter())[row["state"]] += 1
    shown = [row for row in rows if chosen in ("", row["strategy"])]
    return {
        "forecasts": shown[-_SHOWN:][::-1],
        "matching": len(shown),
        "strategies": [
            {
                "strategy": name,
                "committed": counts.total(),
                **{state: counts[state] for state in ("counted", "pending", "missed")},
                "on": name == chosen,
                "href": changed(_PATH, asked.query, strategy=None if name == chosen else name),
            }
            for name, counts in named.items()
        ],
        "total": len(rows),
        "cut": cut,
        "problem": problem,
    }


def _track(site: Site) -> tuple[list[dict[str, Any]], int | None]:
    with brings("quant"):
        from counterfoil.apps.quant.bundle import track_of
    track = track_of(site.ledger, site.ledger.policy, int(time.time() * 1000))
    rows = [
        {
            "serial": one.serial,
            "index": one.index,
            "strategy": one.strategy,
            "number": one.number,
            "state": one.state,
            "why": one.why,
            "entry": one.forecast.entry if one.forecast is not None else None,
            "exit": one.forecast.exit if one.forecast is not None else None,
            "targets": one.targets,
            "at_ms": one.said.at_ms,
        }
        for one in track.entered
    ]
    return rows, track.cut


PAGES: Final = (
    Page(_PATH, "Track records", _quant, "quant.html", nav="apps", rows="forecasts",
         words=("quant",)),
)  # fmt: skip
