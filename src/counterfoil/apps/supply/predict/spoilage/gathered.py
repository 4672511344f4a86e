"""The temperatures that events tell of a thing: its own, of what held it, and of where it was.

The nearest sensor counts: one on the thing itself before one on its carton, pallet or container,
and that before one of the place; a farther one only where a nearer one says nothing. A thing is at
the place that an event names until its next event elsewhere, and nowhere after it was shipped. This
module refuses to guess a temperature that no event tells.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.linking import ITEM, LOT, OUTPUT
from counterfoil.apps.supply.events.trace import FOREVER, Step, holders_of, steps_of
from counterfoil.apps.supply.predict.spoilage.history import History, Reading, clean, gap_limit

__all__ = ["entries_of", "history_of"]

_LEAVES: Final = frozenset({"shipping", "departing", "loading", "transporting"})


def history_of(index: Index, thing: str, until_ms: int) -> History:
    """Gather what was measured of a thing by a time, from when it was made on.

    thing: any name of it. until_ms: readings up to then, Unix ms. Readings of events that were
    declared to be errors by then are left out. Raises NotFound with code supply.thing.
    """
    sources, since = _sources(index, thing, until_ms)
    readings, told_by = _nearest(sources)
    return History(readings, told_by, since)


def entries_of(index: Index, thing: str, until_ms: int) -> frozenset[int]:
    """List all entries that tell a temperature of a thing by a time, its nearest sensor's or not.

    Raises NotFound with code supply.thing.
    """
    sources, _ = _sources(index, thing, until_ms)
    return frozenset(event for source in sources for _, _, event in source)


def _sources(
    index: Index, thing: str, until_ms: int
) -> tuple[list[list[tuple[int, float, int]]], int | None]:
    """List what was measured, the nearest sensors first; and when the thing was made."""
    steps = steps_of(index, thing, as_of_ms=until_ms)
    since = _made(index, canonical(thing), until_ms)
    if since is None and steps:
        since = steps[0].at_ms
    begin = -FOREVER if since is None else since
    sources = [
        list(_measured(index, "p.thing", held, max(begin, low), min(until_ms, high), until_ms))
        for held, low, high in holders_of(index, thing, as_of_ms=until_ms)
    ]
    places: list[tuple[int, float, int]] = []
    for place, low, high in _stays(steps, until_ms):
        places += _measured(index, "e.point", place, max(begin, low), high, until_ms)
    return [*sources, places], since


def _nearest(
    sources: list[list[tuple[int, float, int]]],
) -> tuple[tuple[Reading, ...], tuple[int, ...]]:
    """Join readings, those of a farther source only where nearer ones leave a gap."""
    joined: list[tuple[int, float, int]] = []
    for source in sources:
        wide = gap_limit(clean((at, c) for at, c, _ in joined)) if joined else 0.0
        times = [at for at, _, _ in joined]
        fresh = [one for one in source if not _covered(times, one[0], wide)]
        joined = sorted([*joined, *fresh])
    readings = clean((at, c) for at, c, _ in joined)
    told_by = {(at, round(c, 3)): event for at, c, event in joined}
    return readings, tuple(told_by[one] for one in readings)


def _covered(times: list[int], at: int, wide: float) -> bool:
    after = bisect_left(times, at)
    if after < len(times) and times[after] == at:
        return True
    return 0 < after < len(times) and times[after] - times[after - 1] <= wide


def _measured(
    index: Index, column: str, name: str, low: int, high: int, as_of: int
) -> Iterator[tuple[int, float, int]]:
    """List (Unix ms, degrees C, event) of events of a thing or at a place."""
    if column == "p.thing":
        query = (
            "SELECT DISTINCT r.at, r.celsius, r.event FROM part p JOIN reading r ON r.event = "
            "p.event JOIN event e ON e.id = p.event WHERE p.thing = ? AND p.role != ? AND r.at >= "
            "? AND r.at <= ? AND (e.void IS NULL OR e.void > ?) ORDER BY r.at"
        )
        asked: tuple[object, ...] = (index.thing(name), LOT, low, high, as_of)
    else:
        query = (
            "SELECT r.at, r.celsius, r.event FROM event e JOIN reading r ON r.event = e.id WHERE "
            "e.point = ? AND e.low IS NOT NULL AND r.at >= ? AND r.at <= ? AND (e.void IS NULL OR "
            "e.void > ?) AND NOT EXISTS (SELECT 1 FROM part p WHERE p.event = e.id AND p.role != "
            "?) ORDER BY r.at"
        )
        asked = (name, low, high, as_of, LOT)
    for at, celsius, event in index.database.execute(query, asked):
        yield int(at), float(celsius), int(event)


def _stays(steps: tuple[Step, ...], until_ms: int) -> Iterator[tuple[str, int, int]]:
    """Tell at which places a thing was, each with from when to when."""
    placed = [one for one in steps if one.step != "sensor_reporting" and (one.place or one.point)]
    for at, one in enumerate(placed):
        gone = one.step in _LEAVES or one.disposition == "in_transit"
        place = one.place or ("" if gone else one.point)
        if place:
            until = placed[at + 1].at_ms if at + 1 < len(placed) else until_ms
            yield place, one.at_ms, min(until, until_ms)


def _made(index: Index, name: str, until_ms: int) -> int | None:
    """Tell when a thing was made: the first event that it came out of, or was commissioned in."""
    row = index.database.execute(
        "SELECT min(e.at) FROM part p JOIN event e ON e.id = p.event WHERE p.thing = ? AND e.at <= "
        "? AND (e.void IS NULL OR e.void > ?) AND (p.role = ? OR (p.role IN (?, ?) AND e.step = "
        "'commissioning'))",
        (index.thing(name), until_ms, until_ms, OUTPUT, ITEM, LOT),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])
