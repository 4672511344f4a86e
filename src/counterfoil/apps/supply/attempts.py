"""What desk, escrow and gate must refuse after the app's story, for the checks every app passes.

Each attempt asks the contracts on the story's own chain, with a verdict that was really used, or
for an order that was really placed. This module refuses to ask for anything that could succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from counterfoil.act import Actor, actions, reorder_contract
from counterfoil.act.acted import Acted
from counterfoil.act.call import Call, call_from_json
from counterfoil.act.packing import pack
from counterfoil.act.reorder_contract import ORDER_SCOPE
from counterfoil.apps.supply.orders.desk import OrderDesk
from counterfoil.apps.supply.orders.placed import Placed, order_of_decision
from counterfoil.chain.anchor_contract import AnchorContract
from counterfoil.contracts import load_artifact
from counterfoil.errors import Unavailable
from counterfoil.formats import verdict as verdicts
from counterfoil.ledger import open_ledger
from counterfoil.ports import APP_LEDGER, Attempt, ChainCall

__all__ = ["Tried", "attempts", "refusals", "tried"]

_STRANGER = "0x" + "11" * 20


@dataclass(frozen=True, slots=True)
class Tried:
    """A desk after the story. placed: an order of it. acted: the verdict that placed it, used."""

    desk: OrderDesk
    placed: Placed
    acted: Acted
    packed: bytes

    def check(
        self,
        *,
        call: Call | None = None,
        scope: str | None = None,
        consumer: str | None = None,
        packed: bytes | None = None,
    ) -> None:
        """Ask the gate about the verdict, as it was used but for what is given."""
        actor, acted = self.desk.actor, self.acted
        said = {"consumer": acted.consumer, "function": acted.function}
        named = call or call_from_json({**said, "arguments": acted.arguments})
        actor.gate.check(
            verdicts.hash_text(scope or acted.scope),
            named.action_hash(actor.chain.chain_id),
            int(acted.amount),
            consumer or acted.consumer,
            packed or self.packed,
        )

    def ask(self, call: ChainCall) -> None:
        """Ask what the chain would say to a stranger's call; nothing is sent."""
        self.desk.actor.chain.call(replace(call, sender=_STRANGER))


def attempts(folder: Path) -> Iterator[Attempt]:
    """List what is tried after the story in `folder`; each opens its ledger anew."""

    def at_ledger(act: Callable[[Tried], None]) -> Callable[[], None]:
        def run() -> None:
            with open_ledger(folder / APP_LEDGER) as ledger, Actor(ledger) as actor:
                act(tried(OrderDesk(actor)))

        return run

    for what, _, act in refusals():
        yield Attempt(what, at_ledger(act))


def refusals() -> Iterator[tuple[str, str, Callable[[Tried], None]]]:
    """List ways around desk and gate: in words, the code of its refusal, and how it is tried."""
    yield "the same order's verdict again", "gate.replayed", lambda one: one.check()
    yield "another quantity", "gate.action", lambda one: one.check(call=_more(one))
    yield "another purpose", "gate.scope", lambda one: one.check(scope=actions.RELEASE_SCOPE)
    yield (
        "a desk that it does not name",
        "gate.consumer",
        lambda one: one.check(consumer=_STRANGER),
    )
    yield "another decision written into it", "gate.inclusion", _forged
    yield "a second order for the same decision", "act.consumer", _twice
    yield "an order beyond the agreement", "chain.reverted", _beyond
    yield "a stranger takes the desk's money", "chain.reverted", _taken
    yield "a stranger agrees with itself", "chain.reverted", _agreed


def tried(desk: OrderDesk) -> Tried:
    """Find the newest order that a contract placed, and the verdict that placed it."""
    ledger, actor = desk.ledger, desk.actor
    for acted in actor.ls(1000):
        if acted.phase == "done" and acted.scope == ORDER_SCOPE and acted.verdict is not None:
            placed = order_of_decision(ledger, acted.decision)
            if placed is not None:
                gate = actor.gate
                anchor = AnchorContract(actor.chain, gate.anchor(), load_artifact("anchor").abi)
                said = verdicts.parse(ledger.entry(acted.verdict)).verdict
                return Tried(desk, placed, acted, pack(ledger, anchor, said.log_id, acted.verdict))
    raise Unavailable("supply.attempts", "expected an order that a contract placed, found none")


def _more(one: Tried) -> Call:
    order = one.placed.said.order
    other = replace(order, quantity=order.quantity + 1)
    return reorder_contract.place(one.desk.contract.address, other)


def _forged(one: Tried) -> None:
    data = bytearray(one.packed)
    data[one.packed.index(bytes.fromhex(one.acted.decision))] ^= 1
    one.check(packed=bytes(data))


def _twice(one: Tried) -> None:
    """Order a unit at half the price, by another verdict of the same decision."""
    order, desk = one.placed.said.order, one.desk
    other = replace(order, quantity=1, unit_price=max(1, order.unit_price // 2))
    found = desk.ledger.decisions.get(one.acted.decision)
    desk.actor.act(found.index, desk.wanted(found, other))


def _beyond(one: Tried) -> None:
    order = replace(one.placed.said.order, quantity=(1 << 64) - 1)
    one.desk.contract.terms_of(order, one.acted.decision)


def _taken(one: Tried) -> None:
    one.ask(one.desk.contract.withdraw(one.placed.said.token, _STRANGER, 1))


def _agreed(one: Tried) -> None:
    order = one.placed.said.order
    one.ask(one.desk.contract.end(order.item, order.supplier))
