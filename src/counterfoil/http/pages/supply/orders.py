"""Orders that a contract placed and paid, as the log has them: each with how far it is.

This module refuses to ask a chain: what the log proves stands here, and the contracts' pages tell
the rest.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import names_of
from counterfoil.extras import brings
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.supply.naming import PATH, Naming
from counterfoil.http.pages.tried import tried
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger

__all__ = ["PAGES"]

_PLACE: Final = f"{PATH}/orders"
_SHOWN: Final = 100
_MOST: Final = 1000


def _orders(site: Site, asked: Asked) -> dict[str, Any]:
    limit = asked.integer("limit", _SHOWN, least=1, most=_MOST)
    found, problem = tried(lambda: _listed(site.ledger, limit + 1))
    rows = found or []
    return {
        "orders": rows[:limit],
        "more": len(rows) > limit,
        "problem": problem,
        "_words": _words(site.ledger, rows),
    }


def _words(ledger: Ledger, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Say what each item and supplier is called, by the name that the order has for it."""
    if not rows:
        return {}
    with index_of(ledger) as index:
        naming = Naming(names_of(index))
    names = {one[end] for one in rows for end in ("item", "supplier")}
    return {name: naming.words(canonical(name)) for name in names}


def _listed(ledger: Ledger, limit: int) -> list[dict[str, Any]]:
    with brings("chain"):
        from counterfoil.apps.supply.orders.summary import summaries
    return [
        {
            "index": one.placed.index,
            "at_ms": ledger.get(one.placed.index).at_ms,
            "item": one.placed.said.item,
            "supplier": one.placed.said.supplier,
            "quantity": one.placed.said.quantity,
            "uom": one.placed.said.uom,
            "amount": one.placed.said.amount,
            "released": str(one.released),
            "left": str(one.left),
            "units": one.units,
            "state": one.state,
            "deadline_ms": one.placed.said.deadline_s * 1000,
            "decision": one.placed.said.decision.leaf,
            "decisions": list(one.decisions),
            "waits": list(one.waits),
        }
        for one in islice(summaries(ledger, limit), limit)
    ]


PAGES: Final = (
    Page(_PLACE, "Orders", _orders, "supply/orders.html", nav="apps", rows="orders",
         words=("supply", "trace")),
)  # fmt: skip
