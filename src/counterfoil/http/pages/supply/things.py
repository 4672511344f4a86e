"""The page of a thing: what it is, where it is, its journey, how warm it was, and what it is of.

Every line leads to the entry that proves it. This module refuses to judge a temperature without
limits, which who asks names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from counterfoil.apps.supply.events.dossier import Dossier, dossier
from counterfoil.apps.supply.events.doubts import Limits, doubts
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.places import names_of
from counterfoil.apps.supply.events.trace import Link, trace
from counterfoil.drawing import GraphEdge, GraphNode, lineage_graph, temperatures
from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.supply.asking import as_of, limits, thing_asked
from counterfoil.http.pages.supply.doubted import row_of
from counterfoil.http.pages.supply.journeys import journey
from counterfoil.http.pages.supply.naming import PATH, Naming, address, thing_of, words_of
from counterfoil.http.pages.supply.places import is_place
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger

__all__ = ["PAGES"]

_HOME: Final = f"{PATH}/things"
_LINKS_MAX: Final = 500
_LINE_MAX: Final = 22  # letters that a node of the graph has room for
_NODES_MAX: Final = 60
_DOUBTS: Final = 50
_SHOWN: Final = 200
_NEWEST: Final = 50
_HOW: Final = {"made-of": "made of", "lot": "of the lot", "held": "held"}


def _things(site: Site, asked: Asked) -> dict[str, Any]:
    thing = thing_asked(asked)
    if thing:
        return _of(site, asked, thing)
    with index_of(site.ledger) as index:
        rows = index.database.execute(
            "SELECT t.name, count(DISTINCT p.event), max(p.at) FROM thing t JOIN part p ON p.thing "
            "= t.id WHERE t.id IN (SELECT id FROM thing ORDER BY id DESC LIMIT ?) GROUP BY t.id "
            "ORDER BY t.id DESC",
            (_NEWEST,),
        ).fetchall()
        called = names_of(index)
    return {
        "title": "Things",
        "thing": "",
        "things": [{"thing": name, "events": count, "last_ms": at} for name, count, at in rows],
        "events": [],
        "_named": Naming(called),
    }


def _at_path(site: Site, asked: Asked) -> dict[str, Any]:
    return _of(site, asked, thing_of(str(asked.path["thing"])))


def _of(site: Site, asked: Asked, thing: str) -> dict[str, Any]:
    ledger, by = site.ledger, as_of(asked)
    with index_of(ledger) as index:
        name = canonical(thing)
        if index.thing(name) < 0 and is_place(index, name):
            return {"goes_to": address(name, "places"), "title": "Place", "thing": name,
                    "events": []}  # fmt: skip
        allowed, called = limits(asked, index), names_of(index)
        found = dossier(ledger, index, thing, as_of_ms=by)
        doubted = [row_of(one) for one in islice(doubts(index, allowed, thing), _DOUBTS)]
        ways = {way: _ways(index, thing, by, back=way == "back") for way in ("back", "forward")}
    here = address(found.thing)
    path = here.partition("?")[0]
    query = {**asked.query, "thing": [found.thing]} if "?" in here else dict(asked.query)
    issuers = _issuers(ledger, [one.index for one in found.seen])
    return {
        "title": Naming(called).words(found.thing)[:60],
        **found.to_json(),
        "events": [
            {**one, "signed_by": issuers.get(one["index"], "")} for one in found.to_json()["seen"]
        ],
        "doubts": doubted,
        **{way: links for way, (links, _) in ways.items()},
        "cut": {way: cut for way, (_, cut) in ways.items()},
        **_journey(found, allowed, called),
        "limits": {"low_c": allowed.low_c, "high_c": allowed.high_c},
        "_warmth": _warmth(found, allowed),
        "_graph": _graph(found.thing, ways["back"][0], ways["forward"][0], Naming(called)),
        "_named": Naming(called),
        "_how": _HOW,
        "_shown": _SHOWN,
        "_recall": address(found.thing, "recall"),
        "_doubts": changed(f"{PATH}/doubts", {}, thing=found.thing),
        "_now": changed(path, query, as_of=None) if by is not None else "",
        "_here": path,
    }


def _ways(
    index: Index, thing: str, by: int | None, *, back: bool
) -> tuple[list[dict[str, Any]], int]:
    """Follow the thing, and tell how many links are left out."""
    links = trace(index, thing, back=back, as_of_ms=by).links
    return [_link(one) for one in links[:_LINKS_MAX]], max(len(links) - _LINKS_MAX, 0)


def _link(one: Link) -> dict[str, Any]:
    return {
        "level": one.level,
        "source": one.source,
        "product": one.product,
        "how": one.how,
        "index": one.index,
        "at_ms": one.at_ms,
    }


def _journey(found: Dossier, allowed: Limits, called: Mapping[str, str]) -> dict[str, Any]:
    drawn = journey(found, allowed, called)
    return {
        "stays": drawn.stays,
        "_map": drawn.on_map,
        "_times": drawn.in_time,
    }


def _warmth(found: Dossier, allowed: Limits) -> str:
    readings = [
        (one.at_ms / 1000, value, "alarmed" if one.alarm else "")
        for one in found.readings
        for value in dict.fromkeys((one.low_c, one.high_c))
    ]
    return temperatures(
        f"Temperatures of {words_of(found.thing)}",
        readings,
        low_c=allowed.low_c,
        high_c=allowed.high_c,
    )


def _graph(
    thing: str, back: Sequence[dict[str, Any]], forward: Sequence[dict[str, Any]], naming: Naming
) -> str:
    """Draw what it was made of to its left, what became of it to its right.

    What is packed counts both ways; it is drawn once, as the container's.
    """
    if not back and not forward:
        return ""
    drawn = {(one["product"], one["source"], one["index"]) for one in back}
    links = [*back]
    links += [one for one in forward if (one["source"], one["product"], one["index"]) not in drawn]
    names = dict.fromkeys([thing, *(one[end] for one in links for end in ("source", "product"))])
    nodes = [
        GraphNode(name, *_two_lines(naming.words(name)), href=address(name), told=name)
        for name in names
    ]
    edges = [
        GraphEdge(one["source"], one["product"], f"{_HOW[one['how']]}, entry {one['index']}")
        for one in links
    ]
    title = f"What {naming.words(thing)} is of, to its left, and what became of it, to its right"
    return lineage_graph(title, nodes, edges, thing, most=_NODES_MAX)


def _two_lines(words: str) -> tuple[str, str]:
    first, of, rest = words.partition(" of ")
    if of or len(words) <= _LINE_MAX:
        return first, rest
    first, _, rest = words.rpartition(" ")  # such as an SSCC
    return (first, rest) if first else (rest, "")


def _issuers(ledger: Ledger, indices: Sequence[int]) -> dict[int, str]:
    """Tell who says each event: the log that it came from, on whose behalf, or the issuer."""
    found = {}
    for index in indices[-_SHOWN:]:
        view = ledger.get(index)
        said = view.content
        origin = (said.get("received") or {}).get("origin")
        found[index] = str(origin or said.get("on_behalf_of") or view.issuer or "")
    return found


PAGES: Final = (
    Page(_HOME, "Things", _things, "supply/thing.html", nav="apps", rows="events",
         words=("supply", "trace")),
    Page(f"{_HOME}/{{thing:path}}", "Thing", _at_path, "supply/thing.html", nav="apps",
         rows="events", words=("supply", "trace")),
)  # fmt: skip
