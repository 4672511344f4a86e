"""How much of an order has arrived by an event: the goods receipt, as a rule that anybody can redo.

The rule is a text with a digest, which governance approves for releasing money; what it computes is
below. It takes receiving events that name the order, seen by the buyer's own organisation before
the delivery deadline, and counts what they list of the item. This module refuses what is short of
that: then a person may decide.
Source: GS1 EPCIS 2.0, 7.3 and 7.4; CBV 2.0, 7.1 and 7.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.supply.events.identifiers import canonical, class_of
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.errors import InputError

if TYPE_CHECKING:
    from counterfoil.apps.supply.events.event import Event
    from counterfoil.apps.supply.orders.records import SupplyOrder

__all__ = ["RECEIPT_RULE", "RECEIPT_RULE_NAME", "arrived", "require_receiving", "serials"]

RECEIPT_RULE_NAME: Final = "goods receipt"

RECEIPT_RULE: Final = """Goods receipt (version 1)

1. An order is delivered by events of type ObjectEvent, AggregationEvent or TransactionEvent whose
   business step is receiving, and whose business transactions name the order, and no other order
   of the buyer's.
2. The event is recorded by the buyer's own organisation as seen by itself: on nobody's behalf, and
   not taken over from another's log. It is no error declaration, none declared it to be an error
   before, and its time is at or before the order's delivery deadline.
3. What it lists of the item is counted: each serialised instance of the item once for the order,
   and each quantity of the item's class or of a lot of it, in the order's unit. Parts of a unit do
   not count.
4. Each event counts once for an order. What was delivered before is taken off what is still open;
   what arrives beyond that is not paid for.
5. The money of what arrived is released to the supplier: units times the order's unit price.
"""
"""The rule's text. What computes it is `arrived`; another text is another rule, to approve anew."""

_TYPES: Final = ("ObjectEvent", "AggregationEvent", "TransactionEvent")
_STEP: Final = "receiving"
_SERIAL: Final = "/21/"


def arrived(said: SupplyOrder, event: Event, counted: frozenset[str] = frozenset()) -> int:
    """Count the whole units of an order's item that an event lists, 0 or more.

    counted: serialised instances that earlier events delivered, as `serials` names them.
    Raises InputError with code supply.receipt for an event that is no receiving event of the order
    in time.
    """
    require_receiving(said, event.body)
    wanted = canonical(said.item)
    count = Decimal(0)
    if said.uom is None:  # pieces are no kilograms
        count += len(serials(said, event) - counted)
    for one in _quantities(event.body):
        same = _is_of(canonical(str(one.get("epcClass", ""))), wanted)
        if same and one.get("uom") == said.uom and "quantity" in one:
            count += Decimal(str(one["quantity"]))
    return max(0, int(count.to_integral_value(ROUND_FLOOR)))


def serials(said: SupplyOrder, event: Event) -> frozenset[str]:
    """Name the serialised instances of an order's item that an event lists."""
    wanted = canonical(said.item)
    named = (canonical(one) for one in _instances(event.body))
    return frozenset(one for one in named if _SERIAL in one and _is_of(one, wanted))


def require_receiving(said: SupplyOrder, body: Mapping[str, Any]) -> None:
    """Require an event by which this order may have been delivered.

    Raises InputError with code supply.receipt.
    """
    named = [one.get("bizTransaction") for one in body.get("bizTransactionList") or ()]
    time_ms = instant_ms(str(body.get("eventTime", "")))
    problem = None
    if body.get("type") not in _TYPES or body.get("bizStep") != _STEP:
        problem = f"{str(body.get('type'))[:40]!a} with the step {str(body.get('bizStep'))[:40]!a}"
    elif "errorDeclaration" in body:
        problem = "one that was declared to be an error"
    elif body.get("action") == "DELETE":
        problem = "one with the action DELETE"
    elif said.po not in named:
        problem = f"one that names {str(named)[:80]!a}"
    elif time_ms is None or time_ms > said.deadline_s * 1000:
        problem = f"one of {str(body.get('eventTime'))[:40]!a}, after the delivery deadline"
    if problem is not None:
        raise InputError(
            "supply.receipt",
            f"expected a receiving event of order {said.po[:80]!a} in time, found {problem}",
            hint="Name the order among the event's business transactions; what came late or "
            "otherwise, a person decides on.",
        )


def _instances(body: Mapping[str, Any]) -> Iterator[str]:
    for field in ("epcList", "childEPCs"):
        yield from (str(one) for one in body.get(field) or ())


def _quantities(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for field in ("quantityList", "childQuantityList"):
        yield from body.get(field) or ()


def _is_of(name: str, wanted: str) -> bool:
    """Tell whether a canonical name is the item, or an instance or lot of it."""
    return name == wanted or class_of(name) == wanted
