"""Which things an event names, and what a search for one leads to: ways from other pages to here.

This module refuses an event that does not have its hash: it names nothing.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.apps.supply.events.identifiers import DOMAIN, canonical
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.linking import CHILD, INPUT, ITEM, LOT, OUTPUT, PARENT, link
from counterfoil.apps.supply.events.query import event_at
from counterfoil.errors import CounterfoilError
from counterfoil.http.pages.supply.naming import address, words_of
from counterfoil.http.pages.supply.places import is_place
from counterfoil.ledger import Ledger

__all__ = ["known_thing", "mentioned"]

_MOST: Final = 50
_SCHEMES: Final = ("urn:", "geo:", "http:", "https:")
_ROLES: Final = {
    ITEM: "seen", PARENT: "holds others", CHILD: "is held", INPUT: "went in", OUTPUT: "came out",
    LOT: "the lot of what was seen",
}  # fmt: skip


def mentioned(ledger: Ledger, index: int) -> dict[str, Any]:
    """Tell the things that the event at an entry names, at most 50, and how many there are."""
    try:
        parts = link(event_at(ledger, index)).parts
    except CounterfoilError:
        return {"things": [], "total": 0}
    roles: dict[str, str] = {}
    for part in parts:
        roles.setdefault(part.thing, _ROLES[part.role])
    shown = list(roles.items())[:_MOST]
    return {
        "things": [
            {"thing": name, "words": words_of(name), "href": address(name), "as": role}
            for name, role in shown
        ],
        "total": len(roles),
    }


def known_thing(ledger: Ledger, words: str) -> dict[str, str] | None:
    """Find the thing that an EPC or Digital Link names; None where no event names it.

    What cannot be such a name is not looked up: the index is brought up to the log for that.
    """
    name = canonical(words)
    if not name.startswith(f"{DOMAIN}/") and not words.startswith(_SCHEMES):
        return None
    with index_of(ledger) as index:
        if index.thing(name) >= 0:
            room = "things"
        elif is_place(index, name):
            room = "places"
        else:
            return None
    return {"words": words_of(name), "href": address(name, room), "why": "by its name in events"}
