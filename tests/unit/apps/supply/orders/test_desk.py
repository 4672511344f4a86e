"""A proven decision places one order, and its money goes where what arrives says."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.act.escrow_contract import PaymentState
from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.orders.agreeing import list_agreements, record_agreement
from counterfoil.apps.supply.orders.desk import OrderDesk
from counterfoil.apps.supply.orders.placed import Placed, find_order, list_orders
from counterfoil.apps.supply.orders.placing import record_order
from counterfoil.apps.supply.orders.summary import summary_of
from counterfoil.chain import account_of, open_chain
from counterfoil.errors import Conflict, InputError, NotFound, Refused
from counterfoil.provenance.decisions import schema_digest
from counterfoil.provenance.statements.parts import Reference
from tests.log_rig import raises_code
from tests.orders_made import AGREED, LOT, PAYEE, Made, desk_of, order, receiving, shortage
from tests.supply_made import at, event
from tests.tokens import mint


def test_ordered_and_delivered(place: Made) -> None:
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


def test_asked_again_nothing_is_done_twice(place: Made) -> None:
    """Placing and delivering again give what stands, and record and send nothing."""
    ledger, _, desk = place
    decision = shortage(ledger)
    placed = desk.place(decision, order(3))
    event_of = receiving(ledger, placed.po, 3)
    done = desk.deliver(placed, event_of)
    size, credit = ledger.size, desk.escrow.credit(placed.said.token, PAYEE.address)
    assert desk.place(decision, order(3)) == placed
    assert desk.deliver(placed.index, event_of) == done
    assert desk.deliver(placed.leaf, event_of) == desk.deliver(placed.po, event_of) == done
    assert ledger.size == size
    assert desk.escrow.credit(placed.said.token, PAYEE.address) == credit


def test_one_decision_one_order(place: Made) -> None:
    """Another order of the same decision is refused here, and by the contract where it is asked."""
    ledger, actor, desk = place
    decision = shortage(ledger)
    desk.place(decision, order(3))
    with raises_code("supply.ordered", Conflict):
        desk.place(decision, order(2))
    found = ledger.decisions.get(decision)
    with pytest.raises(Refused, match="ordered") as refusal:
        actor.act(decision, desk.wanted(found, order(2)))
    assert refusal.value.code == "act.consumer"


def test_names_are_taken_once(place: Made) -> None:
    """Two orders cannot have one name: events could not tell them apart."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(1), po="urn:example:po:17")
    assert find_order(ledger, "urn:example:po:17") == placed
    with raises_code("supply.ordered", Conflict):
        desk.place(shortage(ledger), order(1), po="urn:example:po:17")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": 101}, "quantity"),
        ({"unit_price": 151}, "price"),
        ({"supplier": "somebody else"}, "no agreement"),
        ({"deadline_s": 1_000}, "deadline"),
    ],
)
def test_beyond_the_agreement(place: Made, changes: dict[str, Any], reason: str) -> None:
    """What the desk would refuse is not even recorded."""
    ledger, _, desk = place
    decision = shortage(ledger)
    size = ledger.size
    with pytest.raises(Refused, match=reason) as refusal:
        desk.place(decision, order(**changes))
    assert (refusal.value.code, ledger.size) == ("supply.beyond", size)


def test_what_decides_and_how_much(place: Made) -> None:
    """Only the approved model's decision orders, only for its outcome, up to the units it says."""
    ledger, _, desk = place
    with pytest.raises(Refused) as maker:
        desk.place(shortage(ledger, model={"digest": "ef" * 32}), order(1))
    with pytest.raises(Refused, match="outcome") as outcome:
        desk.place(shortage(ledger, outcome="enough"), order(1))
    assert maker.value.code == "gate.maker"
    assert outcome.value.code == "act.consumer"
    said: dict[str, Any] = {"inputs": {"quantity": 7}}
    said["input_schema"] = schema_digest(said["inputs"])
    with raises_code("supply.quantity", InputError):
        desk.place(shortage(ledger, **said), order(8))
    desk.place(shortage(ledger, **said), order(7))


@pytest.mark.parametrize(
    "changes",
    [
        {"bizStep": "shipping"},
        {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:example:po:other"}]},
        {"eventTime": "2030-03-18T00:00:00.000Z"},
        {"errorDeclaration": {"declarationTime": "2030-01-02T00:00:00.000Z"}},
        {"quantityList": [{"epcClass": LOT.replace("011111", "022222"), "quantity": 4}]},
        {"quantityList": [{"epcClass": LOT, "quantity": 4, "uom": "KGM"}]},
        {"quantityList": [{"epcClass": LOT, "quantity": 0.9}]},
        {"action": "DELETE"},
    ],
)
def test_events_that_deliver_nothing(
    place: Made, delivered: Placed, changes: dict[str, Any]
) -> None:
    """An event that is no receiving of this order in time, of this item, releases nothing."""
    ledger, _, desk = place
    index = receiving(ledger, delivered.po, 4, **changes)
    with raises_code("supply.receipt", InputError):
        desk.deliver(delivered, index)
    assert desk.standing(delivered).left == 6_000


@pytest.fixture(scope="module")
def delivered(place: Made) -> Placed:
    """An order that is placed, and to which nothing was delivered."""
    ledger, _, desk = place
    return desk.place(shortage(ledger), order(40))


def test_events_of_others(place: Made, delivered: Placed) -> None:
    """What another organisation saw, or had recorded for it, does not release the buyer's money."""
    ledger, _, desk = place
    named = [{"type": "po", "bizTransaction": delivered.po}]
    seen = event(
        "ObjectEvent",
        2,
        quantityList=[{"epcClass": LOT, "quantity": 40}],
        action="OBSERVE",
        bizStep="receiving",
        bizTransactionList=named,
    )
    heard = Reference(leaf="cd" * 32, origin="carrier.example/log", role="received")
    (index,) = capture(ledger, [seen], received=[heard]).indices
    assert index is not None
    with raises_code("supply.receipt", InputError):
        desk.deliver(delivered, index)
    with raises_code("supply.receipt", InputError):
        desk.deliver(delivered, ledger.record({"arrived": "all"}).index)


def test_serial_numbers_count_once(place: Made) -> None:
    """Items that an earlier event delivered are not paid for again, nor what was not ordered."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(3))
    items = [f"urn:epc:id:sgtin:4012345.011111.{number}" for number in range(5)]
    changes: dict[str, Any] = {"quantityList": [], "epcList": items[:2]}
    desk.deliver(placed, receiving(ledger, placed.po, 0, **changes))
    assert desk.standing(placed).open_units == 1
    with raises_code("supply.receipt", InputError):
        changes = {"quantityList": [], "epcList": items[:2], "eventTime": at(3)}
        desk.deliver(placed, receiving(ledger, placed.po, 0, **changes))
    changes = {"quantityList": [], "epcList": items, "eventTime": at(4)}
    done = desk.deliver(placed, receiving(ledger, placed.po, 0, **changes))
    assert (done.amount, desk.standing(placed).state) == ("150", PaymentState.SETTLED)


def test_listed(place: Made) -> None:
    """Orders are listed, the newest first, as the log has them."""
    ledger, _, _ = place
    found = list(list_orders(ledger, 1000))
    assert [one.index for one in found] == sorted((one.index for one in found), reverse=True)
    assert [one.index for one in list_orders(ledger, 2)] == [one.index for one in found[:2]]
    with raises_code("supply.order", NotFound):
        find_order(ledger, "urn:example:po:none")
    with raises_code("supply.order", NotFound):
        find_order(ledger, 0)
    *_, agreed = list_agreements(ledger)
    assert agreed.said.agreement == replace(AGREED, token=agreed.said.token)


def test_the_clock_returns_it(tmp_path: Path) -> None:
    """What nobody delivered in time falls to the desk, and can be ordered for again."""
    with desk_of(tmp_path) as (ledger, _, desk):
        placed = desk.place(shortage(ledger), order(2))
        with pytest.raises(Refused, match="too early"):
            desk.settle(placed)
        home, later = ledger.layout.chain, Later(placed.said.payment_deadline_s)
    chain = open_chain(f"embedded:{home}", clock=later)
    with counterfoil.open(tmp_path / "ledger") as ledger, closing(chain):
        desk = OrderDesk(Actor(ledger, opened=chain))
        assert desk.settle(placed).state is PaymentState.SETTLED
        assert desk.has(placed.said.token) == 1_000_000
        with raises_code("supply.desk", Refused):
            desk.withdraw(placed.said.token, PAYEE.address, 1_000_001)
        assert desk.withdraw(placed.said.token, PAYEE.address, 999_999) == 1


class Later:
    """A clock at which a moment has come."""

    def __init__(self, now_s: int) -> None:
        self.now_s = now_s

    def now_ms(self) -> int:
        """Tell the time, Unix ms."""
        return self.now_s * 1000


def test_money_that_comes_later(tmp_path: Path) -> None:
    """An order that the desk could not pay for is placed when it is asked for again, with money."""
    with desk_of(tmp_path, money=100) as (ledger, actor, desk):
        decision = shortage(ledger)
        with pytest.raises(Refused, match="funds"):
            desk.place(decision, order(2))
        (recorded,) = list_orders(ledger, 10)
        assert desk.standing(recorded).state is PaymentState.NONE
        assert summary_of(ledger, recorded).state == "recorded"
        with raises_code("supply.unplaced", Conflict):
            desk.deliver(recorded, receiving(ledger, recorded.po, 2))
        mint(actor, recorded.said.token, desk.contract.address, 200)
        assert desk.place(decision, order(2)) == recorded
        assert desk.standing(recorded).left == 300
        assert summary_of(ledger, recorded).state == "open"


def test_an_agreement_that_changes_in_between(place: Made) -> None:
    """Where governance changed an agreement while an order was placed, the escrow's terms count."""
    ledger, actor, desk = place
    other = account_of(bytes(31) + b"\x0b").address
    bread = replace(
        AGREED, item="urn:example:bread", token=next(list_agreements(ledger)).said.token
    )
    record_agreement(actor, desk.contract, bread)
    decision = shortage(ledger)
    wanted = order(2, item="urn:example:bread")
    record_order(desk, ledger.decisions.get(decision), wanted, None, None, None)
    record_agreement(actor, desk.contract, replace(bread, payee=other))
    placed = desk.place(decision, wanted)
    assert (placed.said.payee, desk.terms(placed).payee) == (PAYEE.address, other)
    told = [{"epcClass": "urn:example:bread", "quantity": 2}]
    desk.deliver(placed, receiving(ledger, placed.po, 2, quantityList=told))
    assert desk.escrow.credit(placed.said.token, other) == 300


def test_a_verdict_that_waits(place: Made) -> None:
    """Where there is an arbiter, what arrived is released later, and the funder can object."""
    ledger, actor, desk = place
    token = next(list_agreements(ledger)).said.token
    arbiter = account_of(bytes(31) + b"\x0c").address
    fish = replace(AGREED, item="urn:example:fish", token=token, window_s=600, arbiter=arbiter)
    record_agreement(actor, desk.contract, fish)
    placed = desk.place(shortage(ledger), order(2, item=fish.item))
    with raises_code("supply.desk", Refused):
        desk.appeal(placed)
    told = [{"epcClass": fish.item, "quantity": 2}]
    desk.deliver(placed, receiving(ledger, placed.po, 2, quantityList=told))
    assert desk.standing(placed).state is PaymentState.PENDING
    assert desk.appeal(placed).state is PaymentState.APPEALED
