"""Record an order before a contract places it: what is ordered, and on which terms its money waits.

This module refuses an order beyond its agreement or its decision, and two orders of one name.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.act.gate import reason_of
from counterfoil.apps.supply.orders.placed import Placed, find_order, is_named, series_of
from counterfoil.errors import Conflict, CounterfoilError, InputError, Refused
from counterfoil.formats.statement import Subject

if TYPE_CHECKING:
    from counterfoil.act.reorder_contract import Order
    from counterfoil.apps.supply.orders.desk import OrderDesk
    from counterfoil.apps.supply.orders.records import ColdChain
    from counterfoil.ledger.decisions import FoundDecision

__all__ = ["record_order", "require_said"]


def record_order(
    desk: OrderDesk,
    found: FoundDecision,
    order: Order,
    po: str | None,
    uom: str | None,
    cold_chain: ColdChain | None,
) -> Placed:
    """Record the order of a decision as `OrderDesk.place` has it, and wait until it is durable.

    Raises Refused with code supply.beyond where the desk has no such agreement, Conflict with code
    supply.ordered for a name that is taken.
    """
    try:
        terms = desk.contract.terms_of(order, found.leaf)
    except Refused as err:
        raise _refused(err) from err
    payment = desk.escrow.payment_id(terms).hex()
    name = po or f"urn:counterfoil:order:{found.leaf}"
    if is_named(desk.ledger, name):
        raise Conflict(
            "supply.ordered",
            f"expected another name for the order, found that one is called {name[:80]!a}",
            hint="Events name orders: two of one name could not be told apart.",
        )
    fields: dict[str, Any] = {
        "decision": {"leaf": found.leaf},
        "po": name,
        "item": order.item,
        "supplier": order.supplier,
        "quantity": str(order.quantity),
        "unit_price": str(order.unit_price),
        "amount": str(order.amount),
        "deadline_s": order.deadline_s,
        "chain_id": desk.actor.chain.chain_id,
        "desk": desk.contract.address,
        "escrow": desk.escrow.address,
        "payment_id": payment,
        "payee": terms.payee,
        "token": terms.token,
        "arbiter": terms.arbiter,
        "window_s": terms.window_s,
        "payment_deadline_s": terms.deadline_s,
    }
    if uom is not None:
        fields["uom"] = uom
    if cold_chain is not None:
        fields["cold_chain"] = msgspec.to_builtins(cold_chain)
    subject = Subject(digest={"sha256": payment}, name="order")
    done = desk.ledger.record_statement(
        "supply-order", fields, subjects=[subject], source=series_of(found.leaf), number=0
    )
    return find_order(desk.ledger, done.index)


def require_said(found: FoundDecision, order: Order) -> None:
    """Require no more units than a decision says, where it says how many (input `quantity`).

    What it says and is no number allows nothing. Raises InputError with code supply.quantity.
    """
    said = (found.said.get("inputs") or {}).get("quantity")
    if said is None:
        return
    try:
        most = Decimal(str(said))
    except InvalidOperation:
        most = Decimal("nan")
    if not most.is_finite() or order.quantity > most:
        raise InputError(
            "supply.quantity",
            f"expected an order of at most {str(said)[:40]!a} units, as decision {found.index} "
            f"says, found {order.quantity}",
            hint="The decision knows how much is missing: order that much or less.",
        )


def _refused(err: Refused) -> CounterfoilError:
    reason = reason_of(err)
    if reason is None:
        return err
    return Refused(
        "supply.beyond",
        f"expected an order within an agreement, but the desk refuses it: {reason[:64]!a}",
        hint="`counterfoil supply agreements` lists what governance agreed on.",
    )
