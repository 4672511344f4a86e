"""Decide on an order's money: what arrived is released by a rule, what is in doubt by a person.

Decisions on one order stand in one series, so that two processes never decide at once, and each is
made from what the log says and from nothing else, so that `replay` makes it again. This module
refuses to count an event twice, and a person's decision without a name or a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.model import check
from counterfoil.apps.supply.events.query import was_taken_back
from counterfoil.apps.supply.events.records import SupplyEvent
from counterfoil.apps.supply.orders.arriving import (
    RECEIPT_RULE,
    RECEIPT_RULE_NAME,
    arrived,
    serials,
)
from counterfoil.apps.supply.orders.placed import (
    ORDER_ROLE,
    RELEASE,
    Moved,
    Placed,
    find_order,
    is_named,
    money_series_of,
    moves_of,
)
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.statement import Subject
from counterfoil.ledger.written import find_written, record_written
from counterfoil.provenance.decisions import schema_digest

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, Recorded, RecordView
    from counterfoil.provenance.statements.parts import Accountable, Reference

__all__ = [
    "EVENT_ROLE",
    "POLICY_NAME",
    "POLICY_TEXT",
    "PURPOSE",
    "Owed",
    "decide_as_person",
    "decide_receipt",
    "owed",
    "policy_of",
    "receipt_rule",
    "record_on_money",
    "replay_receipt",
]

PURPOSE: Final = "supply.delivery"
"""Purpose of decisions on an order's money."""

EVENT_ROLE: Final = "event"
"""Role of the event by which something arrived."""

POLICY_NAME: Final = "orders"

POLICY_TEXT: Final = files(__package__).joinpath("policy.txt").read_text(encoding="utf-8")
"""The policy for people that is shipped; whoever runs a desk may record another one."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What is open of an order, by what contracts did as the log has it.

    units: not yet counted as arrived. amount: that waits in the escrow, in the token's smallest
    unit.
    """

    units: int
    amount: int


def owed(placed: Placed, moves: Sequence[Moved]) -> Owed:
    """Add up what is open: what contracts released is off, and after a return nothing is open."""
    done = [one for one in moves if one.done]
    if any(one.outcome != RELEASE for one in done):
        return Owed(0, 0)
    units = int(placed.said.quantity) - sum(one.units for one in done)
    return Owed(units, int(placed.said.amount) - sum(one.amount for one in done))


def receipt_rule(ledger: Ledger) -> Reference:
    """Record the goods receipt rule, once."""
    return record_written(
        ledger, RECEIPT_RULE, name=RECEIPT_RULE_NAME, outcome="release of what arrived"
    )


def policy_of(ledger: Ledger) -> Reference:
    """Find the policy that people decide by; the one shipped is recorded where none was."""
    found = find_written(ledger, POLICY_NAME)
    return found or record_written(
        ledger, POLICY_TEXT, name=POLICY_NAME, outcome="release or return"
    )


def decide_receipt(ledger: Ledger, placed: Placed, event: int) -> Recorded | Moved:
    """Decide what an event delivers of an order, and record it; wait until it is durable.

    event: index of its entry. Gives the decision, or the one that was made of this event before.
    Raises InputError with code supply.receipt where the rule releases nothing.
    """
    moves = moves_of(ledger, placed)
    view = ledger.get(event)
    for one in moves:
        if _event_of(one) == view.leaf:
            return one
    before = [one for one in moves if one.done]
    inputs, note = _receipt(ledger, placed, view, before, ledger.size)
    fields = {
        "model": msgspec.to_builtins(receipt_rule(ledger)),
        "outcome": RELEASE,
        "inputs": inputs,
        "input_schema": schema_digest(inputs),
        "note": note,
        "based_on": [
            msgspec.to_builtins(placed.reference),
            {"leaf": view.leaf, "role": EVENT_ROLE},
        ],
    }
    return record_on_money(ledger, placed, fields, len(moves))


def decide_as_person(
    ledger: Ledger,
    placed: Placed,
    outcome: str,
    *,
    why: str,
    by: Accountable,
    units: int | None = None,
) -> Recorded:
    """Record what a person decides on an order's money, under the desk's policy.

    outcome: `release` or `return`; a return is of all that is left. units: how many to release;
    None for all that are open. why: the reason, in words. by: who decides.
    Raises InputError with code supply.decided.
    """
    moves = moves_of(ledger, placed)
    open_now = owed(placed, moves)
    wanted = open_now.units if units is None else units
    if outcome not in (RELEASE, "return") or (outcome != RELEASE and units is not None):
        raise _undecided(f"release or return, of which only a release takes units, found {outcome}")
    if len(why.split()) < 2:
        raise _undecided(f"the reason in two words or more, found {why[:60]!a}")
    if not 0 < wanted <= open_now.units:
        raise _undecided(f"1 to {open_now.units} units that are open, found {wanted}")
    amount = wanted * int(placed.said.unit_price) if outcome == RELEASE else open_now.amount
    inputs = {"order": placed.leaf, "amount": str(amount), "left": str(open_now.amount - amount)}
    if outcome == RELEASE:
        inputs["units"] = str(wanted)
    fields = {
        "model": msgspec.to_builtins(policy_of(ledger)),
        "outcome": outcome,
        "by": "person",
        "accountable": msgspec.to_builtins(by),
        "inputs": inputs,
        "input_schema": schema_digest(inputs),
        "note": why,
        "based_on": [msgspec.to_builtins(placed.reference)],
    }
    return record_on_money(ledger, placed, fields, len(moves))


def record_on_money(
    ledger: Ledger, placed: Placed, fields: dict[str, Any], number: int
) -> Recorded:
    """Record a decision on an order's money. number: how many stand before it."""
    subject = Subject(digest={"sha256": placed.leaf}, name="order")
    return ledger.record_statement(
        "decision",
        {**fields, "purpose": PURPOSE},
        subjects=[subject],
        source=money_series_of(placed.leaf),
        number=number,
    )


def replay_receipt(ledger: Ledger, index: int) -> None:
    """Compute a decision by the goods receipt rule again, from what the log has before it.

    Raises VerificationError with code supply.replay where another one comes out.
    """
    found = ledger.decisions.get(index)
    roles = {one.get("role"): one.get("leaf") for one in found.said.get("based_on") or ()}
    placed = find_order(ledger, str(roles.get(ORDER_ROLE)))
    view = ledger.get(ledger.find_leaf(str(roles.get(EVENT_ROLE))))
    before = [one for one in moves_of(ledger, placed) if one.done and one.index < index]
    try:
        inputs, note = _receipt(ledger, placed, view, before, index)
    except InputError as err:
        inputs, note = {}, str(err)
    if inputs != found.said.get("inputs") or note != found.said.get("note"):
        raise VerificationError(
            "supply.replay",
            f"expected decision {index} to come out as it was recorded, found {note[:200]!a}",
            hint="Whoever recorded it did not apply the rule that it names.",
        )


def _receipt(
    ledger: Ledger, placed: Placed, view: RecordView, before: Sequence[Moved], until: int
) -> tuple[dict[str, Any], str]:
    """Apply the rule: the decision's inputs, and why. until: by what the log has before it."""
    said, event = placed.said, _own_event(ledger, view)
    _require_alone(ledger, placed, view, event, until)
    counted = frozenset[str]().union(
        *(
            serials(said, _own_event(ledger, ledger.get(ledger.find_leaf(leaf))))
            for one in before
            if (leaf := _event_of(one)) is not None
        )
    )
    came, open_now = arrived(said, event, counted), owed(placed, before)
    units = min(came, open_now.units)
    if units == 0:
        raise InputError(
            "supply.receipt",
            f"expected an event that delivers some of the {open_now.units} open units, found one "
            f"with {came} of {said.item[:80]!a}",
            hint="It lists none of the item in the order's unit, or all of it was released.",
        )
    amount = units * int(said.unit_price)
    inputs = {
        "order": placed.leaf,
        "event": view.leaf,
        "arrived": str(came),
        "units": str(units),
        "amount": str(amount),
        "left": str(open_now.amount - amount),
    }
    unit = said.uom or "pieces"
    note = f"{came} {unit} of {said.item} arrived in time; {open_now.units} were open."
    return inputs, note


def _require_alone(
    ledger: Ledger, placed: Placed, view: RecordView, event: Event, until: int
) -> None:
    """Refuse an event that was taken back, or by which another order could be paid, too."""
    named = {str(one.get("bizTransaction")) for one in event.body.get("bizTransactionList") or ()}
    others = [po for po in sorted(named - {placed.po}) if is_named(ledger, po, until)]
    problem = f"one that names order {others[0][:80]!a}, too" if others else None
    with index_of(ledger) as index:
        if was_taken_back(index, str(view.content["digest"]), until):
            problem = "one that was declared to be an error"
    if problem is not None:
        raise InputError(
            "supply.receipt",
            f"expected an event that delivers order {placed.po[:80]!a} alone, found {problem}",
            hint="Capture one event for each order; on what is in doubt a person decides.",
        )


def _own_event(ledger: Ledger, view: RecordView) -> Event:
    """Read an event that the buyer's own organisation saw. Raises InputError, supply.receipt."""
    said: SupplyEvent | None = None
    if view.kind == "supply-event" or view.kind.endswith("/supply-event/v1"):
        said = msgspec.convert(view.content, SupplyEvent)
    own = ledger.config.organisation
    if said is None or (said.issuer, said.on_behalf_of, said.received) != (own, None, None):
        raise InputError(
            "supply.receipt",
            f"expected an event that {own} itself saw at entry "
            f"{view.index}, found {view.kind[:60]!a} of {str(view.issuer)[:80]!a}",
            hint="Who carries or sells the goods does not say that they arrived.",
        )
    event = said.parsed()
    check(event)  # which a statement that did not come by `capture` may not be
    return event


def _event_of(moved: Moved) -> str | None:
    for one in moved.decision.said.get("based_on") or ():
        if one.get("role") == EVENT_ROLE:
            return str(one["leaf"])
    return None


def _undecided(wanted: str) -> InputError:
    return InputError(
        "supply.decided",
        f"expected {wanted}",
        hint="Say what was seen: whoever audits this was not there.",
    )
