"""The temperatures of an event, each at its own time: what spoilage is computed from.

A report of a period counts at its beginning and its end, with its mean where that is said, else its
warmest. A report whose device says that it is broken counts as nothing, and so does a temperature
that no such goods have. This module refuses units that are no temperature.
Source: GS1 EPCIS 2.0, 7.3.7 (sensor elements), CBV 2.0, 7.9 (exceptions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from counterfoil.apps.supply.events.prehash import instant_ms

__all__ = ["GOODS_C", "scale_of", "temperatures_of"]

_IT: Final = "Temperature"
_BROKEN: Final = "ERROR_CONDITION"
_SAYS: Final = ("value", "meanValue", "maxValue", "minValue")  # the first that is there

GOODS_C: Final = (-100.0, 100.0)
"""Coldest and warmest that goods of a cold chain are, degrees C: beyond it a sensor is broken."""
_COLDEST_C: Final = -273.15  # that anything is
_WARMEST_C: Final = 10_000.0  # above any furnace

_SCALES: Final[Mapping[str, Callable[[float], float]]] = {
    "CEL": lambda value: value,
    "FAH": lambda value: (value - 32) / 1.8,
    "KEL": lambda value: value - 273.15,
}
"""Unit (UN/ECE Recommendation 20) -> how degrees C are made of it."""


def scale_of(report: Mapping[str, Any]) -> Callable[[float], float] | None:
    """Tell how degrees C are made of a sensor's report; None for what is no temperature.

    What nothing ever had counts as the coldest or warmest that can be, so that it can be drawn, and
    is doubted.
    """
    scale = _SCALES.get(str(report.get("uom", "CEL"))) if report.get("type") == _IT else None
    if scale is None:
        return None
    return lambda value: min(max(scale(value), _COLDEST_C), _WARMEST_C)


def temperatures_of(body: Mapping[str, Any], at_ms: int) -> Iterator[tuple[int, float]]:
    """List (Unix ms, degrees C). body: an event's. at_ms: of the event, for what has no time."""
    for element in body.get("sensorElementList") or ():
        head = element.get("sensorMetadata") or {}
        reports = element.get("sensorReport") or ()
        if any(one.get("exception") == _BROKEN for one in reports):
            continue
        for report in reports:
            scale = scale_of(report)
            said = next((report[key] for key in _SAYS if key in report), None)
            if scale is None or said is None:
                continue
            celsius = scale(float(said))
            if not GOODS_C[0] <= celsius <= GOODS_C[1]:
                continue  # one false reading must not keep a lot from being judged
            for when in _times(head, report, at_ms):
                yield when, celsius


def _times(head: Mapping[str, Any], report: Mapping[str, Any], at_ms: int) -> list[int]:
    if "value" in report or "startTime" not in head:
        when = report.get("time") or head.get("time") or head.get("endTime")
        found = [instant_ms(str(when)) if when else None]
    else:
        found = [instant_ms(str(head[key])) for key in ("startTime", "endTime") if key in head]
    return [one for one in found if one is not None] or [at_ms]
