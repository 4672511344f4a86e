"""Whoever may write to the buyer's log does not move the buyer's money by what they write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.query import event_at
from counterfoil.apps.supply.orders.delivering import EVENT_ROLE, receipt_rule
from counterfoil.apps.supply.orders.desk import OrderDesk
from counterfoil.apps.supply.orders.placed import (
    Placed,
    find_order,
    list_orders,
    money_series_of,
    moves_of,
)
from counterfoil.apps.supply.orders.replaying import replay
from counterfoil.apps.supply.orders.setting_up import set_up
from counterfoil.chain.deployments import format_deployments, parse_deployments
from counterfoil.errors import Conflict, InputError, NotFound, VerificationError
from counterfoil.ledger import Ledger
from tests.log_rig import raises_code
from tests.orders_made import (
    COLD,
    LIMITS,
    MODEL,
    TOKEN,
    Made,
    desk_of,
    order,
    receiving,
    shortage,
)
from tests.supply_made import at
from tests.tokens import mint


def forge(ledger: Ledger, placed: Placed, event: int, series: str | None, units: str) -> int:
    """Record a release that names the receipt rule, and was not made by it."""
    leaf = ledger.get(event).leaf
    inputs = {"order": placed.leaf, "event": leaf, "arrived": "40", "units": units}
    fields: dict[str, Any] = {
        "model": msgspec.to_builtins(receipt_rule(ledger)),
        "outcome": "release",
        "purpose": "supply.delivery",
        "inputs": {**inputs, "amount": "6000", "left": "0"},
        "note": "40 pieces arrived.",
        "based_on": [msgspec.to_builtins(placed.reference), {"leaf": leaf, "role": EVENT_ROLE}],
    }
    return ledger.record_statement("decision", fields, source=series).index


def take_back(ledger: Ledger, event: int) -> None:
    """Declare an event to be an error."""
    found = event_at(ledger, event)
    body = {**found.body, "errorDeclaration": {"declarationTime": at(30)}}
    assert not capture(ledger, [replace(found, body=body)]).wrong


@pytest.mark.parametrize("units", ["40", "many"])
def test_a_forged_release_is_not_carried_out(place: Made, units: str) -> None:
    """A release that the desk did not record counts for nothing; what arrived is what is paid."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(40))
    event = receiving(ledger, placed.po, 1)
    lie = forge(ledger, placed, event, None, units)
    with raises_code("supply.breach", InputError):
        desk.carry_out(placed, lie)
    desk.deliver(placed, event)
    assert desk.standing(placed).left == 39 * 150


def test_a_forged_release_in_the_desks_series(place: Made) -> None:
    """A release that names the rule is computed again before a key signs it, wherever it stands."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(40))
    event = receiving(ledger, placed.po, 1)
    forge(ledger, placed, event, money_series_of(placed.leaf), "40")
    with raises_code("supply.replay", VerificationError):
        desk.deliver(placed, event)
    assert desk.standing(placed).left == 6000


def test_an_event_that_was_taken_back(place: Made) -> None:
    """What the buyer declared to be an error pays nothing; what was paid before stays computed."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(40))
    first, second = receiving(ledger, placed.po, 7), receiving(ledger, placed.po, 8)
    desk.deliver(placed, first)
    for event in (first, second):
        take_back(ledger, event)
    with raises_code("supply.receipt", InputError):
        desk.deliver(placed, second)
    (paid,) = moves_of(ledger, placed)
    replay(ledger, paid.index)


def test_one_event_for_two_orders(place: Made) -> None:
    """Goods that arrived once do not pay two orders, also where an order came after the event."""
    ledger, _, desk = place
    names = [f"urn:example:po:twin-{one}" for one in "12"]
    both = [{"type": "po", "bizTransaction": po} for po in names]
    one = desk.place(shortage(ledger), order(10), po=names[0])
    early = receiving(ledger, names[0], 3, bizTransactionList=both)
    desk.deliver(one, early)
    two = desk.place(shortage(ledger), order(10), po=names[1])
    late = receiving(ledger, names[0], 4, bizTransactionList=both)
    for placed, event in ((two, early), (one, late), (two, late)):
        with raises_code("supply.receipt", InputError):
            desk.deliver(placed, event)
    replay(ledger, moves_of(ledger, one)[0].index)


def test_a_copied_order(place: Made) -> None:
    """A statement that says an order again, with other numbers, is not found as the order."""
    ledger, _, desk = place
    placed = desk.place(shortage(ledger), order(40), po="urn:example:po:copied")
    said = msgspec.to_builtins(placed.said)
    for name in ("issuer", "source", "number", "at_ms"):
        said.pop(name, None)
    lie = ledger.record_statement(
        "supply-order", {**said, "quantity": "1", "unit_price": "6000"}
    ).index
    assert find_order(ledger, placed.po).index == placed.index
    assert lie not in [one.index for one in list_orders(ledger, 1000)]
    with raises_code("supply.order", NotFound):
        desk.deliver(lie, receiving(ledger, placed.po, 1))


def test_a_quantity_that_is_none(place: Made) -> None:
    """A decision whose quantity is no number orders nothing, instead of anything."""
    ledger, _, desk = place
    for quantity in ("NaN", "Infinity", "much", ""):
        decision = shortage(ledger, inputs={"quantity": quantity})
        with raises_code("supply.quantity", InputError):
            desk.place(decision, order(40))


def test_asked_again_on_other_terms(place: Made) -> None:
    """Another unit or cold chain is another order, and not silently the first one."""
    ledger, _, desk = place
    decision = shortage(ledger)
    placed = desk.place(decision, order(4), uom="KGM")
    assert desk.place(decision, order(4), uom="KGM") == placed
    changes: list[dict[str, Any]] = [{"uom": "GRM"}, {"cold_chain": COLD}]
    for change in changes:
        with raises_code("supply.ordered", Conflict):
            desk.place(decision, order(4), **change)


def test_another_desk(tmp_path: Path) -> None:
    """A decision that placed its order at one desk places none at a later one of the ledger."""
    with desk_of(tmp_path) as (ledger, actor, desk):
        decision = shortage(ledger)
        placed = desk.place(decision, order(4))
        (known,) = ledger.layout.deployments.glob("*.json")
        there = parse_deployments(known.read_bytes())
        kept = {name: one for name, one in there.contracts.items() if name != "reorder_desk"}
        known.write_bytes(format_deployments(msgspec.structs.replace(there, contracts=kept)))
        set_up(actor, MODEL, ledger.record({"evaluated": "well"}).index, LIMITS, token=TOKEN)
        other = OrderDesk(actor)
        assert other.contract.address != desk.contract.address
        mint(actor, placed.said.token, other.contract.address, 1_000)
        with raises_code("supply.ordered", Conflict):
            other.place(decision, order(4))
        assert other.has(placed.said.token) == 1_000
