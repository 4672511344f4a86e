"""An order desk for tests: set up on a ledger's own chain, with an agreement, money and events."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.act import Actor
from counterfoil.act.actions import NOBODY
from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.orders.agreeing import list_agreements
from counterfoil.apps.supply.orders.desk import Order, OrderDesk
from counterfoil.apps.supply.orders.records import ColdChain
from counterfoil.apps.supply.orders.setting_up import Agreement, OrderLimits, set_up
from counterfoil.chain import account_of
from counterfoil.ledger import Ledger
from counterfoil.provenance.statements.parts import Accountable
from tests.acting import acting_folder
from tests.supply_made import event
from tests.tokens import mint

__all__ = [
    "AGREED",
    "BUYER",
    "COLD",
    "ITEM",
    "LIMITS",
    "LOT",
    "MODEL",
    "PAYEE",
    "SUPPLIER",
    "TOKEN",
    "Made",
    "desk_of",
    "order",
    "receiving",
    "shipped",
    "shortage",
]

BUYER = Accountable(name="Ada Example", role="buyer")
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
COLD = ColdChain(low_c="0", high_c="5", grace_s=3_600)

Made = tuple[Ledger, Actor, OrderDesk]


@contextmanager
def desk_of(folder: Path, money: int = 1_000_000) -> Iterator[Made]:
    """Give a desk in `folder / "ledger"`, with money: a copy of one that is set up once."""
    place = Path(shutil.copytree(_ready(), folder / "ledger"))
    with counterfoil.open(place) as ledger, Actor(ledger) as actor:
        desk = OrderDesk(actor)
        token = next(list_agreements(ledger)).said.token
        mint(actor, token, desk.contract.address, money)
        yield ledger, actor, desk


@cache
def _ready() -> Path:
    home = Path(tempfile.mkdtemp(prefix="orders-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    folder = acting_folder(home)
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        evidence = ledger.record({"evaluated": "well"}).index
        set_up(actor, MODEL, evidence, LIMITS, token=TOKEN)
    return folder


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


def shipped(ledger: Ledger, po: str, *warm_c: float) -> None:
    """Ship a lot for an order, and measure it each half hour from then on."""
    told = [{"epcClass": LOT.replace("L7", po[-4:]), "quantity": 5}]
    named = [{"type": "po", "bizTransaction": po}]
    events = [
        event(
            "ObjectEvent",
            10,
            quantityList=told,
            action="OBSERVE",
            bizStep="shipping",
            bizTransactionList=named,
        )
    ]
    events += [
        event(
            "ObjectEvent",
            10 + number / 2,
            quantityList=told,
            action="OBSERVE",
            sensorElementList=[
                {"sensorReport": [{"type": "Temperature", "value": celsius, "uom": "CEL"}]}
            ],
        )
        for number, celsius in enumerate(warm_c, 1)
    ]
    assert not capture(ledger, events).wrong
