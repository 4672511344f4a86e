"""Supply chains: how fast a million events are traced and recalled, beside what is asked for.

The events are simulated: farms deliver lots, plants make goods of them in five levels, goods are
packed on pallets, shipped and received. They are put into the index as a ledger's events are; that
an index is caught up from a ledger is measured apart, on a smaller number.

    ./dev bench supply_trace [EVENTS]

Asked for: trace back through five levels in under 100 ms (95th percentile), recall of a lot with
10,000 descendants in under 1 s, with 1,000,000 events. Takes about four minutes.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import counterfoil
from bench.measure import scratch, table
from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.linking import (
    CHILD,
    INPUT,
    ITEM,
    OUTPUT,
    PARENT,
    Linked,
    Part,
)
from counterfoil.apps.supply.events.trace import recall, trace

__all__: list[str] = []

EVENTS = 1_000_000
LEVELS = 5
DESCENDANTS = 10_000
ASKED = 300
CAUGHT_UP = 5_000
_DOMAIN = "https://id.gs1.org"
_CHUNK = 20_000


def main(events: int) -> None:
    """Make, index, trace and recall, and print a table."""
    chance = random.Random(5)
    with scratch() as folder, Index(folder / "supply.db") as index:
        began = time.perf_counter()
        made = enumerate(islice(_chain(chance), events))
        while chunk := list(islice(made, _CHUNK)):
            with index.writing():
                index.add(chunk)
        filled = time.perf_counter() - began
        goods = _names(index, f"{_DOMAIN}/01/{LEVELS:014d}/21/%")
        times, links = [], []
        for name in chance.sample(goods, min(ASKED, len(goods))):
            start = time.perf_counter()
            found = trace(index, name)
            times.append((time.perf_counter() - start) * 1000)
            links.append(max((one.level for one in found.links), default=0))
        start = time.perf_counter()
        recalled = recall(index, _bad())
        recall_s = time.perf_counter() - start
        size = (folder / "supply.db").stat().st_size
    with scratch() as folder:
        catch_up_s = _catch_up(folder)
    times.sort()
    rows = [
        ["events", f"{events:,}", ""],
        ["index", f"{size / 1e6:,.0f} MB", f"{events / filled:,.0f} events/s"],
        ["levels of a trace back", f"{min(links)} to {max(links)}", f"{LEVELS} asked for"],
        ["trace back, median", f"{statistics.median(times):.1f} ms", ""],
        ["trace back, p95", f"{times[int(len(times) * 0.95)]:.1f} ms", "100 ms"],
        ["things recalled", f"{len(recalled.affected):,}", f"{DESCENDANTS:,}"],
        ["recall", f"{recall_s:.2f} s", "1 s"],
        ["catch up from a ledger", f"{CAUGHT_UP / catch_up_s:,.0f} events/s", ""],
    ]
    table("supply_trace", ["what", "found", "asked for, or rate"], rows)


def _chain(chance: random.Random) -> Iterator[Linked]:
    """Make events without end: a bad lot with its descendants first, then five levels of goods."""
    number, hour = 0, 3_600_000
    yield _event(number, 0, 3, [Part(_bad(), INPUT), *_many(0, 0, 100, OUTPUT)])
    for plant in range(100):
        number += 1
        inputs = [Part(_name(0, plant), INPUT)]
        outputs = _many(9, plant * 99, 99, OUTPUT)
        yield _event(number, hour, 3, [*inputs, *outputs])
    made: list[list[int]] = [[] for _ in range(LEVELS + 1)]
    while True:
        number += 1
        at = number * 1000
        level = number % (LEVELS + 1)
        name = number
        if level == 0 or not made[level - 1]:
            level = 0
            yield _event(number, at, 0, [Part(_name(0, 1000 + name), ITEM)])
            made[0].append(1000 + name)
        else:
            sources = [chance.choice(made[level - 1]) for _ in range(3)]
            parts = [Part(_name(level - 1, one), INPUT) for one in dict.fromkeys(sources)]
            yield _event(number, at, 3, [*parts, Part(_name(level, name), OUTPUT)])
            made[level].append(name)
            if level == LEVELS:
                pallet = f"{_DOMAIN}/00/{name:018d}"
                number += 1
                inside = [Part(pallet, PARENT), Part(_name(level, name), CHILD)]
                yield _event(number, at + 1, 1, inside)
                for _ in range(2):
                    number += 1
                    yield _event(number, at + 2 + number % 7, 0, [Part(pallet, ITEM)])
        made[level] = made[level][-5000:]


def _event(number: int, at_ms: int, kind: int, parts: list[Part]) -> Linked:
    place = f"{_DOMAIN}/414/{number % 5000:013d}"
    digest = f"{number:064x}"
    return Linked(
        digest,
        digest,
        at_ms,
        kind,
        1,
        "receiving",
        "",
        place,
        place,
        "",
        "",
        "",
        None,
        tuple(parts),
    )


def _many(level: int, first: int, count: int, role: int) -> list[Part]:
    return [Part(_name(level, first + one), role) for one in range(count)]


def _name(level: int, number: int) -> str:
    return f"{_DOMAIN}/01/{level:014d}/21/{number}"


def _bad() -> str:
    return f"{_DOMAIN}/01/{99:014d}/10/BAD"


def _names(index: Index, pattern: str) -> list[str]:
    rows = index.database.execute("SELECT name FROM thing WHERE name LIKE ?", (pattern,))
    return [row[0] for row in rows]


def _catch_up(folder: Path) -> float:
    """Record events in a ledger, and index them from it; give the time of the latter, s."""
    place = folder / "ledger"
    with counterfoil.open(place, create=True) as ledger:
        for first in range(0, CAUGHT_UP, 1000):
            events = [_plain(number) for number in range(first, first + 1000)]
            capture(ledger, events)
        (place / "supply.db").unlink()
        start = time.perf_counter()
        with index_of(ledger):
            return time.perf_counter() - start


def _plain(number: int) -> Event:
    return Event(
        {
            "type": "ObjectEvent",
            "eventTime": "2030-01-01T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "epcList": [f"urn:epc:id:sgtin:4012345.011111.{number}"],
            "action": "OBSERVE",
            "bizStep": "receiving",
            "readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0"},
        }
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
