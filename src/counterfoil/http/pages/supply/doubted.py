"""What cannot have been, or must not be: doubts about the newest events, or about one thing.

This module refuses to say who is wrong.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from counterfoil.apps.supply.events.doubts import Doubt, doubts
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import names_of
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.supply.asking import limits, thing_asked
from counterfoil.http.pages.supply.naming import PATH, Naming
from counterfoil.http.site import Site

__all__ = ["PAGES", "WORDS", "row_of"]

WORDS: Final = {
    "two-places": "in two places at once",
    "too-fast": "faster than anything drives",
    "before-made": "seen before it was made",
    "serial-reuse": "one serial number, several things",
    "mass-balance": "more out than in",
    "cold-chain": "too warm, too cold or alarmed",
}
"""Kind of a doubt -> in a few words."""

_PLACE: Final = f"{PATH}/doubts"
_NEWEST: Final = 1000
_NEWEST_MAX: Final = 20_000
_SHOWN: Final = 500


def row_of(doubt: Doubt) -> dict[str, Any]:
    """Lay a doubt out for a table."""
    return {
        "kind": doubt.kind,
        "words": WORDS.get(doubt.kind, doubt.kind),
        "thing": doubt.thing,
        "says": doubt.says,
        "entries": list(doubt.indices),
    }


def _doubts(site: Site, asked: Asked) -> dict[str, Any]:
    kind, thing = asked.one("kind"), thing_asked(asked)
    newest = asked.integer("newest", _NEWEST, least=1, most=_NEWEST_MAX)
    with index_of(site.ledger) as index:
        naming = Naming(names_of(index))
        total = index.database.execute("SELECT count(*) FROM event").fetchone()[0]
        last = None if thing else newest
        all_of_it = doubts(index, limits(asked, index), thing or None, newest=last)
        found = list(islice(all_of_it, _SHOWN + 1))
    counts = {name: sum(one.kind == name for one in found) for name in WORDS}
    return {
        "doubts": [row_of(one) for one in found if kind in ("", one.kind)][:_SHOWN],
        "more": len(found) > _SHOWN,
        "events": total,
        "looked": min(newest, total),
        "thing": thing,
        "_named": naming,
        "_facets": [
            {
                "label": "Kind",
                "values": [
                    {
                        "value": WORDS[name],
                        "count": count,
                        "on": kind == name,
                        "href": changed(_PLACE, asked.query, kind=None if kind == name else name),
                    }
                    for name, count in counts.items()
                    if count
                ],
            }
        ],
    }


PAGES: Final = (
    Page(_PLACE, "Doubts", _doubts, "supply/doubts.html", nav="apps", rows="doubts",
         words=("supply", "check")),
)  # fmt: skip
