"""The desk's commands: from its setting up to an order that is delivered, decided and settled."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.chain import account_of
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import desk as desk_text
from counterfoil.cli.text.supply import orders as orders_text
from counterfoil.errors import InputError, NotFound, Refused
from counterfoil.ops.supply import desk, orders
from tests.acting import acting_folder
from tests.log_rig import raises_code
from tests.orders_made import (
    COLD,
    ITEM,
    LOT,
    MODEL,
    SUPPLIER,
    receiving,
    shipped,
    shortage,
)
from tests.tokens import mint

PLAIN = Paint(io.StringIO())
PAYEE = account_of(bytes(31) + b"\x09")
TO = account_of(bytes(31) + b"\x0a").address


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set a desk up by its commands, with an agreement and money."""
    folder = acting_folder(tmp_path_factory.mktemp("desk"))
    with counterfoil.open(folder) as ledger:
        evidence = str(ledger.record({"evaluated": "well"}).index)
    limits: dict[str, Any] = {"per_order": "15000", "per_day": "1000000", "evidence": evidence}
    done = desk.desk(MODEL, **limits, own_token="TEUR", ledger=folder)
    told = list(desk_text.desk(done, PLAIN))
    assert sum("deployed" in line for line in told) == 5
    assert sum("approved" in line for line in told) == 5
    agreed = desk.agree(
        ITEM,
        SUPPLIER,
        payee=PAYEE.address,
        price="150",
        quantity="100",
        per_period="1000",
        budget="100000",
        term=4_000_000_000,
        ledger=folder,
    )
    assert "100 an order at 150 at most" in next(iter(desk_text.agree(agreed, PLAIN)))
    paid = desk.pay_in("100000", ledger=folder)
    assert (paid.token, paid.left) == (agreed.said.token, "100000")
    assert "100000 in the desk" in next(iter(desk_text.pay_in(paid, PLAIN)))
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        mint(actor, agreed.said.token, actor.account("funder").address, 7)
    with pytest.raises(Refused):  # more than the funder has
        desk.pay_in("8", token=agreed.said.token, ledger=folder)
    paid = desk.pay_in("7", token=agreed.said.token, ledger=folder)
    assert paid.left == "100007"
    assert desk.withdraw("7", payee=TO, ledger=folder).left == "100000"
    return folder


def test_orders_by_commands(place: Path) -> None:
    """What is ordered is delivered, broken, decided and listed, and what is left is taken out."""
    with counterfoil.open(place) as ledger:
        decisions = [str(shortage(ledger)) for _ in range(2)]
    asked: dict[str, Any] = {"quantity": "10", "price": "150", "deadline": "2030-03-01T00:00:00Z"}
    first = orders.order(decisions[0], ITEM, SUPPLIER, **asked, po="urn:example:po:1", ledger=place)
    assert "1500 left in the escrow" in "\n".join(orders_text.order(first, PLAIN))
    limits: dict[str, Any] = {"low_c": COLD.low_c, "high_c": COLD.high_c, "grace": COLD.grace_s}
    cold = "urn:example:po:fish"
    orders.order(decisions[1], ITEM, SUPPLIER, **asked, po=cold, **limits, ledger=place)
    with counterfoil.open(place) as ledger:
        event = str(receiving(ledger, first.placed.po, 4))
        shipped(ledger, cold, 4, 9, 9, 9, 9)
    done = orders.deliver(first.placed.po, event, ledger=place)
    assert "acted" in "\n".join(orders_text.deliver(done, PLAIN))
    with raises_code("supply.breach", InputError):
        orders.breach(cold, ledger=place)
    broken = orders.breach(
        cold, LOT.replace("L7", "fish"), as_of="2030-01-03T00:00:00Z", ledger=place
    )
    assert broken.amount == "1500"
    shown = "\n".join(orders_text.listing(orders.listing(ledger=place), PLAIN))
    assert "part" in shown
    assert "returned" in shown
    decided = orders.decide(
        str(first.placed.index),
        "release",
        why="the rest came by hand",
        by="Ada Example",
        units="6",
        ledger=place,
    )
    assert decided.amount == "900"
    states = [one.state for one in orders.listing(ledger=place)]
    assert states == ["returned", "delivered"]
    with pytest.raises(Refused):
        orders.settle(first.placed.po, ledger=place)
    with raises_code("supply.desk", Refused):
        desk.withdraw("98501", payee=TO, ledger=place)
    left = desk.withdraw("98000", payee=TO, ledger=place)
    assert left.left == "500"
    assert "500 left" in next(iter(desk_text.withdraw(left, PLAIN)))
    lines = list(desk_text.agreements(desk.agreements(ledger=place), PLAIN))
    assert len(lines) == 1


@pytest.mark.parametrize("amount", ["0", "-1", "1.5", "ten", ""])
def test_amounts_that_are_none(amount: str) -> None:
    """An amount is a whole number above nothing."""
    with raises_code("supply.amount", InputError):
        orders.whole(amount)


def test_wrong_words(place: Path) -> None:
    """Limits the wrong way round, a missing order, and limits of a key are told as errors."""
    asked: dict[str, Any] = {"quantity": "1", "price": "1", "deadline": "2030-03-01T00:00:00Z"}
    for low_c, high_c in (("5", "1"), ("nan", "1"), (None, "1"), ("cold", "1"), ("0", "inf")):
        with raises_code("supply.cold-limits", InputError):
            orders.order("0", ITEM, SUPPLIER, **asked, low_c=low_c, high_c=high_c, ledger=place)
    with raises_code("supply.order", NotFound):
        orders.settle("urn:example:po:none", ledger=place)
    with raises_code("supply.amount", InputError):
        desk.desk(MODEL, evidence="0", per_order="2", per_day="1", ledger=place)
