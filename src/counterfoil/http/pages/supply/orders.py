"""Orders that a contract placed and paid, as the log has them: each with what was done for it.

This module refuses to ask a chain: what the log proves stands here, and the contracts' pages tell
the rest.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.http.pages.addresses import changed
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.summaries import timed
from counterfoil.http.pages.supply.naming import PATH
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.search.fields import flatten

__all__ = ["PAGES"]

_PLACE: Final = f"{PATH}/orders"
_SHOWN: Final = 50
_ACTIONS: Final = 20
_FIELDS: Final = 12
_HEADER: Final = frozenset({"issuer", "source", "number", "at_ms", "nonce", "audience"})


def _orders(site: Site, asked: Asked) -> dict[str, Any]:
    ledger, after = site.ledger, asked.integer("after", -1)
    page = ledger.search("kind=order", limit=_SHOWN, after=None if after < 0 else after)
    rows = [_row(ledger, one) for one in timed(ledger, page.hits)]
    return {
        "orders": rows,
        "_older": changed(_PLACE, asked.query, after=page.next) if page.next is not None else "",
        "_first": changed(_PLACE, asked.query) if after >= 0 else "",
    }


def _row(ledger: Ledger, view: RecordView) -> dict[str, Any]:
    said = [
        (name, value)
        for name, value in flatten(view.content)
        if name is not None and name.partition(".")[0] not in _HEADER and value not in (None, "")
    ]
    decision = view.content.get("decision") or {}
    leaf = decision.get("leaf") if isinstance(decision, dict) else None
    followed = [
        {
            "index": hit.index,
            "action": hit.content.get("action"),
            "result": hit.content.get("result"),
            "at_ms": hit.at_ms,
        }
        for hit in (
            ledger.search(f"kind=action decision.leaf={leaf}", limit=_ACTIONS, newest_first=False)
            .hits
            if leaf
            else ()
        )
    ]  # fmt: skip
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "says": {str(name): value for name, value in said[:_FIELDS]},
        "decision": leaf,
        "actions": followed,
    }


PAGES: Final = (
    Page(_PLACE, "Orders", _orders, "supply/orders.html", nav="apps", rows="orders",
         words=("supply", "trace")),
)  # fmt: skip
