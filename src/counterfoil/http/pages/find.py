"""Find by whatever somebody has at hand: an index, a hash, a name, a person's handle, words.

What means one thing leads to its page at once; else it is listed. This module refuses to guess
between two meanings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.extras import brings
from counterfoil.http.pages.addresses import changed, quoted
from counterfoil.http.pages.checkpoints import known_checkpoints
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.records import listed
from counterfoil.http.pages.summaries import timed
from counterfoil.http.pages.tried import tried
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger
from counterfoil.ledger.anchored import read_anchored
from counterfoil.log import parse_signed

__all__ = ["PAGES"]

_INDEX: Final = re.compile(r"[0-9][0-9 ,.\u202f]{0,20}")
_HEX: Final = re.compile(r"(?:0x|sha256:|handle:)?([0-9a-f]{8,130})")
_LEAF_DIGITS: Final = 64
_LIMIT: Final = 20
_QUERY_MAX: Final = 500

Place = dict[str, Any]


def _facts(site: Site, asked: Asked) -> dict[str, Any]:
    words = asked.one("q").strip()[:_QUERY_MAX]
    if not words:
        return {"q": "", "places": [], "records": [], "more": ""}
    ledger = site.ledger
    places = list({one["href"]: one for one in _places(ledger, words)}.values())
    records, more = _said(ledger, words)
    known = {one["href"] for one in places}
    records = [one for one in records if f"/records/{one['index']}" not in known]
    found: dict[str, Any] = {"q": words, "places": places, "records": records, "more": more}
    if len(places) == 1 and (not records or places[0]["exact"]):
        return {**found, "goes_to": places[0]["href"]}
    if not places and len(records) == 1 and not more:
        return {**found, "goes_to": f"/records/{records[0]['index']}"}
    return found


def _places(ledger: Ledger, words: str) -> Iterator[Place]:
    """List the pages that the words name exactly."""
    if _INDEX.fullmatch(words):
        yield from _numbered(ledger, int(re.sub(r"\D", "", words)))
    hexadecimal = _HEX.fullmatch(words.lower())
    if hexadecimal is not None:
        yield from _hashed(ledger, hexadecimal[1])
    yield from _goods(ledger, words)
    try:
        model = ledger.models.get(words.removeprefix("sha256:"))
    except (NotFound, InputError):
        return
    if not words.isdigit():
        href = f"/models/{model.index}"
        yield _place(f"Model {model.title}", href, "by its name or digest")


def _goods(ledger: Ledger, words: str) -> Iterator[Place]:
    """Look for a thing of supply chains, where events are understood here."""
    if ":" not in words:
        return
    found, _ = tried(lambda: _known_thing(ledger, words))
    if found is not None:
        yield {**found, "exact": True}


def _known_thing(ledger: Ledger, words: str) -> dict[str, str] | None:
    with brings("supply"):
        from counterfoil.http.pages.supply.mentioned import known_thing
    return known_thing(ledger, words)


def _numbered(ledger: Ledger, number: int) -> Iterator[Place]:
    if number < ledger.size:
        yield _place(f"Entry {number}", f"/records/{number}", "by its index")
    if any(one.size == number for one in known_checkpoints(ledger)):
        yield _place(f"Checkpoint of size {number}", f"/checkpoints/{number}", "by its size")


def _hashed(ledger: Ledger, digits: str) -> Iterator[Place]:
    if len(digits) == _LEAF_DIGITS:
        try:
            index = ledger.find_leaf(digits)
            yield _place(f"Entry {index}", f"/records/{index}", "by its leaf hash")
        except NotFound:
            pass
    for kept in known_checkpoints(ledger):
        if parse_signed(kept.note).root.hex() == digits:
            href = f"/checkpoints/{kept.size}"
            yield _place(f"Checkpoint of size {kept.size}", href, "by its root")
    for anchor in read_anchored(ledger.layout):
        if digits in (anchor.mined.tx_hash.hex(), anchor.root.hex()):
            href = f"/checkpoints/{anchor.size}"
            told = f"anchored on chain {anchor.chain_id}"
            yield _place(f"Checkpoint of size {anchor.size}", href, told)


def _said(ledger: Ledger, words: str) -> tuple[list[dict[str, Any]], str]:
    """Search what records say: a digest, a person's handle, an actor, or any words."""
    bare = words.removeprefix("handle:").removeprefix("sha256:")
    terms = [quoted(bare)]
    if bare.startswith("0x"):
        terms.append(quoted(bare[2:]))
    elif _HEX.fullmatch(bare.lower()) and len(bare) == _LEAF_DIGITS:
        terms = [f"subject.sha256={bare.lower()}", quoted(bare), quoted(f"0x{bare}")]
    found: dict[int, dict[str, Any]] = {}
    more = ""
    for term in terms:
        try:
            page = ledger.search(term, limit=_LIMIT)
        except InputError:  # signs alone are no words
            continue
        found.update((one.index, listed(one)) for one in timed(ledger, page.hits))
        if page.next is not None:
            more = more or changed("/records", {}, q=term)
    kept = [found[at] for at in sorted(found, reverse=True) if found[at]["kind"] != "batch"]
    return kept[:_LIMIT], more


def _place(words: str, href: str, why: str) -> dict[str, Any]:
    return {"words": words, "href": href, "why": why, "exact": True}


PAGES: Final = (Page("/find", "Find", _facts, "find.html", nav="", rows="records"),)
