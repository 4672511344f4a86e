"""A proven decision places one order, and its money goes where what arrives says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.act.actions import NOBODY
from counterfoil.act.escrow_contract import PaymentState
from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.orders.desk import Order, OrderDesk
from counterfoil.apps.supply.orders.setting_up import Agreement, OrderLimits, set_up
from counterfoil.chain import account_of
from counterfoil.ledger import Ledger
from tests.acting import acting_folder
from tests.supply_made import event
from tests.tokens import mint

MODEL = "ab" * 32
TOKEN = {"name_": "Test euro", "symbol_": "TEUR", "decimals_": "2"}
ITEM = "urn:epc:idpat:sgtin:4012345.011111.*"
LOT = "urn:epc:class:lgtin:4012345.011111.L7"
SUPPLIER = "urn:epc:id:pgln:4012345.00007"
PAYEE = account_of(bytes(31) + b"\x09")
DAY = 86_400
AGREED = Agreement(
    item=ITEM,
    supplier=SUPPLIER,
    payee=PAYEE.address,
    token=NOBODY,
    unit_price=150,
    quantity=100,
    period_quantity=10_000,
    period_budget=1_000_000,
    term_s=4_000_000_000,
)
LIMITS = OrderLimits(order=15_000, day=1_000_000, agreements=(AGREED,))
DELIVERED = 1_900_000_000  # before events of 2030


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Actor, OrderDesk]]:
    """Set a desk up once, with money."""
    folder = acting_folder(tmp_path_factory.mktemp("desk"))
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        evidence = ledger.record({"evaluated": "well"}).index
        done = set_up(actor, MODEL, evidence, LIMITS, token=TOKEN)
        desk = OrderDesk(actor)
        mint(actor, done.agreements[0].said.token, desk.contract.address, 1_000_000)
        yield ledger, actor, desk


def shortage(ledger: Ledger, outcome: str = "shortage", **more: object) -> int:
    """Record a model's decision that stock runs out."""
    fields = {"model": {"digest": MODEL}, "outcome": outcome, "score": "0.93", **more}
    return ledger.record_statement("decision", fields).index


def order(quantity: int = 40, **changes: Any) -> Order:
    """Give an order of the item."""
    told = Order(
        item=ITEM, supplier=SUPPLIER, quantity=quantity, unit_price=150, deadline_s=DELIVERED
    )
    return replace(told, **changes)


def receiving(ledger: Ledger, po: str, quantity: float, **changes: object) -> int:
    """Record that something of an order was received."""
    fields = {
        "quantityList": [{"epcClass": LOT, "quantity": quantity}],
        "action": "OBSERVE",
        "bizStep": "receiving",
        "bizTransactionList": [{"type": "po", "bizTransaction": po}],
    }
    (index,) = capture(ledger, [event("ObjectEvent", 1, **{**fields, **changes})]).indices
    assert index is not None
    return index


def test_ordered_and_delivered(place: tuple[Ledger, Actor, OrderDesk]) -> None:
    """A decision places an order, and what arrives releases its money, a part and then the rest."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(40))
    standing = desk.standing(placed)
    assert (standing.state, standing.left, standing.open_units) == (PaymentState.OPEN, 6_000, 40)
    assert desk.deliver(placed, receiving(ledger, placed.po, 25)).phase == "done"
    standing = desk.standing(placed)
    assert (standing.left, standing.open_units) == (2_250, 15)
    assert desk.deliver(placed, receiving(ledger, placed.po, 15)).phase == "done"
    assert desk.standing(placed).state is PaymentState.SETTLED
    assert desk.escrow.credit(placed.said.token, PAYEE.address) == 6_000
