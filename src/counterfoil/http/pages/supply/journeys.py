"""The journey of a thing: its stays, one after the other, and two pictures of them.

Events at one place after each other are one stay. A stay is coloured by the temperatures that were
measured in it where limits are named, or by an alarm. This module refuses to draw a way that no
event tells: a line between two stays says only that the thing was here, then there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from counterfoil.apps.supply.events.dossier import Dossier, Reading, Seen, coordinates
from counterfoil.apps.supply.events.doubts import Limits
from counterfoil.drawing import Stop, journey_map, journey_times
from counterfoil.http.pages.supply.naming import words_of

__all__ = ["Journey", "journey"]

_STOPS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Journey:
    """stays: for the table. on_map, in_time: pictures, empty where there is nothing to draw."""

    stays: list[dict[str, Any]]
    on_map: str
    in_time: str


@dataclass(frozen=True, slots=True)
class _Stay:
    place: str
    first_ms: int
    last_ms: int
    steps: tuple[str, ...]
    entries: tuple[int, ...]
    holder: str


def journey(
    found: Dossier,
    limits: Limits,
    names: Mapping[str, str] | None = None,
) -> Journey:
    """Make the journey of a thing. names: canonical name of a place -> what people call it."""
    stays = _stays(found.seen)
    rows, stops = [], []
    holder = ""
    for at, stay in enumerate(stays):
        until = stays[at + 1].first_ms if at + 1 < len(stays) else None
        since = stays[at - 1].last_ms if at else stay.first_ms
        here = _between(found.readings, stay.first_ms, stay.last_ms, stay.entries)
        way = [
            one for one in found.readings if since < one.at_ms < stay.first_ms and one not in here
        ]
        handover = stay.holder if stay.holder and stay.holder != holder else ""
        holder = stay.holder or holder
        called = (names or {}).get(stay.place) or words_of(stay.place)
        place = coordinates(stay.place) or limits.places.get(stay.place)
        row = {
            "number": at + 1,
            "place": stay.place,
            "called": called,
            "first_ms": stay.first_ms,
            "last_ms": stay.last_ms,
            "left_ms": until,
            "steps": list(stay.steps),
            "entries": list(stay.entries),
            "handover": handover,
            "holder": holder,
            "low_c": min((one.low_c for one in here), default=None),
            "high_c": max((one.high_c for one in here), default=None),
            "way_low_c": min((one.low_c for one in way), default=None),
            "way_high_c": max((one.high_c for one in way), default=None),
            "latitude": place[0] if place else None,
            "longitude": place[1] if place else None,
            "state": _look(here, limits),
        }
        rows.append(row)
        stops.append(
            Stop(
                called,
                stay.first_ms / 1000,
                stay.last_ms / 1000,
                _told(row),
                _look(here, limits),
                _look(way, limits),
                words_of(handover) if handover and at else "",
                place,
                f"/records/{stay.entries[0]}",
            )
        )
    drawn = stops[-_STOPS_MAX:]
    words = words_of(found.thing)
    return Journey(
        rows,
        journey_map(f"Where {words} was", drawn),
        journey_times(f"When {words} was where", drawn) if drawn else "",
    )


def _stays(seen: Sequence[Seen]) -> list[_Stay]:
    """Put events at one place after each other into one stay; an event without place is left."""
    found: list[_Stay] = []
    waiting = ""
    for one in seen:
        place = one.place or one.point
        if not place:
            waiting = one.holder or waiting
            continue
        holder, waiting = one.holder or waiting, ""
        if found and found[-1].place == place:
            last = found[-1]
            steps = last.steps if one.step in last.steps else (*last.steps, one.step)
            found[-1] = replace(
                last,
                last_ms=one.at_ms,
                steps=steps,
                entries=(*last.entries, one.index),
                holder=holder or last.holder,
            )
        else:
            steps = (one.step,) if one.step else ()
            found.append(_Stay(place, one.at_ms, one.at_ms, steps, (one.index,), holder))
    return found


def _between(
    readings: Sequence[Reading], first_ms: int, last_ms: int, entries: Sequence[int]
) -> list[Reading]:
    own = set(entries)
    return [one for one in readings if first_ms <= one.at_ms <= last_ms or one.index in own]


def _look(readings: Sequence[Reading], limits: Limits) -> Any:
    """Judge readings by the limits: nothing without readings, or without limits and alarms."""
    if not readings:
        return "plain"
    high, low = limits.high_c, limits.low_c
    warm = high is not None and any(one.high_c > high for one in readings)
    cold = low is not None and any(one.low_c < low for one in readings)
    if warm or cold or any(one.alarm for one in readings):
        return "bad"
    return "plain" if high is None and low is None else "ok"


def _told(row: Mapping[str, Any]) -> str:
    parts = [", ".join(row["steps"]).replace("_", " ")]
    if row["high_c"] is not None:
        parts.append(f"{row['low_c']:.3g} to {row['high_c']:.3g} degrees C")
    return "; ".join(part for part in parts if part)
