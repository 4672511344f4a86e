"""The load lately with the band of its forecast, as facts and as a picture, for pages that show it.

It is worked out behind the page's back, for all who look: learning takes a moment.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any, Final

import msgspec

from counterfoil.drawing import line_with_band
from counterfoil.http.pages.kept import worked_out
from counterfoil.ledger import Ledger
from counterfoil.ops.loads import RecentLoad, recent

__all__ = ["load_facts", "load_picture", "recent_load"]

_COUNTED_EVERY_S: Final = 15.0
_LEARNED_EVERY_S: Final = 900.0  # it takes seconds of a processor
_WAIT_S: Final = 1.5
_LEARNING: Final = "it is being learned, look again in a moment"


def recent_load(ledger: Ledger) -> RecentLoad | None:
    """Give the load of late, and its forecast once that is learned; None while it is counted.

    What was counted is at most some seconds old, the forecast some minutes.
    """
    counted = worked_out(
        ledger, "load", _COUNTED_EVERY_S, lambda: recent(ledger, horizon=0), wait_s=_WAIT_S
    )
    if counted is None or not counted.steps:
        return counted
    learned = worked_out(ledger, "forecast", _LEARNED_EVERY_S, lambda: recent(ledger), wait_s=0.0)
    if learned is None:
        return replace(counted, why=_LEARNING)
    return replace(counted, forecast=learned.forecast, why=learned.why)


def load_facts(found: RecentLoad | None, now_s: float = 0.0) -> dict[str, Any]:
    """Lay the load out for a page.

    now_s: Unix seconds; the newest step's rate is none of now where nothing came for long.
    """
    if found is None:
        return {"state": "working", "why": "", "steps": [], "forecast": None, "every_s": 0}
    forecast = found.forecast
    return {
        "state": "known" if found.steps else "short",
        "why": found.why,
        "every_s": found.every_s,
        "records": found.records,
        "newest": _newest(found, now_s) if found.steps else None,
        "steps": [{"at_s": at_s, "rate": rate} for at_s, rate in found.steps],
        "forecast": None if forecast is None else msgspec.to_builtins(forecast),
    }


def _newest(found: RecentLoad, now_s: float) -> float:
    at_s, rate = found.steps[-1]
    return 0.0 if now_s > at_s + 3 * found.every_s + _COUNTED_EVERY_S else rate


def load_picture(found: RecentLoad | None) -> str:
    """Draw it; empty where there is nothing to draw."""
    if found is None or len(found.steps) < 2:
        return ""
    points = [(float(at_s), rate) for at_s, rate in found.steps]
    band = []
    for step in found.forecast.steps if found.forecast is not None else ():
        at_s = _seconds(step.time)
        if at_s is not None and step.low is not None and step.high is not None:
            band.append((at_s, max(step.low, 0.0), max(step.forecast, 0.0), max(step.high, 0.0)))
    return line_with_band(
        "Records a second", points, band, unit="/s", now_s=points[-1][0] + found.every_s
    )


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.datetime.fromisoformat(text).timestamp()
