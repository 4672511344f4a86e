"""A proven decision places one order, and its money goes where what arrives says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.act.actions import NOBODY
from counterfoil.act.escrow_contract import PaymentState
from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.orders.agreeing import list_agreements, record_agreement
from counterfoil.apps.supply.orders.desk import Order, OrderDesk
from counterfoil.apps.supply.orders.placed import Placed, find_order, list_orders, moves_of
from counterfoil.apps.supply.orders.placing import record_order
from counterfoil.apps.supply.orders.records import ColdChain
from counterfoil.apps.supply.orders.replaying import replay
from counterfoil.apps.supply.orders.setting_up import Agreement, OrderLimits, set_up
from counterfoil.apps.supply.orders.summary import summary_of
from counterfoil.chain import account_of, open_chain
from counterfoil.errors import Conflict, InputError, NotFound, Refused, VerificationError
from counterfoil.ledger import Ledger
from counterfoil.provenance.decisions import schema_digest
from counterfoil.provenance.statements.parts import Accountable, Reference
from tests.acting import acting_folder
from tests.log_rig import raises_code
from tests.supply_made import at, event, ms
from tests.tokens import mint

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


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Actor, OrderDesk]]:
    """Set a desk up once, with money."""
    with desk_of(tmp_path_factory.mktemp("desk")) as made:
        yield made


@contextmanager
def desk_of(folder: Path, money: int = 1_000_000) -> Iterator[tuple[Ledger, Actor, OrderDesk]]:
    """Set a desk up in `folder / "ledger"`, with money."""
    folder = acting_folder(folder)
    with counterfoil.open(folder) as ledger, Actor(ledger) as actor:
        evidence = ledger.record({"evaluated": "well"}).index
        done = set_up(actor, MODEL, evidence, LIMITS, token=TOKEN)
        desk = OrderDesk(actor)
        mint(actor, done.agreements[0].said.token, desk.contract.address, money)
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


def test_asked_again_nothing_is_done_twice(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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


def test_one_decision_one_order(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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


def test_names_are_taken_once(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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
def test_beyond_the_agreement(
    place: tuple[Ledger, Actor, OrderDesk], changes: dict[str, Any], reason: str
) -> None:
    """What the desk would refuse is not even recorded."""
    ledger, _, desk = place
    decision = shortage(ledger)
    size = ledger.size
    with pytest.raises(Refused, match=reason) as refusal:
        desk.place(decision, order(**changes))
    assert (refusal.value.code, ledger.size) == ("supply.beyond", size)


def test_what_decides_and_how_much(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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
    place: tuple[Ledger, Actor, OrderDesk], delivered: Placed, changes: dict[str, Any]
) -> None:
    """An event that is no receiving of this order in time, of this item, releases nothing."""
    ledger, _, desk = place
    index = receiving(ledger, delivered.po, 4, **changes)
    with raises_code("supply.receipt", InputError):
        desk.deliver(delivered, index)
    assert desk.standing(delivered).left == 6_000


@pytest.fixture(scope="module")
def delivered(place: tuple[Ledger, Actor, OrderDesk]) -> Placed:
    """An order that is placed, and to which nothing was delivered."""
    ledger, _, desk = place
    return desk.place(shortage(ledger), order(40))


def test_events_of_others(place: tuple[Ledger, Actor, OrderDesk], delivered: Placed) -> None:
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


def test_serial_numbers_count_once(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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


def test_a_person_decides(place: tuple[Ledger, Actor, OrderDesk]) -> None:
    """What no rule settles a person releases in part and returns, by name and with a reason."""
    ledger, actor, desk = place
    placed = desk.place(shortage(ledger), order(10))
    for outcome, why, units in (
        ("release", "late", None),
        ("keep", "it came late", None),
        ("release", "it came late", 11),
        ("return", "it came late", 3),
    ):
        with raises_code("supply.decided", InputError):
            desk.decide(placed, outcome, why=why, by=BUYER, units=units)
    desk.decide(placed, "release", why="came a day late but sound", by=BUYER, units=6)
    desk.decide(placed, "return", why="the rest never came", by=BUYER)
    assert desk.standing(placed).state is PaymentState.SETTLED
    token = placed.said.token
    assert desk.collect(token) == 600
    assert desk.collect(token) == 0
    with raises_code("supply.decided", InputError):
        desk.decide(placed, "release", why="another one after all", by=BUYER)
    with raises_code("supply.receipt", InputError):
        desk.deliver(placed, receiving(ledger, placed.po, 4))
    assert actor.ledger.decisions.get(moves_of(ledger, placed)[0].index).said["by"] == "person"


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


COLD = ColdChain(low_c="0", high_c="5", grace_s=3_600)


def test_a_breach_returns_the_money(place: tuple[Ledger, Actor, OrderDesk]) -> None:
    """Goods that were too warm for too long on their way are not paid for; the rule says which."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(5), cold_chain=COLD, po="urn:example:po:cold")
    lot = LOT.replace("L7", "cold")
    shipped(ledger, placed.po, 4, 4.5, 8, 9, 8.5, 8, 4)
    decision = desk.judge_cold(placed, lot, ms(100))
    assert desk.judge_cold(placed, lot, ms(100)) == decision
    said = ledger.decisions.get(decision).said
    assert (said["outcome"], len(said["inputs"]["readings"])) == ("breach", 4)
    assert "was at 9 degrees C, where at most 5 was agreed" in said["note"]
    replay(ledger, decision)
    assert desk.breach(placed, decision).phase == "done"
    assert desk.breach(placed, decision).phase == "done"
    assert desk.standing(placed).state is PaymentState.SETTLED
    assert desk.collect(placed.said.token) == 750


def test_no_breach(place: tuple[Ledger, Actor, OrderDesk]) -> None:
    """A short warmth, goods of no order, or an order without limits break nothing."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(5), cold_chain=COLD, po="urn:example:po:cool")
    shipped(ledger, placed.po, 4, 8, 4, 8, 4)
    for thing in (LOT.replace("L7", "cool"), LOT.replace("L7", "cold")):
        with raises_code("supply.cold-chain", InputError):
            desk.judge_cold(placed, thing, ms(100))
    any_will_do = desk.place(shortage(ledger), order(5), po="urn:example:po:warm")
    shipped(ledger, any_will_do.po, 30, 30, 30, 30)
    with raises_code("supply.cold-chain", InputError):
        desk.judge_cold(any_will_do, LOT.replace("L7", "warm"), ms(100))
    with raises_code("supply.breach", InputError):
        desk.breach(placed, shortage(ledger, outcome="breach"))


def test_after_it_was_received_it_is_the_buyers(place: tuple[Ledger, Actor, OrderDesk]) -> None:
    """What gets warm in the buyer's own hands returns nothing."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(5), cold_chain=COLD, po="urn:example:po:kept")
    lot = LOT.replace("L7", "kept")
    shipped(ledger, placed.po, 4, 4, 9, 9, 9, 9)
    kept = [{"epcClass": lot, "quantity": 5}]
    receiving(ledger, placed.po, 5, quantityList=kept, eventTime=at(11.25))
    with raises_code("supply.cold-chain", InputError):
        desk.judge_cold(placed, lot, ms(100))


def test_computed_again(place: tuple[Ledger, Actor, OrderDesk]) -> None:
    """Each rule's decision comes out again; one that says more than its event does not."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(9))
    index = receiving(ledger, placed.po, 5)
    desk.deliver(placed, index)
    (made,) = moves_of(ledger, placed)
    replay(ledger, made.index)
    said = {
        name: value
        for name, value in made.decision.said.items()
        if name not in ("issuer", "source", "number", "at_ms")
    }
    said["inputs"] = {**said["inputs"], "units": "9", "amount": "1350", "left": "0"}
    lie = ledger.record_statement("decision", said).index
    with raises_code("supply.replay", VerificationError):
        replay(ledger, lie)
    with raises_code("supply.rule", InputError):
        replay(ledger, shortage(ledger))


def test_listed(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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


def test_an_agreement_that_changes_in_between(place: tuple[Ledger, Actor, OrderDesk]) -> None:
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
