"""Rules and people decide on an order's money, each for a reason that can be looked at again."""

from __future__ import annotations

import msgspec

from counterfoil.act.escrow_contract import PaymentState
from counterfoil.apps.supply.orders.placed import moves_of
from counterfoil.apps.supply.orders.replaying import replay
from counterfoil.errors import InputError, VerificationError
from counterfoil.ports import Said
from tests.log_rig import raises_code
from tests.orders_made import BUYER, COLD, LOT, Made, order, receiving, shipped, shortage
from tests.supply_made import at, ms


def test_a_person_decides(place: Made) -> None:
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


def test_a_breach_returns_the_money(place: Made) -> None:
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


def test_no_breach(place: Made) -> None:
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


def test_after_it_was_received_it_is_the_buyers(place: Made) -> None:
    """What gets warm in the buyer's own hands returns nothing."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(5), cold_chain=COLD, po="urn:example:po:kept")
    lot = LOT.replace("L7", "kept")
    shipped(ledger, placed.po, 4, 4, 9, 9, 9, 9)
    kept = [{"epcClass": lot, "quantity": 5}]
    receiving(ledger, placed.po, 5, quantityList=kept, eventTime=at(11.25))
    with raises_code("supply.cold-chain", InputError):
        desk.judge_cold(placed, lot, ms(100))
    early = desk.place(shortage(ledger), order(5), cold_chain=COLD, po="urn:example:po:warm2")
    early_lot = LOT.replace("L7", "arm2")
    shipped(ledger, early.po, 4, 4, 9, 9, 9, 9)
    decision = desk.judge_cold(early, early_lot, ms(100))
    replay(ledger, decision)
    said = {**ledger.decisions.get(decision).said}
    for name in ("issuer", "source", "number", "at_ms"):
        said.pop(name, None)
    here = [{"epcClass": early_lot, "quantity": 5}]
    receiving(ledger, early.po, 5, quantityList=here, eventTime=at(11.25))
    replay(ledger, decision)
    lie = ledger.record_statement("decision", said).index
    with raises_code("supply.replay", VerificationError):
        desk.breach(early, lie)


def test_computed_again(place: Made) -> None:
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


def test_what_others_say_of_an_order_hides_nothing(place: Made) -> None:
    """However many decisions name an order, what the desk did of its money is found, and counts."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(9))
    kept = ("model", "inputs", "input_schema", "purpose")
    said = {name: ledger.get(shortage(ledger)).content.get(name) for name in kept}
    said = {name: value for name, value in said.items() if value is not None}
    named = [msgspec.to_builtins(placed.reference)]
    looked = [
        Said("decision", {**said, "outcome": "noted", "note": f"look {n}", "based_on": named})
        for n in range(1001)
    ]
    ledger.record_statements(looked).result()
    ledger.record_statement("decision", {**said, "outcome": "breach", "based_on": named})
    desk.deliver(placed, receiving(ledger, placed.po, 5))
    assert desk.standing(placed).open_units == 4
    desk.deliver(placed, receiving(ledger, placed.po, 4))
    assert desk.standing(placed).open_units == 0
