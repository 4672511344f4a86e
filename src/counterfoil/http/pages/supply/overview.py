"""The app's first page: what was captured, day by day, where, by whom, and what is doubted of it.

This module refuses to look at the whole of a long log for a page: it says how far it looked.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import Any, Final

from counterfoil.apps.supply.events.devices import devices
from counterfoil.apps.supply.events.doubts import Limits, doubts
from counterfoil.apps.supply.events.event import TYPES
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.places import coordinates_of, names_of
from counterfoil.drawing import line_with_band
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.supply.doubted import row_of
from counterfoil.http.pages.supply.naming import PATH, Naming
from counterfoil.http.site import Site

__all__ = ["PAGES"]

_DAY_MS: Final = 86_400_000
_DAYS: Final = 60
_PLACES: Final = 12
_NEWEST: Final = 10
_LOOKED: Final = 200
_COUNTED: Final = 50_000
_DOUBTS: Final = 8


def _overview(site: Site, _asked: Asked) -> dict[str, Any]:
    with index_of(site.ledger) as index:
        total = _count(index, "SELECT count(*) FROM event")
        days, since = _days(index), _since(index)
        return {
            "events": total,
            "things": _count(index, "SELECT count(*) FROM thing"),
            "void": _count(index, "SELECT count(*) FROM event WHERE void IS NOT NULL"),
            "counted": min(total, _COUNTED),
            "kinds": _kinds(index, since),
            "days": [{"at_ms": at, "events": count} for at, count in days],
            "places": _places(index, since),
            "newest": _newest(index),
            "doubts": [row_of(one) for one in islice(_doubts(index), _DOUBTS)],
            "looked": min(total, _LOOKED),
            "devices": [
                {"device": one.device, "key": one.key, "state": one.state, "index": one.index}
                for one in islice(devices(site.ledger), _PLACES)
            ],
            "_named": Naming(names_of(index)),
            "_drawn": line_with_band(
                "Events by the day on which they happened",
                [(at / 1000, float(count)) for at, count in days],
                unit="events",
                names=("events", ""),
            )
            if len(days) > 1
            else "",
        }


def _count(index: Index, query: str) -> int:
    return int(index.database.execute(query).fetchone()[0])


def _since(index: Index) -> int:
    """Find the entry from which on events are counted by kind and place: the newest 50,000."""
    row = index.database.execute(
        "SELECT id FROM event ORDER BY id DESC LIMIT 1 OFFSET ?", (_COUNTED - 1,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _kinds(index: Index, since: int) -> list[dict[str, Any]]:
    rows = index.database.execute(
        "SELECT kind, count(*) FROM event WHERE id >= ? AND declares IS NULL GROUP BY kind ORDER "
        "BY 2 DESC",
        (since,),
    )
    return [
        {"kind": TYPES[kind] if kind >= 0 else "somebody's own", "events": count}
        for kind, count in rows
    ]


def _days(index: Index) -> list[tuple[int, int]]:
    """Count events by day, for the newest days that have some, up to now."""
    now = int(time.time() * 1000)
    last = index.database.execute("SELECT max(at) FROM event WHERE at <= ?", (now,)).fetchone()[0]
    if last is None:  # all of them are said to be still to come
        last = index.database.execute("SELECT max(at) FROM event").fetchone()[0]
    if last is None:
        return []
    first = (last // _DAY_MS - _DAYS + 1) * _DAY_MS
    rows = dict(
        index.database.execute(
            "SELECT at / ?1 * ?1, count(*) FROM event WHERE at BETWEEN ?2 AND ?3 GROUP BY 1",
            (_DAY_MS, first, last),
        ).fetchall()
    )
    begin = min(rows)
    return [(at, rows.get(at, 0)) for at in range(begin, last + 1, _DAY_MS)]


def _places(index: Index, since: int) -> list[dict[str, Any]]:
    rows = index.database.execute(
        "SELECT CASE WHEN place != '' THEN place ELSE point END AS where_, count(*), max(at), "
        "min(low), max(high) FROM event WHERE id >= ? AND where_ != '' GROUP BY where_ ORDER BY 2 "
        "DESC, 1 LIMIT ?",
        (since, _PLACES),
    )
    return [
        {"place": name, "events": count, "last_ms": last, "low_c": low, "high_c": high}
        for name, count, last, low, high in rows
    ]


def _newest(index: Index) -> list[dict[str, Any]]:
    rows = index.database.execute(
        "SELECT e.id, e.at, e.kind, e.step, e.point, e.place, (SELECT t.name FROM part p JOIN "
        "thing t ON t.id = p.thing WHERE p.event = e.id ORDER BY p.role, t.name LIMIT 1), (SELECT "
        "count(DISTINCT p.thing) FROM part p WHERE p.event = e.id) FROM event e ORDER BY e.id DESC "
        "LIMIT ?",
        (_NEWEST,),
    )
    return [
        {
            "index": at,
            "at_ms": when,
            "type": TYPES[kind] if kind >= 0 else "somebody's own",
            "step": step,
            "place": place or point,
            "thing": name or "",
            "things": things,
        }
        for at, when, kind, step, point, place, name, things in rows
    ]


def _doubts(index: Index) -> Any:
    known = Limits(places=coordinates_of(index), called=names_of(index))
    return doubts(index, known, newest=_LOOKED)


PAGES: Final = (
    Page(PATH, "Supply chain", _overview, "supply/overview.html", nav="apps", rows="places",
         words=("supply", "trace")),
)  # fmt: skip
