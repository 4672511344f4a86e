"""The page of a place or party: what happened there or came into its hands, and how warm it was.

This module refuses to list what is there now: a thing's own page says where it is.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.apps.supply.events.dossier import coordinates, parts_of_name
from counterfoil.apps.supply.events.event import TYPES
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.places import coordinates_of, names_of, places_of
from counterfoil.drawing import temperatures
from counterfoil.errors import NotFound
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.supply.asking import limits, thing_asked
from counterfoil.http.pages.supply.naming import PATH, Naming, thing_of
from counterfoil.http.site import Site

__all__ = ["PAGES", "is_place"]

_HOME: Final = f"{PATH}/places"
_SHOWN: Final = 200
_WHERE: Final = "(e.point = ?1 OR e.place = ?1 OR e.holder = ?1)"
_EVENTS: Final = (
    "SELECT e.id, e.at, e.kind, e.step, e.holder = ?1, e.low, e.high, e.alarm, (SELECT t.name FROM "
    "part p JOIN thing t ON t.id = p.thing WHERE p.event = e.id ORDER BY p.role, t.name LIMIT 1), "
    "(SELECT count(DISTINCT p.thing) FROM part p WHERE p.event = e.id) FROM event e WHERE {} "
    "ORDER BY e.at DESC, e.id DESC LIMIT ?2"
)
_COUNT: Final = "SELECT count(*), min(e.at), max(e.at) FROM event e WHERE {}"
_KNOWN: Final = (
    "SELECT EXISTS (SELECT 1 FROM master WHERE name = ?1) OR EXISTS (SELECT 1 FROM event e "
    "WHERE {})"
)


def is_place(index: Index, name: str) -> bool:
    """Tell whether events name a place or party, or somebody put it on record. name: canonical."""
    row = index.database.execute(_KNOWN.format(_WHERE), (name,)).fetchone()
    return bool(row[0])


def _places(site: Site, asked: Asked) -> dict[str, Any]:
    place = thing_asked(asked)
    if place:
        return _of(site, asked, place)
    with index_of(site.ledger) as index:
        known = [
            {
                "place": name,
                "called": one.called,
                "latitude": one.at[0] if one.at else None,
                "longitude": one.at[1] if one.at else None,
                "entry": one.entry,
                "said_by": one.origin or site.ledger.origin,
            }
            for name, one in places_of(index).items()
            if "/01/" not in name  # a product
        ]
        naming = Naming(names_of(index))
    return {"title": "Places", "place": "", "places": known, "events": [], "_named": naming}


def _at_path(site: Site, asked: Asked) -> dict[str, Any]:
    return _of(site, asked, thing_of(str(asked.path["thing"])))


def _of(site: Site, asked: Asked, place: str) -> dict[str, Any]:
    name = canonical(place)
    with index_of(site.ledger) as index:
        if not is_place(index, name):
            raise NotFound(
                "supply.place",
                f"expected a place or party that events name, found none named {place[:120]!a}",
                hint=f"{PATH} lists the places with the most events.",
            )
        allowed, naming = limits(asked, index), Naming(names_of(index))
        at = coordinates(name) or coordinates_of(index).get(name)
        rows = index.database.execute(_EVENTS.format(_WHERE), (name, _SHOWN)).fetchall()
        counted = index.database.execute(_COUNT.format(_WHERE), (name,)).fetchone()
        total, first, last = counted
    events = [
        {
            "index": entry,
            "at_ms": when,
            "type": TYPES[kind] if kind >= 0 else "somebody's own",
            "step": step,
            "taken_over": bool(held),
            "low_c": low,
            "high_c": high,
            "alarm": bool(alarm),
            "thing": thing or "",
            "things": things,
        }
        for entry, when, kind, step, held, low, high, alarm, thing, things in rows
    ]
    return {
        "title": naming.words(name)[:60],
        "place": name,
        "parts": [list(one) for one in parts_of_name(name)],
        "latitude": at[0] if at else None,
        "longitude": at[1] if at else None,
        "total": total,
        "first_ms": first,
        "last_ms": last,
        "events": events,
        "limits": {"low_c": allowed.low_c, "high_c": allowed.high_c},
        "_named": naming,
        "_warmth": temperatures(
            f"Temperatures at {naming.words(name)}",
            [
                (one["at_ms"] / 1000, value, "alarmed" if one["alarm"] else "")
                for one in reversed(events)
                for value in dict.fromkeys((one["low_c"], one["high_c"]))
                if value is not None
            ],
            low_c=allowed.low_c,
            high_c=allowed.high_c,
        ),
    }


PAGES: Final = (
    Page(_HOME, "Places", _places, "supply/place.html", nav="apps", rows="events",
         words=("supply", "trace")),
    Page(f"{_HOME}/{{thing:path}}", "Place", _at_path, "supply/place.html", nav="apps",
         rows="events", words=("supply", "trace")),
)  # fmt: skip
