"""Orders as they stand in a log: found, listed, and what was decided on their money since.

All of it is read from the log, so it cannot say other than what is recorded. Orders, and decisions
that release, count in the series that the desk writes: whoever else may write to the log could say
anything of an order. This module refuses to ask a chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.supply.orders.records import SupplyOrder
from counterfoil.apps.supply.searching import hits_of
from counterfoil.errors import NotFound
from counterfoil.ledger.decisions import FoundDecision
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, RecordView

__all__ = [
    "ORDER_ROLE",
    "RELEASE",
    "RETURNS",
    "Moved",
    "Placed",
    "find_order",
    "is_named",
    "list_orders",
    "money_series_of",
    "moves_of",
    "order_of_decision",
    "series_of",
]

ORDER_ROLE: Final = "order"
"""Role of the reference by which a decision names the order whose money it decides on."""

RELEASE: Final = "release"
"""Outcome of a decision that pays the supplier."""

RETURNS: Final = ("return", "breach", "discard")
"""Outcomes of decisions that return an order's money to the desk."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that stands in a ledger. index, leaf: of its statement."""

    index: int
    leaf: str
    said: SupplyOrder

    @property
    def po(self) -> str:
        """By which events name it."""
        return self.said.po

    @property
    def reference(self) -> Reference:
        """Name it in a decision on its money."""
        return Reference(leaf=self.leaf, role=ORDER_ROLE, name=self.said.po[:255])

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"index": self.index, "leaf": self.leaf, "order": msgspec.to_builtins(self.said)}


@dataclass(frozen=True, slots=True)
class Moved:
    """A decision on an order's money. units: that it counts as arrived; amount: that it moves.

    done: a contract acted on it, and that is on record. own: it stands in the desk's own series.
    """

    decision: FoundDecision
    units: int
    amount: int
    own: bool

    @property
    def index(self) -> int:
        """Place of the decision's entry."""
        return self.decision.index

    @property
    def outcome(self) -> str:
        """What was decided."""
        return str(self.decision.said["outcome"])

    @property
    def done(self) -> bool:
        """Whether a contract acted on it."""
        return bool(self.decision.actions)


def find_order(ledger: Ledger, order: int | str) -> Placed:
    """Find an order by its index, its leaf, or its name (po).

    Raises NotFound with code supply.order, and as `Ledger.get`.
    """
    if isinstance(order, str) and ":" in order:
        found = _first(ledger, f'kind=supply-order po="{_escaped(order)}"')
        if found is None:
            raise _no_order(order)
        return found
    index = order if isinstance(order, int) else ledger.find_leaf(order)
    view = ledger.get(index)
    if view.kind != "supply-order" or not _is_own(view):
        raise _no_order(str(order))
    return _of(view)


def is_named(ledger: Ledger, po: str, before: int | None = None) -> bool:
    """Tell whether an order has this name. before: recorded before this entry; None for ever."""
    found = _first(ledger, f'kind=supply-order po="{_escaped(po)}"')
    return found is not None and (before is None or found.index < before)


def order_of_decision(ledger: Ledger, leaf: str) -> Placed | None:
    """Find the order that a decision places; None where it places none."""
    return _first(ledger, f'kind=supply-order source="{series_of(leaf)}"')


def list_orders(ledger: Ledger, limit: int) -> Iterator[Placed]:
    """List orders, the newest first."""
    own = (view for view in hits_of(ledger, "kind=supply-order") if _is_own(view))
    yield from map(_of, islice(own, limit))


def moves_of(ledger: Ledger, placed: Placed) -> list[Moved]:
    """List the decisions on an order's money, oldest first.

    Those that release are the desk's own; any decision may return, once it is asked for. A return
    moves all that was left, which is known only where it is added up: its amount is 0 here where
    the decision does not say it. All are looked at: whoever may write could record so many others
    that the desk's own came after any bound.
    """
    moves = []
    based = f"kind=decision based_on.leaf={placed.leaf}"
    for hit in hits_of(ledger, based, newest_first=False):
        said = hit.content
        if said["outcome"] != RELEASE and said["outcome"] not in RETURNS:
            continue
        own = said.get("source") == money_series_of(placed.leaf)
        if said["outcome"] == RELEASE and not own:
            continue
        inputs = (said.get("inputs") or {}) if own else {}
        units, amount = (_whole(inputs.get(name)) for name in ("units", "amount"))
        moves.append(Moved(ledger.decisions.get(hit.index), units, amount, own))
    return moves


def series_of(decision: str) -> str:
    """Name the series of a decision's order: it has one number, so there is one order."""
    return f"order/{decision}"


def money_series_of(order: str) -> str:
    """Name the series of the decisions on an order's money. order: leaf of its statement."""
    return f"order-money/{order}"


def _first(ledger: Ledger, query: str) -> Placed | None:
    """Find the first order of those that satisfy a query: later ones of its name are none."""
    hits = hits_of(ledger, query, newest_first=False)
    found = next((view for view in hits if _is_own(view)), None)
    return None if found is None else _of(found)


def _is_own(view: RecordView) -> bool:
    """Tell whether a statement is the one order of its decision, as its series says."""
    leaf = (view.content.get("decision") or {}).get("leaf")
    return bool(view.content.get("source") == series_of(str(leaf)))


def _whole(found: object) -> int:
    text = str(found)
    return int(text) if len(text) < 40 and text.isascii() and text.isdigit() else 0


def _of(view: RecordView) -> Placed:
    return Placed(view.index, view.leaf, msgspec.convert(view.content, SupplyOrder))


def _no_order(text: str) -> NotFound:
    return NotFound(
        "supply.order",
        f"expected an order, found none that is called {text[:80]!a}",
        hint="`counterfoil supply orders` lists them.",
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
