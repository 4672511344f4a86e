"""Whether an order's goods got too warm or too cold on their way: a rule that anybody can redo.

The rule is a text with a digest, which governance approves for returning money. It reads what
events measured of a thing between the first event that names order and thing, and its receiving;
its limits are those of the order, recorded before anything was shipped. This module refuses to
judge goods that no event ties to the order, and to take a gap for a breach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.apps.supply.events.query import event_at
from counterfoil.apps.supply.events.trace import FOREVER, Step, steps_of
from counterfoil.apps.supply.events.warmth import temperatures_of
from counterfoil.apps.supply.orders.delivering import PURPOSE, record_on_money
from counterfoil.apps.supply.orders.placed import ORDER_ROLE, Placed, find_order, moves_of
from counterfoil.apps.supply.predict.spoilage.gathered import history_of
from counterfoil.apps.supply.predict.spoilage.history import Breach, Reading, breached
from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.ledger.written import record_written
from counterfoil.provenance.decisions import schema_digest

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.provenance.statements.parts import Reference

__all__ = ["BREACH", "COLD_RULE", "COLD_RULE_NAME", "cold_rule", "decide_cold", "replay_cold"]

BREACH: Final = "breach"
"""Outcome of a decision by this rule."""

COLD_RULE_NAME: Final = "cold chain"

COLD_RULE: Final = """Cold chain (version 1)

1. An order says at which temperatures its goods have to stay, and for how long in a row they may be
   outside. Without that it has no cold chain to break.
2. A thing is of the order from the first event on that lists it, or what holds it, and names the
   order among its business transactions, until an event by which it is received for the order.
3. Temperatures are those that events tell of the thing, of what held it, or of where it was.
   Between two readings they go straight; where readings lie too far apart nobody knows, and nothing
   breaks.
4. The chain is broken where the thing was outside of the limits in a row for as long as the order
   allows, or longer. The decision holds the readings that show it, and the events that tell them.
5. What is left of the order's money then returns to the buyer's desk.
"""
"""The rule's text. What computes it is below; another text is another rule, to approve anew."""

_RECEIVING: Final = "receiving"
_ENTRIES_MAX: Final = 500


def cold_rule(ledger: Ledger) -> Reference:
    """Record the cold chain rule, once."""
    return record_written(ledger, COLD_RULE, name=COLD_RULE_NAME, outcome="return of what is left")


def decide_cold(ledger: Ledger, placed: Placed, thing: str, until_ms: int) -> int:
    """Decide that an order's cold chain broke, and record it; gives the decision's index.

    thing: a name of a lot, item or pallet that an event ties to the order. until_ms: readings up to
    then, Unix ms. The same breach asked for again gives the first decision.
    Raises InputError with code supply.cold-chain where the rule finds no breach, NotFound with code
    supply.thing.
    """
    with index_of(ledger) as index:
        steps = steps_of(index, thing, as_of_ms=until_ms)
        tie, end_ms = _on_its_way(ledger, placed, steps, until_ms)
        history = history_of(index, thing, end_ms)
    readings = [one for one in history if tie.at_ms <= one[0] <= end_ms]
    evidence = _evidence(placed, readings)
    entries = _entries_of(ledger, history.entries, evidence)
    inputs: dict[str, Any] = {
        "order": placed.leaf,
        "thing": canonical(thing),
        "tied_by": tie.index,
        "as": tie.by,
        "entries": entries,
        "readings": [[at, round(celsius * 1000)] for at, celsius in evidence],
    }
    moves = moves_of(ledger, placed)
    for one in moves:
        if one.outcome == BREACH and one.decision.said.get("inputs") == inputs:
            return one.index
    fields = {
        "model": msgspec.to_builtins(cold_rule(ledger)),
        "outcome": BREACH,
        "inputs": inputs,
        "input_schema": schema_digest(inputs),
        "note": _note(placed, inputs),
        "based_on": [
            msgspec.to_builtins(placed.reference),
            {"leaf": ledger.get(tie.index).leaf, "role": "tie"},
        ],
    }
    return record_on_money(ledger, placed, fields, len(moves)).index


def replay_cold(ledger: Ledger, index: int) -> None:
    """Compute a decision by the cold chain rule again, from the events that it names.

    Raises VerificationError with code supply.replay where another one comes out.
    """
    found = ledger.decisions.get(index)
    said, inputs = found.said, found.said.get("inputs") or {}
    orders = [one["leaf"] for one in said.get("based_on") or () if one.get("role") == ORDER_ROLE]
    why = "no order"
    try:
        placed = find_order(ledger, str(orders[0]))
        tie = event_at(ledger, int(inputs["tied_by"])).body
        known = _readings_in(ledger, inputs["entries"])
        begin = instant_ms(str(tie.get("eventTime", ""))) or 0
        if not _names(tie, placed.po) or inputs["as"] not in _things(tie):
            why = "an event that does not tie the thing to the order"
        elif any(one not in known or one[0] < begin for one in _readings(inputs)):
            why = "readings that its events do not tell"
        elif any(one[0] > _received_ms(ledger, placed, inputs, index) for one in _readings(inputs)):
            why = "readings of after it was received"
        else:
            why = _note(placed, inputs)
    except (CounterfoilError, KeyError, TypeError, ValueError, IndexError) as err:
        why = str(err)
    if why != said.get("note") or said.get("outcome") != BREACH or said.get("purpose") != PURPOSE:
        raise VerificationError(
            "supply.replay",
            f"expected decision {index} to come out as it was recorded, found {why[:200]!a}",
            hint="Whoever recorded it did not apply the rule that it names.",
        )


def _on_its_way(
    ledger: Ledger, placed: Placed, steps: Sequence[Step], until_ms: int
) -> tuple[Step, int]:
    """Find the event that ties a thing to an order, and until when it was on its way."""
    tie: Step | None = None
    for one in steps:
        if not _names(event_at(ledger, one.index).body, placed.po):
            continue
        if tie is not None and one.step == _RECEIVING:
            return tie, min(until_ms, one.at_ms)
        tie = tie or one
    if tie is None or tie.step == _RECEIVING:
        raise InputError(
            "supply.cold-chain",
            f"expected an event that lists the thing on its way and names order "
            f"{placed.po[:80]!a}, found none",
            hint="Name the order among the business transactions of the event that ships it.",
        )
    return tie, until_ms


def _received_ms(ledger: Ledger, placed: Placed, inputs: Mapping[str, Any], before: int) -> int:
    """Find when a thing was received for an order, Unix ms, by what the log has before an entry."""
    with index_of(ledger) as index:
        steps = steps_of(index, str(inputs["thing"]))
    known = (one for one in steps if inputs["tied_by"] != one.index < before)
    return next(
        (
            one.at_ms
            for one in known
            if one.step == _RECEIVING and _names(event_at(ledger, one.index).body, placed.po)
        ),
        FOREVER,
    )


def _evidence(placed: Placed, readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Take the readings that show the first breach, and no more."""
    found = _breach(placed, readings)
    if found is None:
        raise InputError(
            "supply.cold-chain",
            f"expected readings outside of the limits of order {placed.po[:80]!a} for longer than "
            f"it allows, found none in {len(readings)} readings",
            hint="What is no breach by the rule, a person may still decide on.",
        )
    begin = max(0, next(at for at, one in enumerate(readings) if one[0] >= found.from_ms) - 1)
    for end in range(begin + 1, len(readings) + 1):
        if _breach(placed, readings[begin:end]) is not None:
            return tuple(readings[begin:end])
    return tuple(readings)


def _breach(placed: Placed, readings: Iterable[Reading]) -> Breach | None:
    limits = placed.said.cold_chain
    if limits is None:
        raise InputError(
            "supply.cold-chain",
            f"expected an order with a cold chain, found {placed.po[:80]!a} without one",
            hint="Its limits are part of the order, and cannot be said afterwards.",
        )
    return breached(readings, float(limits.low_c), float(limits.high_c), limits.grace_s)


def _note(placed: Placed, inputs: Mapping[str, Any]) -> str:
    """Say what broke. Raises InputError where the readings show no breach."""
    found, limits = _breach(placed, _readings(inputs)), placed.said.cold_chain
    if found is None or limits is None:
        raise InputError("supply.cold-chain", "expected readings that show a breach, found none")
    what = f"at most {limits.high_c}" if found.limit == "high" else f"at least {limits.low_c}"
    return (
        f"{inputs['thing']} was at {found.worst_c:g} degrees C, where {what} was agreed, and "
        f"outside of it for {found.seconds:.0f} s in a row; {limits.grace_s} s are allowed."
    )


def _readings(inputs: Mapping[str, Any]) -> tuple[Reading, ...]:
    return tuple((int(at), int(thousandths) / 1000) for at, thousandths in inputs["readings"])


def _entries_of(ledger: Ledger, entries: Sequence[int], evidence: Sequence[Reading]) -> list[int]:
    """Name the events that tell these readings."""
    wanted = set(evidence)
    found = [one for one in entries if wanted & _readings_in(ledger, [one])]
    return found[:_ENTRIES_MAX]


def _readings_in(ledger: Ledger, entries: Iterable[int]) -> set[Reading]:
    told: set[Reading] = set()
    for entry in entries:
        body = event_at(ledger, int(entry)).body
        at = instant_ms(str(body.get("eventTime", ""))) or 0
        told |= {(when, round(celsius, 3)) for when, celsius in temperatures_of(body, at)}
    return told


def _names(body: Mapping[str, Any], po: str) -> bool:
    return any(one.get("bizTransaction") == po for one in body.get("bizTransactionList") or ())


def _things(body: Mapping[str, Any]) -> set[str]:
    """Name all that an event lists, as the index does."""
    fields = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
    named = [str(one) for field in fields for one in body.get(field) or ()]
    for field in ("quantityList", "childQuantityList"):
        named += [str(one.get("epcClass")) for one in body.get(field) or ()]
    named.append(str(body.get("parentID", "")))
    return {canonical(one) for one in named if one}
