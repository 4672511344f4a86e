"""Orders: placed by decisions, delivered by events, returned by breaches, decided by people.

What an order is stands in `apps.supply.orders`. This module refuses to decide without a person or
a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf, nan
from typing import Annotated, Any, Final, Literal

from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.ops.contracts import OnChain
from counterfoil.ops.listing import Limit
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ops.supply.traces import moment_of
from counterfoil.ports import Param
from counterfoil.provenance.statements.parts import Accountable, decimal_text

with brings("chain"):
    from counterfoil.act import Acted, Actor
    from counterfoil.apps.supply.orders.desk import Order, OrderDesk, OrderStanding
    from counterfoil.apps.supply.orders.placed import Placed, find_order
    from counterfoil.apps.supply.orders.records import ColdChain
    from counterfoil.apps.supply.orders.summary import Summary, summaries

__all__ = [
    "OrderShown",
    "breach",
    "decide",
    "deliver",
    "listing",
    "order",
    "settle",
    "whole",
]

_ALL: Final = 1 << 40

_OrderName = Annotated[str, Param("The order: its name (po), or its entry.", "ORDER")]
_Wait = Annotated[int, Param("Longest wait until it is recorded, seconds.", "SECONDS")]


@dataclass(frozen=True, slots=True)
class OrderShown:
    """An order, and where its money is."""

    placed: Placed
    standing: OrderStanding

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**self.placed.to_json(), "standing": self.standing.to_json()}


def order(
    decision: Annotated[str, Param("The decision that orders: index or leaf.", "DECISION")],
    item: Annotated[str, Param("What is ordered, as the agreement names it.", "ITEM")],
    supplier: Annotated[str, Param("Of whom, as the agreement names it.", "SUPPLIER")],
    *,
    quantity: Annotated[str, Param("How many units.", "N")],
    price: Annotated[str, Param("Of one unit, in the token's smallest unit.", "N")],
    deadline: Annotated[str, Param("Delivered before this time.", "TIME")],
    po: Annotated[
        str | None, Param("The order's name in events; else one made of the decision.", "URI")
    ] = None,
    uom: Annotated[
        str | None, Param("Unit of the quantity, such as KGM; else pieces.", "UNIT")
    ] = None,
    low_c: Annotated[str | None, Param("Coldest that the goods may be, degrees C.", "C")] = None,
    high_c: Annotated[str | None, Param("Warmest that they may be, degrees C.", "C")] = None,
    grace: Annotated[int, Param("How long in a row they may be outside.", "SECONDS")] = 0,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> OrderShown:
    """Place the order of a decision, once, and pay for it into the escrow.

    Raises InputError with code supply.terms, supply.time or supply.quantity, Refused with a code
    gate.*, supply.beyond or act.consumer, Conflict with code supply.ordered, and as `act submit`.
    """
    moment = moment_of(deadline) or 0
    wanted = Order(
        item=item,
        supplier=supplier,
        quantity=whole(quantity),
        unit_price=whole(price),
        deadline_s=moment // 1000,
    )
    with _desk(ledger, chain) as desk:
        number = find_entry(desk.ledger, decision)
        placed = desk.place(
            number, wanted, po=po, uom=uom, cold_chain=_cold(low_c, high_c, grace), wait_s=wait
        )
        return OrderShown(placed, desk.standing(placed))


def deliver(
    order: _OrderName,
    event: Annotated[str, Param("The receiving event: index or leaf.", "EVENT")],
    *,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Release what a receiving event delivers of an order to its supplier; each event once.

    Raises InputError with code supply.receipt where the goods receipt rule releases nothing,
    Conflict with code supply.unplaced, Refused with a code gate.*, and as `act submit`.
    """
    with _desk(ledger, chain) as desk:
        placed = _find(desk, order)
        return desk.deliver(placed, find_entry(desk.ledger, event), wait_s=wait)


def breach(
    order: _OrderName,
    thing: Annotated[
        str | None, Param("A lot, item or pallet of the order, judged by the rule.", "EPC")
    ] = None,
    *,
    decision: Annotated[
        str | None, Param("A decision that names the order, in place of the rule.", "DECISION")
    ] = None,
    as_of: Annotated[str | None, Param("By what was measured then; else by all.", "TIME")] = None,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Return what is left of an order's money, because its cold chain broke.

    Raises InputError with code supply.cold-chain where the rule finds no breach, supply.breach for
    a decision on something else; and as `supply deliver`.
    """
    if (thing is None) == (decision is None):
        raise InputError(
            "supply.breach",
            "expected a thing to judge, or a decision that judged",
            hint="Name a lot of the order, or give --decision.",
        )
    with _desk(ledger, chain) as desk:
        placed = _find(desk, order)
        if decision is not None:
            found = find_entry(desk.ledger, decision)
        else:
            found = desk.judge_cold(placed, thing or "", moment_of(as_of))
        return desk.breach(placed, found, wait_s=wait)


def decide(
    order: _OrderName,
    outcome: Annotated[
        Literal["release", "return"], Param("To the supplier, or what is left to the desk.")
    ],
    *,
    why: Annotated[str, Param("The reason, in words.")],
    by: Annotated[str, Param("Who decides: a person's name.", "NAME")],
    role: Annotated[str | None, Param("In which role.", "ROLE")] = None,
    units: Annotated[str | None, Param("How many to release; else all open ones.", "N")] = None,
    wait: _Wait = 60,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Acted:
    """Decide on an order's money as a person, and have the escrow carry it out.

    Raises InputError with code supply.decided, and as `supply deliver`.
    """
    count = None if units is None else whole(units)
    with _desk(ledger, chain) as desk:
        person = Accountable(name=by, role=role)
        placed = _find(desk, order)
        return desk.decide(placed, outcome, why=why, by=person, units=count, wait_s=wait)


def settle(order: _OrderName, *, chain: OnChain = None, ledger: LedgerFolder = None) -> OrderShown:
    """Do what the clock has decided about an order's money, and bring back what falls to the desk.

    Raises NotFound with code supply.order, Refused as the contract does.
    """
    with _desk(ledger, chain) as desk:
        placed = _find(desk, order)
        return OrderShown(placed, desk.settle(placed))


def listing(*, limit: Limit = None, ledger: LedgerFolder = None) -> Iterator[Summary]:
    """List orders, the newest first, with what arrived and where their money is."""
    with open_for_reading(ledger) as opened:
        yield from summaries(opened, _ALL if limit is None else limit)


def whole(text: str) -> int:
    """Read a whole number above 0 of any size. Raises InputError with code supply.amount."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise InputError(
            "supply.amount",
            f"expected a whole number above 0, found {text[:40]!a}",
            hint="Write it without a point: 12.50 of a token with two decimals are 1250.",
        )
    return int(text)


def _cold(low_c: str | None, high_c: str | None, grace: int) -> ColdChain | None:
    if low_c is None and high_c is None:
        return None
    try:
        low, high = float(low_c or "nan"), float(high_c or "nan")
    except ValueError:
        low = high = nan
    if not -273.15 <= low <= high < inf or grace < 0:
        raise InputError(
            "supply.cold-limits",
            f"expected the coldest and the warmest, degrees C, found {str(low_c)[:20]!a} and "
            f"{str(high_c)[:20]!a}",
            hint="Goods that may be as cold as can be have a --low-c far below.",
        )
    return ColdChain(low_c=decimal_text(low), high_c=decimal_text(high), grace_s=grace)


@contextmanager
def _desk(ledger: LedgerFolder, chain: str | None) -> Iterator[OrderDesk]:
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        yield OrderDesk(actor)


def _find(desk: OrderDesk, order: str) -> Placed:
    return find_order(desk.ledger, order if ":" in order else find_entry(desk.ledger, order))
