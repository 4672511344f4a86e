"""What GS1's interface below `/epcis` takes and gives, in the words of its description.

This module refuses to describe what the node does not serve: paths are those of the receivers.
Source: GS1 EPCIS 2.0, 12; its OpenAPI.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from counterfoil.http.api.described import Described, Query

__all__ = ["DESCRIBED_EPCIS"]

_JSON: Final = "application/json"
_LD: Final = "application/ld+json"
_TAKES: Final = ((_LD, None), (_JSON, None), ("application/xml", None), ("text/xml", None))
_PAGED: Final = (
    Query("perPage", "Most on a page.", "integer"),
    Query("nextPageToken", "Of the page before, from its header Link."),
)
_ASKED: Final = (
    Query("eventType", "Of these types."),
    Query("GE_eventTime", "At this time or later, with its offset from UTC."),
    Query("LT_eventTime", "Before this time."),
    Query("EQ_bizStep", "With one of these steps."),
    Query("EQ_readPoint", "Seen at one of these places."),
    Query("EQ_bizLocation", "After which things are at one of these places."),
    Query("MATCH_epc", "With one of these things; a pattern matches its items."),
    Query("MATCH_anyEPC", "With one of these things in any role."),
    *_PAGED,
)
_KINDS: Final = ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")
_OPTIONS: Final = ("", "/capture", "/events", "/queries")


def _gives(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Give what is answered with: JSON, called JSON-LD where that is asked for."""
    return ((_JSON, kind), (_LD, kind))


def _captures() -> Iterator[tuple[str, str, Described]]:
    yield (
        "POST",
        "/capture",
        Described(
            "Capture an EPCIS 2.0 document: each event once, with a receipt; Location names the "
            "job.",
            takes=_TAKES,
            gives=_gives(None),
            status=(202,),
        ),
    )
    yield "GET", "/capture", Described("List capture jobs.", gives=_gives(list))
    yield (
        "GET",
        "/capture/{job}",
        Described("Tell what became of a capture.", gives=_gives(dict)),
    )
    yield (
        "POST",
        "/events",
        Described("Capture one EPCIS 2.0 event.", takes=_TAKES, gives=_gives(None), status=(201,)),
    )


def _finds() -> Iterator[tuple[str, str, Described]]:
    found = "Find events by GS1's query parameters, a page at a time."
    yield "GET", "/events", Described(found, query=_ASKED, gives=_gives(dict))
    told = "Give one event by its id or hash; the header Counterfoil-Entry names its entry."
    yield "GET", "/events/{event:path}", Described(told, gives=_gives(dict))
    yield "GET", "", Described("List what can be asked for.", gives=_gives(list))
    for below in _OPTIONS:
        words = "Tell what this interface speaks, and how much it takes at once."
        yield "OPTIONS", below, Described(words, gives=(), status=(204,))
    for kind in _KINDS:
        listed = f"List the {kind} that events have, a page at a time."
        yield "GET", f"/{kind}", Described(listed, query=_PAGED, gives=_gives(dict))
        one = f"/{kind}/{{value:path}}"
        yield "GET", one, Described(f"Tell that one of the {kind} has events.", gives=_gives(list))
        asked = Described(
            f"Find the events of one of the {kind}.", query=_ASKED, gives=_gives(dict)
        )
        yield "GET", f"{one}/events", asked


def _queries() -> Iterator[tuple[str, str, Described]]:
    yield "GET", "/queries", Described("List named queries.", query=_PAGED, gives=_gives(list))
    made = Described(
        "Name a query: its name and its parameters; Location names it.",
        takes=((_JSON, None),),
        gives=_gives(None),
        status=(201,),
    )
    yield "POST", "/queries", made
    name = "/queries/{name}"
    yield "GET", name, Described("Give the definition of a query.", gives=_gives(dict))
    yield "DELETE", name, Described("Forget a query.", gives=(), status=(204,))
    found = "Find the events of a named query, a page at a time."
    yield "GET", f"{name}/events", Described(found, query=_PAGED, gives=_gives(dict))
    none = Described("Refuse a subscription: they are not offered.", gives=(), status=())
    yield "GET", f"{name}/subscriptions", none
    yield "POST", f"{name}/subscriptions", none
    forgotten = "Let go of a page's token, which holds nothing."
    yield "DELETE", "/nextPageToken/{token}", Described(forgotten, gives=(), status=(204,))


DESCRIBED_EPCIS: Final[dict[tuple[str, str], Described]] = {
    (method, f"/epcis{below}"): said
    for part in (_captures(), _finds(), _queries())
    for method, below, said in part
}
"""Paths as of `Endpoint`, by method."""
